using System.Globalization;
using GoldenThread.Education;
using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Classes;
using GoldenThread.Tracking.Rosters;
using GoldenThread.Tracking.Schools;
using GoldenThread.Tracking.V1;
using Grpc.Core;

namespace GoldenThread.Tracking.Pupils;

/// <summary>Pupils one by one, as callers see and change them. A single change goes the way of a roster with one row.</summary>
internal sealed class PupilsEdge(PupilStore store, SchoolStore schools, Works works, TimeProvider clock) : PupilService.PupilServiceBase
{
    private const int MostNames = 1000;

    public override async Task<GetPupilResponse> GetPupil(GetPupilRequest request, ServerCallContext context)
    {
        var id = Fields.Id(request.PupilId, "pupil_id");
        var on = TrackingFields.DayOrToday(request.On, "on", clock);
        var pupil = await store.GetAsync(PupilAuthority.Of(context, clock.Today()), id, on, context.CancellationToken) ?? throw Errors.PupilNotFound();
        return new GetPupilResponse { Pupil = pupil.ToProto() };
    }

    public override async Task<ListPupilsResponse> ListPupils(ListPupilsRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        var filter = new PupilFilter(
            request.SchoolUrn,
            TrackingFields.DayOrToday(request.On, "on", clock),
            TrackingFields.OptionalYearGroup(request.YearGroup, "year_group"),
            TrackingFields.OptionalId(request.ClassId, "class_id"),
            Fields.OptionalText(request.Group, "group", 50));
        var list = $"pupils {filter}";
        var size = Paging.Size(request.PageSize, 100, 500);
        var after = Paging.Keyset(request.PageToken, list, 1) is [var last] ? Paging.Part<Guid>(last) : Guid.Empty;
        if (!await schools.IsReachedAsync(context.Authority(), filter.SchoolUrn, ct))
        {
            throw Errors.SchoolNotFound();
        }

        if (filter.Group.Length > 0
            && (await store.IsGroupHiddenAsync(context.SensitiveAuthority(), filter.Group, filter.SchoolUrn, ct) ?? throw Errors.GroupNotFound()))
        {
            throw Errors.GroupSensitive();
        }

        var rows = await store.ListAsync(PupilAuthority.Of(context, clock.Today()), filter, after, size + 1, ct);
        var response = new ListPupilsResponse { NextPageToken = rows.Count > size ? Paging.Token(list, rows[size - 1].PupilId.ToString()) : "" };
        response.Pupils.AddRange(rows.Take(size).Select(p => p.ToProto()));
        context.Saw("pupil", response.Pupils.Select(p => p.PupilId), filter.SchoolUrn);
        return response;
    }

    public override async Task<BatchGetPupilNamesResponse> BatchGetPupilNames(BatchGetPupilNamesRequest request, ServerCallContext context)
    {
        if (request.PupilIds.Count > MostNames)
        {
            throw Errors.PupilIdsInvalid(MostNames);
        }

        var on = TrackingFields.DayOrToday(request.On, "on", clock);
        var ids = request.PupilIds.Select(id => Fields.Id(id, "pupil_ids")).Distinct().ToArray();
        var rows = await store.NamesAsync(PupilAuthority.Of(context, clock.Today()), ids, on, context.CancellationToken);
        var response = new BatchGetPupilNamesResponse();
        response.Names.AddRange(rows.Select(n => new PupilName { PupilId = n.PupilId.ToString(), Forename = n.Forename, Surname = n.Surname }));
        return response;
    }

    public override async Task<ListPupilFactsResponse> ListPupilFacts(ListPupilFactsRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        var id = Fields.Id(request.PupilId, "pupil_id");
        var list = string.Create(CultureInfo.InvariantCulture, $"facts {id} {request.IncludeSuperseded}");
        var size = Paging.Size(request.PageSize, 100, 500);
        var after = Paging.Keyset(request.PageToken, list, 2) is [var day, var last]
            ? (Paging.Part<DateOnly>(day), Paging.Part<Guid>(last))
            : (DateOnly.MinValue, Guid.Empty);
        var by = PupilAuthority.Of(context, clock.Today());
        _ = await store.GetAsync(by, id, by.Today, ct) ?? throw Errors.PupilNotFound();
        var rows = await store.FactsAsync(by, id, request.IncludeSuperseded, after, size + 1, ct);
        var response = new ListPupilFactsResponse
        {
            NextPageToken = rows.Count > size ? Paging.Token(list, rows[size - 1].FromOn.Text(), rows[size - 1].FactId.ToString()) : "",
        };
        response.Facts.AddRange(rows.Take(size).Select(f => f.ToProto()));
        return response;
    }

    public override async Task<CreatePupilResponse> CreatePupil(CreatePupilRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        await using var work = await works.BeginAsync(context);
        await DemandSchoolAsync(work, context, request.SchoolUrn, ct);
        var line = request.Pupil.ToLine(request.SchoolUrn, clock.Today());
        if (line.ClassId is { } classId)
        {
            await ClassOfAsync(work, context, classId, request.SchoolUrn, ct);
        }

        await RosterStage.LockAsync(work, ct);
        await UnlessTakenAsync(work, context, line.Upn, () => ApplyAsync(work, line, ct));
        var pupil = await PupilStore.ReadAsync(work, PupilAuthority.Of(context, clock.Today()), line.PupilId!.Value, line.FromOn, ct);
        return await work.CommitAsync(new CreatePupilResponse { Pupil = pupil.ToProto() });
    }

    public override async Task<UpdatePupilResponse> UpdatePupil(UpdatePupilRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        var id = Fields.Id(request.PupilId, "pupil_id");
        var version = context.IfMatch();
        await using var work = await works.BeginAsync(context);
        await RosterStage.LockAsync(work, ct);
        await ChangeSets.OpenAsync(work, ct);
        await DemandPupilAsync(work, context, id, version, ct);
        var known = await PupilStore.IdentityAsync(work, id, ct);
        var wanted = Change(known, request.Pupil ?? throw Errors.PupilInvalid("pupil", "Say what is to change."));
        if (wanted != known)
        {
            await UnlessTakenAsync(work, context, wanted.Upn, () => PupilStore.UpdateAsync(work, known, wanted, ct));
            await ChangeSets.TouchAsync(work, id, wanted.Upn != known.Upn, shown: true, ct);
            await ChangeSets.CloseAsync(work, clock.GetUtcNow(), ct);
        }

        var pupil = await PupilStore.ReadAsync(work, PupilAuthority.Of(context, clock.Today()), id, clock.Today(), ct);
        return await work.CommitAsync(new UpdatePupilResponse { Pupil = pupil.ToProto() });
    }

    public override async Task<RecordPupilFactResponse> RecordPupilFact(RecordPupilFactRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        var id = Fields.Id(request.PupilId, "pupil_id");
        var said = request.Fact ?? throw Errors.FactInvalid("fact", "Say which fact.");
        var fact = said.Read();
        var from = PupilWords.ReadDay(said.From, "fact.from");
        await using var work = await works.BeginAsync(context);
        await DemandPupilAsync(work, context, id, null, ct);
        await DemandSensitiveAsync(work, context, id, fact.Fact, ct);
        await ApplyAsync(work, new RosterLine { Line = 1, PupilId = id, FromOn = from, Facts = [fact] }, ct);
        var holds = await PupilStore.FactOnAsync(work, id, fact.Fact, from, ct);
        var etag = Etag.Of(await PupilStore.ShownVersionAsync(work, id, ct));
        return await work.CommitAsync(new RecordPupilFactResponse { Fact = holds?.ToProto(), Etag = etag });
    }

    public override async Task<CorrectPupilFactResponse> CorrectPupilFact(CorrectPupilFactRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        var id = Fields.Id(request.PupilId, "pupil_id");
        var factId = Fields.Id(request.FactId, "fact_id");
        var version = context.IfMatch();
        await using var work = await works.BeginAsync(context);
        await ChangeSets.OpenAsync(work, ct);
        await DemandPupilAsync(work, context, id, version, ct);
        var wrong = await PupilStore.FactAsync(work, id, factId, ct) ?? throw Errors.FactNotFound();
        await DemandSensitiveAsync(work, context, id, wrong.Fact, ct);
        var right = Correct(wrong, request);
        var stored = await PupilStore.CorrectAsync(work, wrong, right, ct);
        if (right is not null && stored is null)
        {
            throw Errors.FactOverlaps();
        }

        await ChangeSets.TouchAsync(work, id, identifiers: false, shown: !await PupilStore.IsSensitiveAsync(work, wrong.Fact, ct), ct);
        await ChangeSets.CloseAsync(work, clock.GetUtcNow(), ct);
        var etag = Etag.Of(await PupilStore.ShownVersionAsync(work, id, ct));
        return await work.CommitAsync(new CorrectPupilFactResponse { Fact = stored?.ToProto(), Etag = etag });
    }

    public override async Task<EnrolPupilResponse> EnrolPupil(EnrolPupilRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        var id = Fields.Id(request.PupilId, "pupil_id");
        var said = request.Enrolment ?? throw Errors.EnrolmentInvalid("enrolment", "Say at which school, in which year group and from when.");
        var from = PupilWords.ReadDay(said.From, "enrolment.from");
        var yearGroup = PupilWords.ReadYearGroup(said.YearGroup, "enrolment.year_group");
        await using var work = await works.BeginAsync(context);
        await DemandPupilAsync(work, context, id, null, ct);
        await DemandSchoolAsync(work, context, said.SchoolUrn, ct);
        if (!said.Subsidiary && await PupilStore.IsElsewhereAsync(work, context.Authority(), id, said.SchoolUrn, from, ct))
        {
            throw Errors.OnRollElsewhere();
        }

        var line = new RosterLine { Line = 1, PupilId = id, SchoolUrn = said.SchoolUrn, YearGroup = yearGroup, FromOn = from, IsMain = !said.Subsidiary };
        await ApplyAsync(work, line, ct);
        var pupil = await PupilStore.ReadAsync(work, PupilAuthority.Of(context, clock.Today()), id, from, ct);
        return await work.CommitAsync(new EnrolPupilResponse { Pupil = pupil.ToProto() });
    }

    public override async Task<EndEnrolmentResponse> EndEnrolment(EndEnrolmentRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        var id = Fields.Id(request.PupilId, "pupil_id");
        var lastDay = PupilWords.ReadDay(request.LastDay, "last_day");
        var version = context.IfMatch();
        await using var work = await works.BeginAsync(context);
        await DemandPupilAsync(work, context, id, version, ct);
        await DemandSchoolAsync(work, context, request.SchoolUrn, ct);
        if (!await PupilStore.IsOnRollAsync(work, id, request.SchoolUrn, lastDay, ct))
        {
            throw Errors.NotOnRoll();
        }

        await ApplyAsync(work, new RosterLine { Line = 1, PupilId = id, SchoolUrn = request.SchoolUrn, FromOn = lastDay, LeftOn = lastDay }, ct);
        var pupil = await PupilStore.ReadAsync(work, PupilAuthority.Of(context, clock.Today()), id, lastDay, ct);
        return await work.CommitAsync(new EndEnrolmentResponse { Pupil = pupil.ToProto() });
    }

    public override async Task<AssignClassResponse> AssignClass(AssignClassRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        var id = Fields.Id(request.PupilId, "pupil_id");
        var said = request.Class ?? throw Errors.ClassInvalid("class", "Say which class and from when.");
        var classId = Fields.Id(said.ClassId, "class.class_id");
        var from = PupilWords.ReadDay(said.From, "class.from");
        await using var work = await works.BeginAsync(context);
        await DemandPupilAsync(work, context, id, null, ct);
        var target = await ClassOfAsync(work, context, classId, null, ct);
        if (!await PupilStore.IsOnRollAsync(work, id, target.SchoolUrn, from, ct))
        {
            throw Errors.ClassInvalid("class.from", "The pupil is not on the roll of the class's school that day.");
        }

        if (from < AcademicYear.Parse(target.AcademicYear).FirstDay || from > AcademicYear.Parse(target.AcademicYear).LastDay)
        {
            throw Errors.ClassInvalid("class.from", $"The class belongs to the academic year {target.AcademicYear}.");
        }

        await ApplyAsync(work, new RosterLine { Line = 1, PupilId = id, SchoolUrn = target.SchoolUrn, ClassId = classId, FromOn = from }, ct);
        var pupil = await PupilStore.ReadAsync(work, PupilAuthority.Of(context, clock.Today()), id, from, ct);
        return await work.CommitAsync(new AssignClassResponse { Pupil = pupil.ToProto() });
    }

    private async Task ApplyAsync(Work work, RosterLine line, CancellationToken ct)
    {
        await RosterStage.OpenAsync(work, ct);
        await ChangeSets.OpenAsync(work, ct);
        await RosterStage.CopyAsync(work, line, ct);
        await RosterApply.RunAsync(work, ct);
        await ChangeSets.CloseAsync(work, clock.GetUtcNow(), ct);
    }

    // That a UPN is taken cannot be hidden from who would give it again; but who tries numbers until one is taken is seen in the audit.
    private async Task UnlessTakenAsync(Work work, ServerCallContext context, string? upn, Func<Task> change)
    {
        try
        {
            await change();
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.AlreadyExists)
        {
            await work.DisposeAsync();
            await using var told = await works.BeginAsync(context.Caller(), context.Method, context.CancellationToken);
            told.Audit("pupil", await PupilStore.HolderOfAsync(told, upn, context.CancellationToken), null, "told that the UPN is taken");
            await told.CommitAsync();
            throw;
        }
    }

    private IdentityRow Change(IdentityRow known, PupilChanges changes) => known with
    {
        Upn = changes.HasUpn ? PupilWords.ReadUpn(changes.Upn) : known.Upn,
        Forename = changes.HasForename ? PupilWords.ReadName(changes.Forename, "pupil.forename") : known.Forename,
        Surname = changes.HasSurname ? PupilWords.ReadName(changes.Surname, "pupil.surname") : known.Surname,
        PreferredForename = changes.HasPreferredForename
            ? PupilWords.ReadPreferred(changes.PreferredForename, "pupil.preferred_forename")
            : known.PreferredForename,
        PreferredSurname = changes.HasPreferredSurname
            ? PupilWords.ReadPreferred(changes.PreferredSurname, "pupil.preferred_surname")
            : known.PreferredSurname,
        BornOn = changes.HasBornOn ? PupilWords.ReadBirthDay(changes.BornOn, clock.Today()) : known.BornOn,
        Sex = changes.HasSex ? changes.Sex.Letter("pupil.sex") : known.Sex,
    };

    private static FactRow? Correct(FactRow wrong, CorrectPupilFactRequest request)
    {
        if (request.NeverTrue)
        {
            return null;
        }

        var value = request.HasValue ? PupilWords.ReadValue(wrong.Fact, request.Value, "value").Value : wrong.Value;
        var from = request.HasFrom ? PupilWords.ReadDay(request.From, "from") : wrong.FromOn;
        DateOnly? to = !request.HasTo ? wrong.ToOn : request.To.Length == 0 ? null : PupilWords.ReadDay(request.To, "to");
        if (value.Length == 0)
        {
            throw Errors.FactInvalid("value", "A fact that did not hold is corrected with never_true, or by its days.");
        }

        return to < from
            ? throw Errors.FactInvalid("to", "A fact must not end before it begins.")
            : wrong with { FactId = Guid.CreateVersion7(), Value = value, FromOn = from, ToOn = to };
    }

    private async Task DemandPupilAsync(Work work, ServerCallContext context, Guid pupilId, long? version, CancellationToken ct)
    {
        await ChangeSets.HoldGroupsAsync(work, ct);
        var known = await PupilStore.LockAsync(work, context.Authority(), pupilId, clock.Today(), ct) ?? throw Errors.PupilNotFound();
        if (version is { } expected && expected != known)
        {
            throw Refusal.EtagMismatch();
        }
    }

    private static async Task DemandSchoolAsync(Work work, ServerCallContext context, int schoolUrn, CancellationToken ct)
    {
        if (!await SchoolStore.IsReachedAsync(work, context.Authority(), schoolUrn, wholeSchool: true, ct))
        {
            throw Errors.SchoolNotFound();
        }
    }

    private async Task DemandSensitiveAsync(Work work, ServerCallContext context, Guid pupilId, string fact, CancellationToken ct)
    {
        if (await PupilStore.IsSensitiveAsync(work, fact, ct)
            && !await PupilStore.MaySeeSensitiveAsync(work, context.SensitiveAuthority(), pupilId, clock.Today(), ct))
        {
            throw Errors.FactSensitive();
        }
    }

    private static async Task<SchoolClass> ClassOfAsync(
        Work work, ServerCallContext context, Guid classId, int? schoolUrn, CancellationToken ct)
    {
        var found = await ClassStore.GetAsync(work, context.Authority(), classId, ct);
        return found is not null
            && (schoolUrn is null || found.SchoolUrn == schoolUrn)
            && await SchoolStore.IsReachedAsync(work, context.Authority(), found.SchoolUrn, wholeSchool: true, ct)
                ? found
                : throw Errors.ClassNotFound();
    }
}
