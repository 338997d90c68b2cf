using System.Globalization;
using System.Text.Json.Nodes;
using GoldenThread.Demo.Trust;
using GoldenThread.Education;

namespace GoldenThread.Demo.Seeding;

/// <summary>Threads on gaps of disadvantaged pupils: some well under way, some whose actions are overdue, one closed.</summary>
internal static class ThreadSeeding
{
    private const string Group = "disadvantaged";
    private const string Subject = "reading";
    private const int MostTargets = 8;
    private const int ReviewInDays = 42;
    private const string Reading = "Small-group reading with a trained adult, three times a week.";
    private const string Checking = "Check fluency every fortnight and change the group by what is found.";

    private sealed record Planned(int Urn, string YearGroup, string Collection, string Objective, bool IsOverdue, bool IsClosed);

    private static readonly Planned[] Threads =
    [
        new(900101, "4", "Spring 2026", "Close half of the reading gap of disadvantaged pupils in Year 4 by Easter.", IsOverdue: false, IsClosed: false),
        new(900103, "3", "Spring 2026", "Disadvantaged pupils of Year 3 read as fluently as the rest of their year.", IsOverdue: false, IsClosed: false),
        new(900104, "5", "Spring 2026", "Stop the fall of disadvantaged readers in Year 5.", IsOverdue: true, IsClosed: false),
        new(900106, "4", "Spring 2026", "Every disadvantaged pupil of Year 4 reads to an adult four times a week.", IsOverdue: true, IsClosed: false),
        new(900107, "2", "Autumn 2025", "Disadvantaged pupils of Year 2 finish the phonics programme.", IsOverdue: false, IsClosed: true),
    ];

    // Looks before each step whether an earlier run has done it: that run may have been interrupted anywhere.
    public static async Task AllAsync(SeedContext seed, CancellationToken ct)
    {
        var api = await seed.AsAsync("data-lead");
        var opened = 0;
        foreach (var planned in Threads.Where(thread => seed.Trust.Pack.Schools.Any(school => school.Urn == thread.Urn)))
        {
            var known = await api.ListAsync($"v1/schools/{planned.Urn}/threads?pageSize=200", "threads", ct);
            var thread = known.Find(thread => thread["objective"]!.GetValue<string>() == planned.Objective);
            if (thread is null)
            {
                await WaitForGapAsync(seed, api, planned, ct);
                thread = await OpenAsync(seed, api, planned, ct);
                opened++;
            }

            if (thread["state"]!.GetValue<string>() == "THREAD_STATE_OPEN")
                await WorkOnAsync(seed, api, planned, thread, ct);
        }

        seed.Say($"{opened} threads opened");
    }

    // The gap is measured over all that were handed in, once all of them have reached tracking.
    private static async Task WaitForGapAsync(SeedContext seed, RestApi api, Planned planned, CancellationToken ct)
    {
        var collection = seed.Trust.Pack.Collections.First(c => c.Name == planned.Collection);
        var expected = seed.Trust.Results(collection)
            .Count(result => result.Pupil.SchoolUrn == planned.Urn && result.YearGroup == planned.YearGroup && result.Subject == Subject);
        var path = $"v1/gaps/{Group}?collectionId={seed.Collections[planned.Collection]}&subject={Subject}&schoolUrn={planned.Urn}&yearGroup={planned.YearGroup}";
        await Waiting.UntilAsync($"tracking has all {expected} entries of {planned.Collection} at {planned.Urn}", async () =>
        {
            if (await api.FindAsync(path, ct) is not { } answer) return false;
            var gap = answer["gap"]!;
            return gap["inGroup"]!["pupils"]!.GetValue<int>() + gap["others"]!["pupils"]!.GetValue<int>() == expected;
        }, SeedContext.Patience, ct);
    }

    private static async Task<JsonObject> OpenAsync(SeedContext seed, RestApi api, Planned planned, CancellationToken ct)
    {
        var answer = await api.PostAsync($"v1/schools/{planned.Urn}/threads", new JsonObject
        {
            ["group"] = Group,
            ["subject"] = Subject,
            ["collectionId"] = seed.Collections[planned.Collection],
            ["yearGroup"] = planned.YearGroup,
            ["objective"] = planned.Objective,
            ["ownerPersonId"] = OwnerOf(seed, planned),
            ["reviewOn"] = SeedContext.Iso(seed.Today.AddDays(ReviewInDays)),
            ["targetPupilIds"] = SeedContext.Array(await TargetsAsync(seed, api, planned, ct)),
        }, ct);
        return answer["thread"]!.AsObject();
    }

    private static async Task WorkOnAsync(SeedContext seed, RestApi api, Planned planned, JsonObject thread, CancellationToken ct)
    {
        var owner = OwnerOf(seed, planned);
        var first = planned.IsOverdue ? seed.Today.AddDays(-24) : seed.Today.AddDays(14);
        thread = await AgreeAsync(api, thread, Reading, owner, first, ct);
        thread = await AgreeAsync(api, thread, Checking, owner, seed.Today.AddDays(28), ct);
        if (planned.IsClosed)
            await SettleAndCloseAsync(api, thread, ct);
        else if (!planned.IsOverdue)
            await SettleAsync(api, thread, Action(thread, Reading)!, "Started in the first week of term; all pupils attend.", ct);
    }

    private static string OwnerOf(SeedContext seed, Planned planned) => seed.People[$"head {planned.Urn}"];

    // The pupils of that year group then, a year older now; the same ones each time, by UPN.
    private static async Task<IEnumerable<string>> TargetsAsync(SeedContext seed, RestApi api, Planned planned, CancellationToken ct)
    {
        var collection = seed.Trust.Pack.Collections.First(c => c.Name == planned.Collection);
        var yearsSince = AcademicYear.Parse(seed.Trust.Today.AcademicYear).StartYear - AcademicYear.Parse(collection.AcademicYear).StartYear;
        var now = int.Parse(planned.YearGroup, CultureInfo.InvariantCulture) + yearsSince;
        var pupils = await api.ListAsync($"v1/schools/{planned.Urn}/pupils?group={Group}&yearGroup={now}&pageSize=500", "pupils", ct);
        return pupils.OrderBy(pupil => pupil["upn"]!.GetValue<string>(), StringComparer.Ordinal).Take(MostTargets).Select(pupil => pupil["pupilId"]!.GetValue<string>());
    }

    private static JsonObject? Action(JsonObject thread, string what) =>
        (thread["actions"]?.AsArray() ?? []).Select(action => action!.AsObject()).FirstOrDefault(action => action["what"]!.GetValue<string>() == what);

    private static async Task<JsonObject> AgreeAsync(RestApi api, JsonObject thread, string what, string owner, DateOnly dueOn, CancellationToken ct)
    {
        if (Action(thread, what) is not null) return thread;
        var body = new JsonObject { ["what"] = what, ["ownerPersonId"] = owner, ["dueOn"] = SeedContext.Iso(dueOn) };
        return (await api.PostAsync($"v1/threads/{thread["threadId"]}/actions", body, ct))["thread"]!.AsObject();
    }

    private static async Task<JsonObject> SettleAsync(RestApi api, JsonObject thread, JsonObject action, string note, CancellationToken ct)
    {
        if (action["state"]!.GetValue<string>() != "ACTION_STATE_OPEN") return thread;
        var body = new JsonObject { ["state"] = "ACTION_STATE_DONE", ["note"] = note };
        var path = $"v1/threads/{thread["threadId"]}/actions/{action["actionId"]}:settle";
        return (await api.PostAsync(path, body, ct, thread["etag"]!.GetValue<string>()))["thread"]!.AsObject();
    }

    private static async Task SettleAndCloseAsync(RestApi api, JsonObject thread, CancellationToken ct)
    {
        foreach (var action in thread["actions"]!.AsArray().Select(action => action!.AsObject()).ToList())
        {
            thread = await SettleAsync(api, thread, action, "Done as agreed.", ct);
        }

        var body = new JsonObject { ["outcome"] = "All but one pupil finished the programme; the one goes on with it in Year 3." };
        await api.PostAsync($"v1/threads/{thread["threadId"]}:close", body, ct, thread["etag"]!.GetValue<string>());
    }
}
