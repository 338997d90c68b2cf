using GoldenThread.TestSupport;
using GoldenThread.Tracking.Events.V1;
using GoldenThread.Tracking.Internal.V1;
using GoldenThread.Tracking.V1;
using GoldenThread.Type.V1;
using Grpc.Core;
using static GoldenThread.TestSupport.Refusals;

namespace GoldenThread.Tracking.Tests;

/// <summary>Schools, calendars and people, and the feed by which other services rebuild their copies.</summary>
public sealed class RegisterTests(TrackingHouse house)
{
    [Fact]
    public async Task PutSchool_ThenTheSame_ChangesNothing()
    {
        var urn = TrackingHouse.NewUrn();
        var request = new PutSchoolRequest { SchoolUrn = urn, School = Fleetdown() };

        var stored = (await house.Lead.Schools.PutSchoolAsync(request, house.Lead.Headers)).School;
        var again = (await house.Lead.Schools.PutSchoolAsync(request, house.Lead.IfMatch(stored.Etag))).School;

        Assert.Equal(stored, again);
        Assert.Equal(("8861234", "2012-04-01", 135994), (stored.Laestab, stored.Memberships[0].To, stored.PredecessorUrns.Single()));
        var told = await house.ToldAsync<SchoolChanged>(e => e.SchoolUrn == urn);
        Assert.Equal((1, "primary", 135994), ((int)told.Version, told.Phase, told.PredecessorUrns.Single()));

        request.School.Name = "Fleetdown Academy";
        var changed = (await house.Lead.Schools.PutSchoolAsync(request, house.Lead.Headers)).School;
        await house.ToldAsync<SchoolChanged>(e => e.SchoolUrn == urn && e.Version == 2);
        await RefusedAsync(StatusCode.Aborted, "ETAG_MISMATCH", () => house.Lead.Schools.PutSchoolAsync(request, house.Lead.IfMatch(stored.Etag)).ResponseAsync);
        Assert.Equal(changed, (await house.Lead.Schools.GetSchoolAsync(new() { SchoolUrn = urn }, house.Lead.Headers)).School);
    }

    [Fact]
    public async Task PutSchool_ThatCannotBe_IsRefused()
    {
        async Task Refused(string field, Action<School> spoil, int? urn = null)
        {
            var school = Fleetdown();
            spoil(school);
            var refused = await RefusedAsync(StatusCode.InvalidArgument, "SCHOOL_INVALID", () =>
                house.Lead.Schools.PutSchoolAsync(new() { SchoolUrn = urn ?? 399_999, School = school }, house.Lead.Headers).ResponseAsync);
            Assert.Equal(field, Assert.Single(refused.Violations()).Field);
        }

        await Refused("school_urn", _ => { }, 12);
        await Refused("school.laestab", s => s.Laestab = "12");
        await Refused("school.phase", s => s.Phase = Phase.Unspecified);
        await Refused("school.phase", s => s.Phase = (Phase)42);
        await Refused("school.age_to", s => (s.AgeFrom, s.AgeTo) = (11, 4));
        await Refused("school.memberships", s => s.Memberships.Add(new TrustMembership { From = "2011-01-01" }));
        await Refused("school.predecessor_urns", s => s.PredecessorUrns.Add(399_999));
    }

    [Fact]
    public async Task ListSchools_OnADay_ShowsThoseOfTheTrust()
    {
        var urn = TrackingHouse.NewUrn();
        await house.Lead.Schools.PutSchoolAsync(new() { SchoolUrn = urn, School = Fleetdown() }, house.Lead.Headers);
        var head = await house.CallerAsync(Role.Headteacher, urn);

        Assert.Single((await head.Schools.ListSchoolsAsync(new() { On = "2011-01-01" }, head.Headers)).Schools);
        Assert.Empty((await head.Schools.ListSchoolsAsync(new() { On = "2013-01-01" }, head.Headers)).Schools);
        Assert.Single((await head.Schools.ListSchoolsAsync(new(), head.Headers)).Schools);
    }

    [Fact]
    public async Task PutCalendar_KeepsTheSchoolsOwnNames()
    {
        var urn = await house.SchoolAsync();
        var head = await house.CallerAsync(Role.Headteacher, urn);
        var request = new PutCalendarRequest { SchoolUrn = urn, AcademicYear = "2025-26", Calendar = SixTerms() };

        var stored = (await head.Calendars.PutCalendarAsync(request, head.Headers)).Calendar;

        Assert.Equal(("2025/26", "Term 1", "inset"), (stored.AcademicYear, stored.Terms[0].Name, stored.Closures[0].Kind.ToString().ToLowerInvariant()));
        Assert.Equal(stored, (await head.Calendars.PutCalendarAsync(request, head.Headers)).Calendar);
        Assert.Equal(stored, (await head.Calendars.GetCalendarAsync(new() { SchoolUrn = urn, AcademicYear = "2025/26" }, head.Headers)).Calendar);
        var told = await house.ToldAsync<CalendarChanged>(e => e.SchoolUrn == urn);
        Assert.Equal((2, new DateOnly(2025, 9, 1), "inset"), (told.Terms.Count, told.Closures.Single().On, told.Closures[0].Kind));
    }

    [Fact]
    public async Task PutCalendar_ThatCannotBe_IsRefused()
    {
        var urn = await house.SchoolAsync();
        async Task Refused(Action<Calendar> spoil, string year = "2025-26", string reason = "CALENDAR_INVALID")
        {
            var calendar = SixTerms();
            spoil(calendar);
            await RefusedAsync(StatusCode.InvalidArgument, reason, () => house.Lead.Calendars.PutCalendarAsync(
                new() { SchoolUrn = urn, AcademicYear = year, Calendar = calendar }, house.Lead.Headers).ResponseAsync);
        }

        await Refused(c => c.Terms.Clear());
        await Refused(c => c.Terms[1].From = "2025-10-01");
        await Refused(c => (c.Terms[0].From, c.Terms[0].To) = (c.Terms[0].To, c.Terms[0].From));
        await Refused(c => c.Terms[1].To = "2026-09-02");
        await Refused(c => c.Closures[0].On = "2025-10-25");
        await Refused(c => c.Closures.Add(c.Closures[0].Clone()));
        await Refused(c => c.Closures[0].Kind = ClosureKind.Unspecified);
        await Refused(_ => { }, "2025-27", "ACADEMIC_YEAR_INVALID");
        await Refused(c => c.Terms[0].Name = new string('x', 51), reason: "TEXT_TOO_LONG");
    }

    [Fact]
    public async Task Person_IsAddedChangedAndTold()
    {
        var urn = await house.SchoolAsync();
        var subject = $"{Guid.NewGuid()}";
        var person = (await house.It.People.CreatePersonAsync(
            new() { Person = new() { Name = "Grace Hopper", Duties = { "english-lead" }, Issuer = "https://login.example.org", Subject = subject } },
            house.It.Headers)).Person;
        await RefusedAsync(StatusCode.AlreadyExists, "SIGN_IN_TAKEN", () => house.It.People.CreatePersonAsync(
            new() { Person = new() { Name = "Another", Issuer = "https://login.example.org", Subject = subject } }, house.It.Headers).ResponseAsync);

        var changed = (await house.It.People.UpdatePersonAsync(
            new() { PersonId = person.PersonId, Person = new() { SchoolUrn = urn, LeftOn = "2026-07-20", Duties = new() { Duties_ = { "head" } } } },
            house.It.IfMatch(person.Etag))).Person;

        Assert.Equal((urn, "2026-07-20", "head", "Grace Hopper"), (changed.SchoolUrn, changed.LeftOn, changed.Duties.Single(), changed.Name));
        var told = await house.ToldAsync<PersonChanged>(e => $"{e.PersonId}" == person.PersonId && e.Version == 2);
        Assert.Equal((urn, new DateOnly(2026, 7, 20), subject), (told.SchoolUrn, told.LeftOn, told.Subject));
        await RefusedAsync(StatusCode.FailedPrecondition, "IF_MATCH_REQUIRED", () =>
            house.It.People.UpdatePersonAsync(new() { PersonId = person.PersonId, Person = new() }, house.It.Headers).ResponseAsync);
        await RefusedAsync(StatusCode.Aborted, "ETAG_MISMATCH", () =>
            house.It.People.UpdatePersonAsync(new() { PersonId = person.PersonId, Person = new() }, house.It.IfMatch(person.Etag)).ResponseAsync);

        // Staff of a school are seen within the grants; the central team by every role.
        var foreign = await house.CallerAsync(Role.Headteacher, await house.SchoolAsync());
        await SameRefusalAsync(
            () => foreign.People.GetPersonAsync(new() { PersonId = person.PersonId }, foreign.Headers).ResponseAsync,
            () => foreign.People.GetPersonAsync(new() { PersonId = $"{Guid.NewGuid()}" }, foreign.Headers).ResponseAsync);
        Assert.Single((await house.It.People.ListPeopleAsync(new() { SchoolUrn = urn, Duty = "head" }, house.It.Headers)).People);
    }

    [Fact]
    public async Task Person_ThatCannotBe_IsRefused()
    {
        async Task Refused(string reason, Action<Person> spoil)
        {
            var person = new Person { Name = "A", Duties = { "head" } };
            spoil(person);
            await RefusedAsync(StatusCode.InvalidArgument, reason, () =>
                house.It.People.CreatePersonAsync(new() { Person = person }, house.It.Headers).ResponseAsync);
        }

        await Refused("TEXT_MISSING", p => p.Name = " ");
        await Refused("TEXT_TOO_LONG", p => p.Name = new string('x', 201));
        await Refused("PERSON_INVALID", p => p.Duties.Add("Head Of English!"));
        await Refused("PERSON_INVALID", p => p.Issuer = "https://login.example.org");
        await Refused("DATE_INVALID", p => p.LeftOn = "31/12/2025");
    }

    [Fact]
    public async Task StreamChanges_GivesEachThingAsItIsNow_AndGoesOnFromAPosition()
    {
        var urn = await house.SchoolAsync();
        await house.Lead.ImportAsync($"URN,Forename,Surname,DOB,Sex,Year group\n{urn},A,Feed,2016-01-01,F,5\n");
        var pupil = await house.Lead.PupilAsync(urn, "Feed");

        // What is told lies below the oldest transaction that still runs, whoever's on this server.
        await Eventually.Async(async () =>
            Assert.Contains(await ChangesAsync(ChangeKind.PupilIdentifiers, ""), c => c.Identifiers.PupilId == pupil.PupilId));
        var schools = await ChangesAsync(ChangeKind.School, "");
        // Other tests change schools meanwhile, and one that changes between two pages comes again: only this one stands still.
        Assert.Single(schools, c => c.School.SchoolUrn == urn);
        var pupils = await ChangesAsync(ChangeKind.Pupil, "");
        var position = pupils.FindIndex(c => c.Pupil.PupilId == pupil.PupilId);
        Assert.Equal("girls", pupils[position].Pupil.Groups.Single().Group);
        Assert.DoesNotContain(await ChangesAsync(ChangeKind.Pupil, pupils[position].Position), c => c.Pupil.PupilId == pupil.PupilId && c.Pupil.Version == 1);
        Assert.Contains(await ChangesAsync(ChangeKind.Grant, ""), c => c.Grant.Subject == "lead");
        Assert.Contains(await ChangesAsync(ChangeKind.Group, ""), c => c.Group.Group == "girls");
        await ChangesAsync(ChangeKind.Person, "");
        await ChangesAsync(ChangeKind.Calendar, "");
        foreach (var forged in new[] { "x", "1/2", "1/2/3", "5/-1/x", pupils[0].Position.Replace('5', '6') })
        {
            await RefusedAsync(StatusCode.InvalidArgument, "POSITION_INVALID", () => ChangesAsync(ChangeKind.Calendar, forged));
        }
    }

    private async Task<List<StreamChangesResponse>> ChangesAsync(ChangeKind kind, string position)
    {
        var ct = TestContext.Current.CancellationToken;
        var service = house.ServiceCaller();
        using var call = service.Changes.StreamChanges(new() { Kind = kind, Position = position }, service.Headers, cancellationToken: ct);
        return await call.ResponseStream.ReadAllAsync(ct).ToListAsync(ct);
    }

    private static School Fleetdown() => new()
    {
        Name = "Fleetdown Primary",
        Laestab = "886-1234",
        Phase = Phase.Primary,
        AgeFrom = 4,
        AgeTo = 11,
        Locality = "Dartford",
        Memberships = { new TrustMembership { From = "2010-09-01", To = "2012-04-01" } },
        PredecessorUrns = { 135994 },
    };

    private static Calendar SixTerms() => new()
    {
        Terms =
        {
            new Term { Name = "Term 1", From = "2025-09-01", To = "2025-10-17" },
            new Term { Name = "Term 2", From = "2025-11-03", To = "2025-12-19" },
        },
        Closures = { new Closure { On = "2025-09-01", Kind = ClosureKind.Inset } },
    };
}
