using GoldenThread.ServiceDefaults;
using GoldenThread.TestSupport;
using GoldenThread.Tracking.Events.V1;
using GoldenThread.Tracking.V1;
using GoldenThread.Type.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using static GoldenThread.TestSupport.Refusals;

namespace GoldenThread.Tracking.Tests;

/// <summary>Who may do what: grants are given by others, hold at once, and what is foreign looks like what is absent.</summary>
public sealed class AccessTests(TrackingHouse house)
{
    [Fact]
    public async Task Grant_HoldsAtOnce_AndEndsAtOnce()
    {
        var urn = await house.SchoolAsync();
        var head = house.Caller($"head-{Guid.NewGuid():N}");
        await RefusedAsync(StatusCode.PermissionDenied, "ROLE_MISSING", () => head.Schools.GetSchoolAsync(new() { SchoolUrn = urn }, head.Headers).ResponseAsync);

        var grant = (await house.It.Grants.GiveGrantAsync(new() { Grant = For(head, Role.Headteacher, urn) }, house.It.Headers)).Grant;
        Assert.NotNull(await head.Schools.GetSchoolAsync(new() { SchoolUrn = urn }, head.Headers));
        Assert.Equal(urn, (await house.ToldAsync<GrantChanged>(e => $"{e.GrantId}" == grant.GrantId)).SchoolUrn);

        var ended = (await house.It.Grants.EndGrantAsync(new() { GrantId = grant.GrantId, Reason = "left" }, house.It.IfMatch(grant.Etag))).Grant;
        await Eventually.Async(() => RefusedAsync(StatusCode.PermissionDenied, "ROLE_MISSING", () =>
            head.Schools.GetSchoolAsync(new() { SchoolUrn = urn }, head.Headers).ResponseAsync));
        Assert.NotNull((await house.ToldAsync<GrantChanged>(e => $"{e.GrantId}" == grant.GrantId && e.Version == 2)).ValidTo);
        await RefusedAsync(StatusCode.FailedPrecondition, "GRANT_ENDED", () =>
            house.It.Grants.EndGrantAsync(new() { GrantId = grant.GrantId, Reason = "again" }, house.It.IfMatch(ended.Etag)).ResponseAsync);
        Assert.Empty((await house.It.Grants.ListGrantsAsync(new() { Subject = head.Subject }, house.It.Headers)).Grants);
        Assert.Single((await house.It.Grants.ListGrantsAsync(new() { Subject = head.Subject, IncludeEnded = true }, house.It.Headers)).Grants);
    }

    [Fact]
    public async Task Grant_ToOneself_IsRefused() =>
        await RefusedAsync(StatusCode.PermissionDenied, "GRANT_TO_ONESELF", () =>
            house.It.Grants.GiveGrantAsync(new() { Grant = For(house.It, Role.DataLead, null) }, house.It.Headers).ResponseAsync);

    [Fact]
    public async Task Grant_GivenTwice_IsRefused()
    {
        var urn = await house.SchoolAsync();
        var head = await house.CallerAsync(Role.Headteacher, urn);
        await RefusedAsync(StatusCode.AlreadyExists, "GRANT_EXISTS", () =>
            house.It.Grants.GiveGrantAsync(new() { Grant = For(head, Role.Headteacher, urn) }, house.It.Headers).ResponseAsync);
    }

    [Fact]
    public async Task Grant_ByAnAdministratorOfOneSchool_StaysThere()
    {
        var (own, other) = (await house.SchoolAsync(), await house.SchoolAsync());
        var it = await house.CallerAsync(Role.TrustIt, own);
        var somebody = house.Caller($"somebody-{Guid.NewGuid():N}");

        await RefusedAsync(StatusCode.PermissionDenied, "GRANT_WIDER_THAN_OWN", () =>
            it.Grants.GiveGrantAsync(new() { Grant = For(somebody, Role.DataLead, null) }, it.Headers).ResponseAsync);
        await SameRefusalAsync(
            () => it.Grants.GiveGrantAsync(new() { Grant = For(somebody, Role.Senco, other) }, it.Headers).ResponseAsync,
            () => it.Grants.GiveGrantAsync(new() { Grant = For(somebody, Role.Senco, 999999) }, it.Headers).ResponseAsync);
        var grant = (await it.Grants.GiveGrantAsync(new() { Grant = For(somebody, Role.Senco, own) }, it.Headers)).Grant;
        var foreign = await house.CallerAsync(Role.TrustIt, other);
        await SameRefusalAsync(
            () => foreign.Grants.GetGrantAsync(new() { GrantId = grant.GrantId }, foreign.Headers).ResponseAsync,
            () => foreign.Grants.GetGrantAsync(new() { GrantId = $"{Guid.NewGuid()}" }, foreign.Headers).ResponseAsync);
        await SameRefusalAsync(
            () => foreign.Grants.EndGrantAsync(new() { GrantId = grant.GrantId, Reason = "x" }, foreign.IfMatch("\"1\"")).ResponseAsync,
            () => foreign.Grants.EndGrantAsync(new() { GrantId = $"{Guid.NewGuid()}", Reason = "x" }, foreign.IfMatch("\"1\"")).ResponseAsync);
    }

    [Fact]
    public async Task Grant_ThatCannotBe_IsRefused()
    {
        var urn = await house.SchoolAsync();
        async Task Refused(Action<Grant> spoil)
        {
            var grant = For(house.Caller("somebody"), Role.SubjectLeader, urn);
            spoil(grant);
            await RefusedAsync(StatusCode.InvalidArgument, "GRANT_INVALID", () =>
                house.It.Grants.GiveGrantAsync(new() { Grant = grant }, house.It.Headers).ResponseAsync);
        }

        await Refused(g => g.Role = Role.Unspecified);
        await Refused(g => g.Role = (Role)99);
        await Refused(g => g.Issuer = "somewhere");
        await Refused(g => g.ClearSchoolUrn());
        await Refused(g => g.Role = Role.Teacher);
        await Refused(g => g.ValidTo = Timestamp.FromDateTimeOffset(DateTimeOffset.UtcNow.AddDays(-1)));
        var foreign = (await house.Lead.Classes.CreateClassAsync(
            new() { SchoolUrn = await house.SchoolAsync(), Class = new() { AcademicYear = "2025/26", Name = "X" } }, house.Lead.Headers)).Class;
        await RefusedAsync(StatusCode.NotFound, "CLASS_NOT_FOUND", () => house.CallerAsync(Role.Teacher, urn, g => g.ClassIds.Add(foreign.ClassId)));
    }

    [Fact]
    public async Task WhatConcernsASchoolAsSuch_TakesAGrantWithoutALimit()
    {
        var urn = await house.SchoolAsync();
        var school = (await house.Lead.Schools.GetSchoolAsync(new() { SchoolUrn = urn }, house.Lead.Headers)).School;
        var given = (await house.It.Grants.GiveGrantAsync(new() { Grant = For(house.Caller($"held-{Guid.NewGuid():N}"), Role.Senco, urn) }, house.It.Headers)).Grant;
        var calendar = new Calendar { Terms = { new Term { Name = "Autumn", From = "2025-09-03", To = "2025-12-19" } } };

        foreach (var limit in new Action<Grant>[] { g => g.Subjects.Add("music"), g => g.YearGroups.Add("5") })
        {
            foreach (var it in new[] { await house.CallerAsync(Role.TrustIt, urn, limit), await house.CallerAsync(Role.DataLead, urn, limit) })
            {
                await RefusedAsync(StatusCode.NotFound, "SCHOOL_NOT_FOUND", () => it.Schools.PutSchoolAsync(
                    new() { SchoolUrn = urn, School = new(school) { Name = "Another" } }, it.Headers).ResponseAsync);
                await RefusedAsync(StatusCode.NotFound, "SCHOOL_NOT_FOUND", () => it.Grants.GiveGrantAsync(
                    new() { Grant = For(house.Caller("somebody"), Role.Senco, urn) }, it.Headers).ResponseAsync);
                await SameRefusalAsync(
                    () => it.Grants.EndGrantAsync(new() { GrantId = given.GrantId, Reason = "x" }, it.IfMatch(given.Etag)).ResponseAsync,
                    () => it.Grants.EndGrantAsync(new() { GrantId = $"{Guid.NewGuid()}", Reason = "x" }, it.IfMatch(given.Etag)).ResponseAsync);
            }
        }

        var lead = await house.CallerAsync(Role.DataLead, urn, g => g.Subjects.Add("music"));
        await RefusedAsync(StatusCode.NotFound, "SCHOOL_NOT_FOUND", () => lead.Calendars.PutCalendarAsync(
            new() { SchoolUrn = urn, AcademicYear = "2025-26", Calendar = calendar }, lead.Headers).ResponseAsync);
        var trustWide = await house.CallerAsync(Role.DataLead, null, g => g.Subjects.Add("music"));
        await RefusedAsync(StatusCode.NotFound, "SCHOOL_NOT_FOUND", () => trustWide.Schools.PutSchoolAsync(
            new() { SchoolUrn = TrackingHouse.NewUrn(), School = school }, trustWide.Headers).ResponseAsync);

        var whole = await house.CallerAsync(Role.TrustIt, urn);
        Assert.NotNull((await whole.Grants.EndGrantAsync(new() { GrantId = given.GrantId, Reason = "left" }, whole.IfMatch(given.Etag))).Grant.ValidTo);
    }

    [Fact]
    public async Task Lineage_OfASchool_IsSaidByWhoHoldsThePredecessorToo()
    {
        var (own, other, third) = (await house.SchoolAsync(), await house.SchoolAsync(), TrackingHouse.NewUrn());
        var school = (await house.Lead.Schools.GetSchoolAsync(new() { SchoolUrn = own }, house.Lead.Headers)).School;
        async Task<School> PutAsync(TestCaller by, params int[] predecessors) => (await by.Schools.PutSchoolAsync(
            new() { SchoolUrn = own, School = new(school) { Name = $"School of {predecessors.Length}", PredecessorUrns = { predecessors } } }, by.Headers)).School;

        foreach (var role in new[] { Role.DataLead, Role.TrustIt })
        {
            var caller = await house.CallerAsync(role, own);
            await SameRefusalAsync(() => PutAsync(caller, other), () => PutAsync(caller, third));
            Assert.Empty((await PutAsync(caller)).PredecessorUrns);
        }

        // What is on the record already may stay, whoever changes the name.
        await PutAsync(house.Lead, third);
        var lead = await house.CallerAsync(Role.DataLead, own);
        Assert.Equal([third], (await PutAsync(lead, third)).PredecessorUrns);
        await RefusedAsync(StatusCode.NotFound, "SCHOOL_NOT_FOUND", () => PutAsync(lead, third, other));
        await house.It.Grants.GiveGrantAsync(new() { Grant = For(lead, Role.DataLead, other) }, house.It.Headers);
        Assert.Equal(2, (await PutAsync(lead, third, other)).PredecessorUrns.Count);

        // Who could not put it back does not take it out either.
        await SameRefusalAsync(() => PutAsync(lead), () => PutAsync(lead, other));
        Assert.Equal([third], (await PutAsync(lead, third)).PredecessorUrns);
        Assert.Empty((await PutAsync(house.Lead)).PredecessorUrns);
    }

    [Fact]
    public async Task Person_IsChangedByAGrantWithoutALimitOnly()
    {
        var urn = await house.SchoolAsync();
        var person = (await house.It.People.CreatePersonAsync(
            new() { Person = new() { Name = "Grace Hopper", SchoolUrn = urn } }, house.It.Headers)).Person;
        var central = (await house.It.People.CreatePersonAsync(new() { Person = new() { Name = "Ada Byron" } }, house.It.Headers)).Person;
        static Task ChangeAsync(TestCaller by, string id) => by.People.UpdatePersonAsync(
            new() { PersonId = id, Person = new() { Name = "Another" } }, by.IfMatch("\"1\"")).ResponseAsync;

        foreach (var school in new int?[] { urn, null })
        {
            var caller = await house.CallerAsync(Role.DataLead, school, g => g.Subjects.Add("music"));
            await SameRefusalAsync(() => ChangeAsync(caller, person.PersonId), () => ChangeAsync(caller, $"{Guid.NewGuid()}"));
            await SameRefusalAsync(() => ChangeAsync(caller, central.PersonId), () => ChangeAsync(caller, $"{Guid.NewGuid()}"));
        }

        await ChangeAsync(await house.CallerAsync(Role.DataLead, urn), person.PersonId);
    }

    [Fact]
    public async Task PupilsRoster_IsChangedByAGrantWithoutALimitOnly()
    {
        var (own, other) = (await house.SchoolAsync(), await house.SchoolAsync());
        var pupil = (await house.Lead.Pupils.CreatePupilAsync(NewPupil(own, "Own"), house.Lead.Headers)).Pupil;
        var theirs = (await house.Lead.Pupils.CreatePupilAsync(NewPupil(other, "Theirs"), house.Lead.Headers)).Pupil;
        var added = (await house.Lead.Classes.CreateClassAsync(
            new() { SchoolUrn = own, Class = new() { AcademicYear = "2025/26", Name = "5A" } }, house.Lead.Headers)).Class;
        var assign = new AssignClassRequest { PupilId = pupil.PupilId, Class = new() { ClassId = added.ClassId, From = "2025-10-01" } };
        var enrol = new EnrolPupilRequest { PupilId = pupil.PupilId, Enrolment = new() { SchoolUrn = other, YearGroup = "5", From = "2025-11-03" } };

        foreach (var limit in new Action<Grant>[] { g => g.Subjects.Add("music"), g => g.YearGroups.Add("5"), g => g.ClassIds.Add(added.ClassId) })
        {
            var head = await house.CallerAsync(Role.Headteacher, own, limit);
            await NotFoundAsync("PUPIL_NOT_FOUND", () => head.Pupils.UpdatePupilAsync(
                new() { PupilId = pupil.PupilId, Pupil = new() { Surname = "Changed" } }, head.IfMatch(pupil.Etag)).ResponseAsync);
            await NotFoundAsync("PUPIL_NOT_FOUND", () => head.Pupils.RecordPupilFactAsync(
                new() { PupilId = pupil.PupilId, Fact = new() { Fact = "sen", Value = "K", From = "2025-10-01" } }, head.Headers).ResponseAsync);
            await NotFoundAsync("PUPIL_NOT_FOUND", () => head.Pupils.EndEnrolmentAsync(
                new() { PupilId = pupil.PupilId, SchoolUrn = own, LastDay = "2025-12-19" }, head.IfMatch(pupil.Etag)).ResponseAsync);
            await NotFoundAsync("PUPIL_NOT_FOUND", () => head.Pupils.AssignClassAsync(assign, head.Headers).ResponseAsync);
            await NotFoundAsync("SCHOOL_NOT_FOUND", () => head.Pupils.CreatePupilAsync(NewPupil(own, "Another"), head.Headers).ResponseAsync);

            // Whole at the one school, limited at the other: that is no right to move a pupil from or to where the limit stands.
            await house.It.Grants.GiveGrantAsync(new() { Grant = For(head, Role.Headteacher, other) }, house.It.Headers);
            await NotFoundAsync("PUPIL_NOT_FOUND", () => head.Pupils.EnrolPupilAsync(enrol, head.Headers).ResponseAsync);
            await NotFoundAsync("SCHOOL_NOT_FOUND", () => head.Pupils.EnrolPupilAsync(
                new() { PupilId = theirs.PupilId, Enrolment = new() { SchoolUrn = own, YearGroup = "5", From = "2025-11-03" } }, head.Headers).ResponseAsync);
        }

        // On two rolls, with the whole of one: the other's classes stay the other's, and so does its roll.
        await house.Lead.Pupils.EnrolPupilAsync(
            new() { PupilId = theirs.PupilId, Enrolment = new() { SchoolUrn = own, YearGroup = "5", From = "2025-09-01", Subsidiary = true } }, house.Lead.Headers);
        var both = await house.CallerAsync(Role.Headteacher, own, g => g.Subjects.Add("music"));
        await house.It.Grants.GiveGrantAsync(new() { Grant = For(both, Role.Headteacher, other) }, house.It.Headers);
        await NotFoundAsync("CLASS_NOT_FOUND", () => both.Pupils.AssignClassAsync(new(assign) { PupilId = theirs.PupilId }, both.Headers).ResponseAsync);
        await RefusedAsync(StatusCode.FailedPrecondition, "ON_ROLL_ELSEWHERE", () => both.Pupils.EnrolPupilAsync(
            new(enrol) { PupilId = theirs.PupilId }, both.Headers).ResponseAsync);

        static Task NotFoundAsync(string reason, Func<Task> call) => RefusedAsync(StatusCode.NotFound, reason, call);
    }

    [Fact]
    public async Task Everybody_WithoutPupilRights_SeesNoPupil()
    {
        var urn = await house.SchoolAsync();
        foreach (var role in new[] { Role.Board, Role.Ceo, Role.Reviewer, Role.Committee, Role.TrustIt })
        {
            var caller = await house.CallerAsync(role);
            await RefusedAsync(StatusCode.PermissionDenied, "ROLE_MISSING", () => caller.ListAsync(urn));
        }

        var governor = await house.CallerAsync(Role.Governor, urn);
        await RefusedAsync(StatusCode.PermissionDenied, "ROLE_MISSING", () => governor.ListAsync(urn));
        await RefusedAsync(StatusCode.PermissionDenied, "ROLE_MISSING", () => governor.People.ListPeopleAsync(new(), governor.Headers).ResponseAsync);
        Assert.NotNull(await governor.Schools.GetSchoolAsync(new() { SchoolUrn = urn }, governor.Headers));
    }

    [Fact]
    public async Task ForeignSchool_LooksLikeNone()
    {
        var (own, other) = (await house.SchoolAsync(), await house.SchoolAsync());
        var head = await house.CallerAsync(Role.Headteacher, own);
        var pupil = (await house.Lead.Pupils.CreatePupilAsync(
            new()
            {
                SchoolUrn = other,
                Pupil = new() { Forename = "A", Surname = "Foreign", BornOn = "2016-01-01", Sex = Sex.Male, YearGroup = "5", From = "2025-09-01" },
            }, house.Lead.Headers)).Pupil;
        var calendar = new Calendar { Terms = { new Term { Name = "Autumn", From = "2025-09-03", To = "2025-12-19" } } };
        await house.Lead.Calendars.PutCalendarAsync(new() { SchoolUrn = other, AcademicYear = "2025-26", Calendar = calendar }, house.Lead.Headers);
        var foreignClass = (await house.Lead.Classes.CreateClassAsync(
            new() { SchoolUrn = other, Class = new() { AcademicYear = "2025/26", Name = "Y" } }, house.Lead.Headers)).Class;
        var (known, unknown) = (pupil.PupilId, $"{Guid.NewGuid()}");

        await Same(urn => head.Schools.GetSchoolAsync(new() { SchoolUrn = urn }, head.Headers).ResponseAsync, other);
        await Same(urn => head.Calendars.GetCalendarAsync(new() { SchoolUrn = urn, AcademicYear = "2025-26" }, head.Headers).ResponseAsync, other);
        await Same(urn => head.Calendars.ListCalendarsAsync(new() { SchoolUrn = urn }, head.Headers).ResponseAsync, other);
        await Same(urn => head.Calendars.PutCalendarAsync(new() { SchoolUrn = urn, AcademicYear = "2025-26", Calendar = calendar }, head.Headers).ResponseAsync, other);
        await Same(urn => head.Classes.ListClassesAsync(new() { SchoolUrn = urn }, head.Headers).ResponseAsync, other);
        await Same(urn => head.Classes.CreateClassAsync(new() { SchoolUrn = urn, Class = new() }, head.Headers).ResponseAsync, other);
        await Same(urn => head.Pupils.ListPupilsAsync(new() { SchoolUrn = urn }, head.Headers).ResponseAsync, other);
        await Same(urn => head.Pupils.CreatePupilAsync(new() { SchoolUrn = urn, Pupil = new() }, head.Headers).ResponseAsync, other);
        await Same(id => head.Classes.GetClassAsync(new() { ClassId = id }, head.Headers).ResponseAsync, foreignClass.ClassId);
        await Same(id => head.Pupils.GetPupilAsync(new() { PupilId = id }, head.Headers).ResponseAsync, known);
        await Same(id => head.Pupils.ListPupilFactsAsync(new() { PupilId = id }, head.Headers).ResponseAsync, known);
        await Same(id => head.Pupils.UpdatePupilAsync(new() { PupilId = id, Pupil = new() }, head.IfMatch("\"7\"")).ResponseAsync, known);
        await Same(id => head.Pupils.RecordPupilFactAsync(
            new() { PupilId = id, Fact = new() { Fact = "sen", Value = "K", From = "2025-10-01" } }, head.Headers).ResponseAsync, known);
        await Same(id => head.Pupils.CorrectPupilFactAsync(new() { PupilId = id, FactId = unknown }, head.IfMatch("\"7\"")).ResponseAsync, known);
        await Same(id => head.Pupils.EnrolPupilAsync(
            new() { PupilId = id, Enrolment = new() { SchoolUrn = own, YearGroup = "5", From = "2025-10-01" } }, head.Headers).ResponseAsync, known);
        await Same(id => head.Pupils.EndEnrolmentAsync(
            new() { PupilId = id, SchoolUrn = other, LastDay = "2025-10-01" }, head.IfMatch("\"7\"")).ResponseAsync, known);
        await Same(id => head.Pupils.AssignClassAsync(
            new() { PupilId = id, Class = new() { ClassId = foreignClass.ClassId, From = "2025-10-01" } }, head.Headers).ResponseAsync, known);
        Assert.Empty((await head.Pupils.BatchGetPupilNamesAsync(new() { PupilIds = { known } }, head.Headers)).Names);

        static Task Same<T>(Func<T, Task> call, T foreign) =>
            SameRefusalAsync(() => call(foreign), () => call(foreign is int ? (T)(object)999998 : (T)(object)$"{Guid.NewGuid()}"));
    }

    [Fact]
    public async Task Token_ThatIsNotBelieved_IsUnauthenticated()
    {
        var issuer = house.Issuer;
        foreach (var (token, reason) in new[]
        {
            (issuer.ExpiredToken("lead", TrackingHouse.AllScopes), "TOKEN_EXPIRED"),
            (issuer.WrongAudienceToken("lead", TrackingHouse.AllScopes), "TOKEN_AUDIENCE"),
            (issuer.WrongKeyToken("lead", TrackingHouse.AllScopes), "TOKEN_INVALID"),
        })
        {
            var caller = house.CallerWith(token);
            await RefusedAsync(StatusCode.Unauthenticated, reason, () => caller.ListAsync(999999));
        }

        var narrow = house.Caller("lead", "schools.read");
        await RefusedAsync(StatusCode.PermissionDenied, "SCOPE_MISSING", () => narrow.ListAsync(999999));
        await RefusedAsync(StatusCode.PermissionDenied, "SCOPE_MISSING", () =>
            house.Lead.Feed.ResolvePupilsAsync(new(), house.Lead.Headers).ResponseAsync);
    }

    private static CreatePupilRequest NewPupil(int urn, string surname) => new()
    {
        SchoolUrn = urn,
        Pupil = new() { Forename = "A", Surname = surname, BornOn = "2016-01-01", Sex = Sex.Male, YearGroup = "5", From = "2025-09-01" },
    };

    private Grant For(TestCaller holder, Role role, int? schoolUrn)
    {
        var grant = new Grant { Issuer = house.Issuer.Authority, Subject = holder.Subject, Role = role, Reason = "test" };
        if (schoolUrn is { } urn)
        {
            grant.SchoolUrn = urn;
        }

        return grant;
    }
}
