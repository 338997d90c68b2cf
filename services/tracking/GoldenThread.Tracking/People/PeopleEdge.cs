using System.Globalization;
using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Schools;
using GoldenThread.Tracking.V1;
using Grpc.Core;

namespace GoldenThread.Tracking.People;

/// <summary>Staff and the central team, as callers see them.</summary>
internal sealed class PeopleEdge(PersonStore store, Works works) : PersonService.PersonServiceBase
{
    public override async Task<CreatePersonResponse> CreatePerson(CreatePersonRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        var person = Person.From(request.Person);
        await using var work = await works.BeginAsync(context);
        await DemandSchoolAsync(work, context, person.SchoolUrn, ct);
        await PersonStore.AddAsync(work, person, ct);
        return await FinishAsync(work, person, new CreatePersonResponse { Person = person.ToProto() });
    }

    public override async Task<GetPersonResponse> GetPerson(GetPersonRequest request, ServerCallContext context)
    {
        var id = Fields.Id(request.PersonId, "person_id");
        var person = await store.GetAsync(context.Authority(), id, context.CancellationToken) ?? throw Errors.PersonNotFound();
        return new GetPersonResponse { Person = person.ToProto() };
    }

    public override async Task<ListPeopleResponse> ListPeople(ListPeopleRequest request, ServerCallContext context)
    {
        var list = string.Create(CultureInfo.InvariantCulture, $"people {request.SchoolUrn} {request.Duty}");
        var size = Paging.Size(request.PageSize, 100, 500);
        var after = Paging.Keyset(request.PageToken, list, 1) is [var last] ? Paging.Part<Guid>(last) : Guid.Empty;
        var duty = Fields.OptionalText(request.Duty, "duty", 50);
        var rows = await store.ListAsync(
            context.Authority(), TrackingFields.OptionalUrn(request.SchoolUrn), duty, after, size + 1, context.CancellationToken);
        var response = new ListPeopleResponse { NextPageToken = rows.Count > size ? Paging.Token(list, rows[size - 1].PersonId.ToString()) : "" };
        response.People.AddRange(rows.Take(size).Select(p => p.ToProto()));
        return response;
    }

    public override async Task<UpdatePersonResponse> UpdatePerson(UpdatePersonRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        var id = Fields.Id(request.PersonId, "person_id");
        var version = context.IfMatch();
        await using var work = await works.BeginAsync(context);
        var known = await PersonStore.LockAsync(work, context.Authority(), id, ct) ?? throw Errors.PersonNotFound();
        if (known.Version != version)
        {
            throw Refusal.EtagMismatch();
        }

        var wanted = known.With(request.Person);
        if (wanted.SchoolUrn != known.SchoolUrn)
        {
            await DemandSchoolAsync(work, context, wanted.SchoolUrn, ct);
        }

        var stored = await PersonStore.UpdateAsync(work, wanted, ct);
        return await FinishAsync(work, stored, new UpdatePersonResponse { Person = stored.ToProto() });
    }

    // The central team belongs to those whose grant is for the whole trust.
    private static async Task DemandSchoolAsync(Work work, ServerCallContext context, int? schoolUrn, CancellationToken ct)
    {
        var reached = schoolUrn is { } urn
            ? await SchoolStore.IsReachedAsync(work, context.Authority(), urn, wholeSchool: true, ct)
            : await work.HoldsWholeTrustAsync(context.Authority(), ct);
        if (!reached)
        {
            throw schoolUrn is null ? Refusal.TrustGrantNeeded() : Errors.SchoolNotFound();
        }
    }

    private static async Task<T> FinishAsync<T>(Work work, Person person, T answer) where T : class, Google.Protobuf.IMessage<T>, new()
    {
        work.Publish(person.ToEvent());
        work.Audit("person", person.PersonId.ToString(), person.SchoolUrn);
        return await work.CommitAsync(answer);
    }
}
