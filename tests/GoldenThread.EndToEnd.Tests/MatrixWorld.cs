using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using GoldenThread.Education;
using GoldenThread.Infrastructure;
using GoldenThread.TestSupport;
using GoldenThread.Type.V1;

namespace GoldenThread.EndToEnd.Tests;

/// <summary>
/// Two schools with one of everything that the contracts know: pupils, results, a gap and a thread on it, visits held and what they agreed, rows in
/// quarantine. Made through the gateway. One holder of each role has it at the first school; nobody but the administrators has any at the second.
/// </summary>
public sealed class MatrixWorld : IAsyncLifetime
{
    private const string Admin = House.Administrator;
    private const string Deputy = "whole-trust-deputy";
    private const int PupilsPerSchool = 8;
    private static readonly Role[] Roles = [.. Enum.GetValues<Role>().Where(role => role != Role.Unspecified)];
    private static readonly DateOnly Today = DateOnly.FromDateTime(DateTime.UtcNow);

    // Plans are made for the year before this one, so that visits have been held whatever the day of the test.
    private readonly AcademicYear now = AcademicYear.Of(Today);
    private readonly AcademicYear past = AcademicYear.Of(Today).Previous;
    private readonly Dictionary<string, string> common = [];
    private int serial;

    /// <summary>The house.</summary>
    public House House { get; } = new();

    /// <summary>The school where every role is held.</summary>
    public Place Own { get; private set; } = null!;

    /// <summary>The school where none is.</summary>
    public Place Foreign { get; private set; } = null!;

    /// <summary>Ids that nothing has.</summary>
    public Place Absent { get; private set; } = null!;

    /// <summary>The first school, with ids of pupils, and of what is theirs, that nothing has.</summary>
    public Place PupilsAbsent { get; private set; } = null!;

    /// <summary>The subject that holds a role at the first school for a class without pupils only.</summary>
    public static string HolderOfClass(Role role) => HolderOf(role) + "-of-a-class";

    /// <summary>The subject that holds a role at the first school for a year group without pupils only.</summary>
    public static string HolderOfYear(Role role) => HolderOf(role) + "-of-a-year";

    /// <summary>The subject that holds a role, at the first school only.</summary>
    public static string HolderOf(Role role) => "holder-" + role.ToString().ToLowerInvariant();

    /// <inheritdoc />
    public async ValueTask InitializeAsync()
    {
        await House.InitializeAsync();
        await House.GiveGrantAsync(Deputy, Role.DeputyCeo);
        await DefinitionsAsync();
        var own = await SchoolAsync(900001, "Ashgrove Primary School");
        var foreign = await SchoolAsync(900002, "Beechwood Primary School");
        var empty = Text(await House.PostAsync(Admin, "/v1/schools/900001/classes", Bodies.Class(now, "4Z")), "class", "classId");
        foreach (var role in Roles)
        {
            await House.GiveGrantAsync(HolderOf(role), role, 900001, role == Role.Teacher ? [own["class_id"]] : []);
            await House.GiveGrantAsync(HolderOfClass(role), role, 900001, [empty]);
            await House.GiveGrantAsync(HolderOfYear(role), role, 900001, role == Role.Teacher ? [own["class_id"]] : [], ["5"]);
        }

        await EnterResultsAsync(own);
        await EnterResultsAsync(foreign);
        await ImproveAsync(own);
        await ImproveAsync(foreign);
        await PlanAsync([own, foreign]);
        await ReportedAsync();
        (Own, Foreign) = (new Place(common, own), new Place(common, foreign));
        PupilsAbsent = new Place(
            common, own.ToDictionary(pair => pair.Key, pair => Place.OfPupils.Contains(pair.Key) ? Guid.CreateVersion7().ToString() : pair.Value));
        Absent = new Place(common, own.ToDictionary(pair => pair.Key, pair => pair.Key == "school_urn" ? "999999" : Guid.CreateVersion7().ToString()));
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => House.DisposeAsync();

    private async Task DefinitionsAsync()
    {
        await House.PutAsync(Admin, "/v1/subjects/reading", new JsonObject { ["name"] = "Reading" });
        await House.PutAsync(Admin, "/v1/scales/standardised", Bodies.Scale());
        var test = await House.PostAsync(Admin, "/v1/tests", Bodies.Test("Matrix reading Year 4"));
        common["test_id"] = Text(test, "test", "testId");
        var collection = await House.PostAsync(Admin, "/v1/collections", new JsonObject
        {
            ["name"] = "Matrix collection",
            ["academicYear"] = now.ToString(),
            ["opensOn"] = Iso(Later(now.FirstDay, Today.AddDays(-14))),
            ["dueOn"] = Iso(Earlier(now.LastDay, Today.AddDays(14))),
            ["locksOn"] = Iso(Earlier(now.LastDay, Today.AddDays(21))),
            ["tests"] = new JsonArray(new JsonObject { ["testId"] = common["test_id"], ["yearGroups"] = new JsonArray("4") }),
        });
        common["collection_id"] = Text(collection, "collection", "collectionId");
        common["sat_on"] = Iso(Later(now.FirstDay, Today.AddDays(-1)));
        common["academic_year"] = InPath(past);
        common["year_of_class"] = now.ToString();
        common["first_day"] = Iso(now.FirstDay);
        common["today"] = Iso(Today);
        common["issuer"] = House.Issuer.Authority;
        await House.UploadAsync(Admin, "/v1/benchmarks:import?pack=matrix", Bodies.Benchmarks);
        await House.PutAsync(Admin, "/v1/benchmark-mappings/matrix", Bodies.Mapping());
        await House.PutAsync(Deputy, $"/v1/offers/{common["academic_year"]}", Bodies.Offer());
        foreach (var duties in new[] { "deputy-ceo", "improvement-team", "improvement-team", "safeguarding-lead", "english-lead", "data-lead", "consultant" })
        {
            await House.PostAsync(Admin, "/v1/people", new JsonObject { ["name"] = $"Central {++serial}", ["duties"] = new JsonArray(duties) });
        }
    }

    private async Task<Dictionary<string, string>> SchoolAsync(int urn, string name)
    {
        var school = $"/v1/schools/{urn}";
        await House.PutAsync(Admin, school, Bodies.School(name));
        foreach (var year in new[] { past, now })
        {
            await House.PutAsync(Admin, $"{school}/calendars/{InPath(year)}", Bodies.Calendar(year));
        }

        var head = await House.PostAsync(Admin, "/v1/people", new JsonObject { ["name"] = $"Head of {urn}", ["duties"] = new JsonArray("head"), ["schoolUrn"] = urn });
        var taught = await House.PostAsync(Admin, $"{school}/classes", Bodies.Class(now, "4A"));
        var grant = await House.PostAsync(Admin, "/v1/grants", Bodies.Grant(House.Issuer.Authority, $"governor-of-{urn}", urn));
        var roster = await House.UploadAsync(Admin, $"/v1/roster:import?from={Iso(now.FirstDay)}", Roster(urn, out var upns));
        Assert.Equal(1, (int)roster["rowsQuarantined"]!);
        var rows = await House.GetAsync(Admin, $"/v1/roster/quarantined-rows?school_urn={urn}");
        var pupils = (await House.GetAsync(Admin, $"{school}/pupils?page_size=500"))["pupils"]!.AsArray();
        Assert.Equal(PupilsPerSchool, pupils.Count);
        var pupil = Text(pupils.First(each => each!["groups"]!.AsArray().Any(group => (string?)group == "disadvantaged"))!, "pupilId");
        var facts = (await House.GetAsync(Admin, $"/v1/pupils/{pupil}/facts"))["facts"]!.AsArray();
        return new Dictionary<string, string>
        {
            ["school_urn"] = urn.ToString(CultureInfo.InvariantCulture),
            ["person_id"] = Text(head, "person", "personId"),
            ["class_id"] = Text(taught, "class", "classId"),
            ["grant_id"] = Text(grant, "grant", "grantId"),
            ["row_id"] = Text(rows["rows"]![0]!, "rowId"),
            ["pupil_id"] = pupil,
            ["other_pupil_id"] = Text(pupils[1]!, "pupilId"),
            ["fact_id"] = Text(facts.First(fact => (string?)fact!["fact"] == "fsm")!, "factId"),
            ["upns"] = string.Join(' ', upns),
        };
    }

    private async Task EnterResultsAsync(Dictionary<string, string> place)
    {
        var urn = place["school_urn"];
        var file = new StringBuilder("UPN,URN,Test,Date,Score\n");
        foreach (var (upn, at) in place["upns"].Split(' ').Select((upn, at) => (upn, at)))
        {
            file.AppendLine(CultureInfo.InvariantCulture, $"{upn},{urn},Matrix reading Year 4,{common["sat_on"]},{(at == 0 ? 1000 : 90 + (2 * at))}");
        }

        // Assessment learns of pupils by events; until then their rows would wait in quarantine.
        var path = $"/v1/collections/{common["collection_id"]}";
        await Eventually.Async(async () =>
        {
            var lines = (await House.GetAsync(Admin, $"{path}/completeness?school_urn={urn}"))["lines"]!.AsArray();
            Assert.Equal(PupilsPerSchool, lines.Sum(line => (int)line!["expected"]!));
        });
        var answer = await House.UploadAsync(Admin, $"{path}/results:import", file.ToString());
        Assert.True((int)answer["quarantinedCount"]! == 1 && (int)answer["newCount"]! == PupilsPerSchool - 1, answer.ToJsonString());
        place.Remove("upns");
        var rows = await House.GetAsync(Admin, $"/v1/quarantined-rows?school_urn={urn}");
        place["quarantined_row_id"] = Text(rows["rows"]![0]!, "quarantinedRowId");
        var results = await House.GetAsync(Admin, $"/v1/schools/{urn}/results");
        place["result_id"] = Text(results["results"]![0]!, "resultId");
    }

    private async Task ImproveAsync(Dictionary<string, string> place)
    {
        var urn = place["school_urn"];
        var gap = $"/v1/gaps/disadvantaged?collection_id={common["collection_id"]}&subject=reading&school_urn={urn}";
        await Eventually.Async(async () =>
        {
            var sides = (await House.GetAsync(Admin, gap))["gap"]!;
            Assert.Equal(PupilsPerSchool - 1, (int)sides["inGroup"]!["pupils"]! + (int)sides["others"]!["pupils"]!);
        });
        var thread = (await House.PostAsync(Admin, $"/v1/schools/{urn}/threads", Bodies.Thread(new Place(common, place))))["thread"]!;
        place["thread_id"] = Text(thread, "threadId");
        var agreed = await House.PostAsync(Admin, $"/v1/threads/{place["thread_id"]}/actions", Bodies.ThreadAction(new Place(common, place)));
        place["action_id"] = Text(agreed["thread"]!["actions"]![0]!, "actionId");
        await Eventually.Async(() => House.GetAsync(Deputy, $"/v1/schools/{urn}/categories"));
        await House.PostAsync(Deputy, $"/v1/schools/{urn}/categories", Bodies.Category(Iso(past.FirstDay)));
        await Eventually.Async(() => House.GetAsync(Deputy, $"/v1/people/{place["person_id"]}/availability"));
        var leave = await House.PostAsync(Deputy, $"/v1/people/{place["person_id"]}/leave", Bodies.Leave(Iso(Today.AddDays(200))));
        place["leave_id"] = Text(leave, "leave", "leaveId");
    }

    // What reporting is asked for must have come to it: both schools, and a status for each pupil who sat.
    private Task ReportedAsync() => House.KnownAsync("reporting", $"""
        select exists (select from collection where collection_id = '{common["collection_id"]}')
           and exists (select from test where test_id = '{common["test_id"]}')
           and (select count(*) from school where school_urn in (900001, 900002)) = 2
           and (select count(*) from pupil_enrolment where school_urn in (900001, 900002)) = {2 * PupilsPerSchool}
           and (select count(*) from pupil_status where collection_id = '{common["collection_id"]}') = {2 * (PupilsPerSchool - 1)}
           and not exists (select from summary_due)
        """);

    private async Task PlanAsync(Dictionary<string, string>[] places)
    {
        // Nobody but these has duties here: seven centrally, a head at each school.
        await House.KnownAsync("reviews", $"select (select count(*) from person) = {7 + places.Length} and (select count(*) from calendar) = {2 * places.Length}");
        JsonNode plan = null!;
        JsonArray visits = [];
        await Eventually.Async(
            async () =>
            {
                // The planner learns of calendars and people by events, and owes visits to the schools it knows.
                plan = (await House.PostAsync(Deputy, "/v1/plans", new JsonObject { ["academicYear"] = past.ToString(), ["planFrom"] = Iso(past.FirstDay) }))["plan"]!;
                visits = (await House.GetAsync(Deputy, $"/v1/plans/{plan["planId"]}/visits?page_size=500"))["visits"]!.AsArray();
                return places.All(place => visits.Any(visit => $"{visit!["schoolUrn"]}" == place["school_urn"] && visit["on"] is not null));
            },
            "every school has a visit on a day");
        common["plan_id"] = Text(plan, "planId");
        await House.PostAsync(Deputy, $"/v1/plans/{common["plan_id"]}:publish", new JsonObject(), (string?)plan["etag"]);
        foreach (var place in places)
        {
            var standing = (await House.GetAsync(Deputy, $"/v1/visits?school_urn={place["school_urn"]}&page_size=500"))["visits"]!.AsArray();
            var visit = standing.First(candidate => candidate!["on"] is not null)!;
            place["visit_id"] = Text(visit, "visitId");
            await House.PostAsync(Deputy, $"/v1/visits/{place["visit_id"]}:hold", new JsonObject(), (string?)visit["etag"]);
            await House.PostAsync(Deputy, $"/v1/visits/{place["visit_id"]}/findings", Bodies.Finding());
            var action = await House.PostAsync(Deputy, $"/v1/visits/{place["visit_id"]}/actions", Bodies.VisitAction(new Place(common, place)));
            place["agreed_action_id"] = Text(action, "action", "actionId");
            var series = (await House.GetAsync(Deputy, $"/v1/meeting-series?school_urn={place["school_urn"]}"))["series"]!.AsArray();
            place["series_id"] = Text(series[0]!, "seriesId");
            var meetings = (await House.GetAsync(Deputy, $"/v1/meeting-series/{place["series_id"]}/meetings"))["meetings"]!.AsArray();
            place["meeting_id"] = Text(meetings[0]!, "meetingId");
        }
    }

    // Half of the pupils have free school meals; the last row has a date of birth that cannot be.
    private string Roster(int urn, out List<string> upns)
    {
        upns = [];
        var file = new StringBuilder("UPN,URN,Forename,Surname,DOB,Sex,Year group,Class,FSM\n");
        for (var at = 0; at < PupilsPerSchool; at++)
        {
            upns.Add(NewUpn());
            file.AppendLine(CultureInfo.InvariantCulture, $"{upns[^1]},{urn},Pupil{at},Of{urn},{now.StartYear - 9}-10-0{at + 1},F,4,4A,{(at % 2 == 0 ? 'Y' : 'N')}");
        }

        return file.Append(CultureInfo.InvariantCulture, $"{NewUpn()},{urn},Late,Of{urn},2999-01-01,F,4,4A,N\n").ToString();
    }

    private string NewUpn() => Upn.FromBody($"8012000{++serial:00000}").ToString();

    private static string Text(JsonNode node, params string[] path) =>
        path.Aggregate(node, (at, name) => at[name] ?? throw new InvalidOperationException($"no {name} in {at.ToJsonString()}")).ToString();

    private static string InPath(AcademicYear year) => year.ToString().Replace('/', '-');

    private static string Iso(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static DateOnly Later(DateOnly first, DateOnly second) => first > second ? first : second;

    private static DateOnly Earlier(DateOnly first, DateOnly second) => first < second ? first : second;
}

/// <summary>The ids by which a request may name things of one school, and those that all schools share.</summary>
/// <param name="common">What is shared: test, collection, plan, days.</param>
/// <param name="own">What belongs to the school.</param>
public sealed class Place(IReadOnlyDictionary<string, string> common, IReadOnlyDictionary<string, string> own)
{
    /// <summary>Names of ids that lead to one pupil.</summary>
    public static readonly string[] OfPupils = ["pupil_id", "other_pupil_id", "result_id", "fact_id"];

    /// <summary>Those ids.</summary>
    public IEnumerable<string> PupilMarks => OfPupils.Select(name => this[name]);

    /// <summary>An id by its name in the contracts.</summary>
    public string this[string name] => own.TryGetValue(name, out var value) ? value : common[name];

    /// <summary>The school.</summary>
    public int Urn => int.Parse(this["school_urn"], CultureInfo.InvariantCulture);

    /// <summary>What of the school must not show to those who may not see it. Its head may: heads are on the teams that review other schools.</summary>
    public IEnumerable<string> Marks => own.Where(pair => pair.Key != "person_id").Select(pair => pair.Value);
}
