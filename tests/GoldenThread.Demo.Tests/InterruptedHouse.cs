using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Web;
using GoldenThread.Demo.Seeding;
using GoldenThread.Demo.Trust;

namespace GoldenThread.Demo.Tests;

/// <summary>
/// Threads and visits as the API has them, and a connection that breaks after so many writes. Knows no idempotency keys, as the gateway forgets them
/// after a week. The tour sends the same to the real services.
/// </summary>
internal sealed class InterruptedHouse(DemoTrust trust) : HttpMessageHandler
{
    private static readonly Dictionary<string, int> Entries = [];

    private readonly List<JsonObject> threads = [];
    private readonly List<JsonObject> findings = [];
    private readonly List<JsonObject> agreed = [];
    private readonly List<JsonObject> visits = [.. Enumerable.Range(0, 14).Select(at => new JsonObject
    {
        ["visitId"] = $"visit-{at}",
        ["etag"] = "0",
        ["schoolUrn"] = trust.Pack.Schools[at % trust.Pack.Schools.Count].Urn,
        ["entitlement"] = at % 2 == 0 ? "attendance-review" : "quality-assurance",
        ["state"] = at == 5 ? "VISIT_STATE_CANCELLED" : "VISIT_STATE_PLANNED",
        ["on"] = "2026-10-01",
    })];

    /// <summary>Writes so far.</summary>
    public int Writes { get; private set; }

    /// <summary>The write after whose effect the connection breaks; none where null.</summary>
    public int? BreaksAfter { get; set; }

    /// <summary>Everything there is, as text.</summary>
    public string Everything() => new JsonArray([.. threads.Concat(visits).Concat(findings).Concat(agreed).Select(thing => thing.DeepClone())]).ToString();

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken ct)
    {
        var path = request.RequestUri!.AbsolutePath.TrimStart('/').Split('/');
        var query = HttpUtility.ParseQueryString(request.RequestUri.Query);
        if (request.Method == HttpMethod.Get)
            return Answer(Read(path, query));
        var body = JsonNode.Parse(await request.Content!.ReadAsStringAsync(ct))!.AsObject();
        var etag = request.Headers.TryGetValues("If-Match", out var values) ? values.Single() : null;
        var answer = Write(path, body, etag);
        return ++Writes == BreaksAfter ? throw new HttpRequestException("the connection broke") : Answer(answer);
    }

    private JsonObject Read(string[] path, System.Collections.Specialized.NameValueCollection query) => path switch
    {
        ["v1", "schools", var urn, "threads"] => List("threads", threads.Where(thread => thread["schoolUrn"]!.ToString() == urn)),
        ["v1", "schools", _, "pupils"] => List("pupils", [new JsonObject { ["upn"] = "A", ["pupilId"] = "pupil" }]),
        ["v1", "gaps", _] => new JsonObject
        {
            ["gap"] = new JsonObject
            {
                ["inGroup"] = new JsonObject { ["pupils"] = 0 },
                ["others"] = new JsonObject { ["pupils"] = EntriesOf(query["collectionId"]!, int.Parse(query["schoolUrn"]!), query["yearGroup"]!) },
            },
        },
        ["v1", "visits"] => List("visits", visits),
        ["v1", "visits", var id, "findings"] => List("findings", findings.Where(finding => finding["visitId"]!.ToString() == id)),
        ["v1", "agreed-actions"] => List("actions", agreed.Where(action => action["visitId"]!.ToString() == query["visitId"])),
        _ => throw new InvalidOperationException(string.Join('/', path)),
    };

    private JsonObject Write(string[] path, JsonObject body, string? etag) => path switch
    {
        ["v1", "schools", var urn, "threads"] => Of("thread", Add(threads, "thread", body,
            thread => (thread["schoolUrn"], thread["state"], thread["actions"]) = (int.Parse(urn), "THREAD_STATE_OPEN", new JsonArray()))),
        ["v1", "threads", var id, "actions"] => Of("thread", Change(threads, "threadId", id, null, thread =>
        {
            var actions = thread["actions"]!.AsArray();
            (body["actionId"], body["state"]) = ($"{id}-{actions.Count}", "ACTION_STATE_OPEN");
            // Earliest due first.
            actions.Insert(actions.Count(action => string.CompareOrdinal(action!["dueOn"]!.ToString(), body["dueOn"]!.ToString()) <= 0), body);
        })),
        ["v1", "threads", var id, "actions", var settle] => Of("thread", Change(threads, "threadId", id, etag, thread =>
        {
            var action = thread["actions"]!.AsArray().Single(action => $"{action!["actionId"]}:settle" == settle)!;
            Assert.Equal("ACTION_STATE_OPEN", action["state"]!.ToString());
            (action["state"], action["note"]) = (body["state"]!.ToString(), body["note"]!.ToString());
        })),
        ["v1", "threads", var close] => Of("thread", Change(threads, "threadId", close.Split(':')[0], etag, thread =>
        {
            Assert.DoesNotContain(thread["actions"]!.AsArray(), action => action!["state"]!.ToString() == "ACTION_STATE_OPEN");
            (thread["state"], thread["outcome"]) = ("THREAD_STATE_CLOSED", body["outcome"]!.ToString());
        })),
        ["v1", "visits", var id, "findings"] => Of("finding", Add(findings, "finding", body, finding => finding["visitId"] = id)),
        ["v1", "visits", var id, "actions"] => Of("action", Add(agreed, "action", body, action => action["visitId"] = id)),
        ["v1", "visits", var hold] => Of("visit", Change(visits, "visitId", hold.Split(':')[0], etag, visit => visit["state"] = "VISIT_STATE_HELD")),
        ["v1", "agreed-actions", var complete] => Of("action", Change(agreed, "actionId", complete.Split(':')[0], etag, action =>
        {
            Assert.Null(action["doneOn"]);
            action["doneOn"] = body["doneOn"]!.ToString();
        })),
        _ => throw new InvalidOperationException(string.Join('/', path)),
    };

    // Expected at a school in a year group, as the services would count it.
    private int EntriesOf(string collection, int urn, string year)
    {
        var key = $"{collection} {urn} {year}";
        if (!Entries.TryGetValue(key, out var count))
        {
            var results = trust.Results(trust.Pack.Collections.First(c => c.Name == collection));
            Entries[key] = count = results.Count(result => result.Pupil.SchoolUrn == urn && result.YearGroup == year && result.Subject == "reading");
        }

        return count;
    }

    private static JsonObject Add(List<JsonObject> things, string kind, JsonObject body, Action<JsonObject> fill)
    {
        (body[$"{kind}Id"], body["etag"]) = ($"{kind}-{things.Count}", "0");
        fill(body);
        things.Add(body);
        return body;
    }

    private static JsonObject Change(List<JsonObject> things, string idField, string id, string? etag, Action<JsonObject> change)
    {
        var thing = things.Single(thing => thing[idField]!.ToString() == id);
        if (etag is not null) Assert.Equal(thing["etag"]!.ToString(), etag);
        change(thing);
        thing["etag"] = $"{int.Parse(thing["etag"]!.ToString()) + 1}";
        return thing;
    }

    private static JsonObject Of(string field, JsonObject thing) => new() { [field] = thing.DeepClone() };

    private static JsonObject List(string field, IEnumerable<JsonObject> things) => new() { [field] = new JsonArray([.. things.Select(thing => thing.DeepClone())]) };

    private static HttpResponseMessage Answer(JsonObject body) =>
        new(HttpStatusCode.OK) { Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json") };
}
