using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using GoldenThread.Demo.Trust;

namespace GoldenThread.Demo.Seeding;

/// <summary>What the parts of seeding share: the trust, the people who act, and the ids that the services gave.</summary>
/// <param name="trust">The demo trust.</param>
/// <param name="packs">Folder of the packs.</param>
/// <param name="identityOf">Who a demo person is at the issuer.</param>
/// <param name="today">Today (Europe/London).</param>
/// <param name="apiOf">The API in the name of a demo person.</param>
/// <param name="say">Told what was done.</param>
public sealed class SeedContext(
    DemoTrust trust, string packs, Func<string, Identity> identityOf, DateOnly today, Func<string, Task<RestApi>> apiOf, Action<string> say)
{
    /// <summary>How long events may take to arrive.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly ConcurrentDictionary<string, Task<RestApi>> apis = new(StringComparer.Ordinal);

    /// <summary>The demo trust.</summary>
    public DemoTrust Trust { get; } = trust;

    /// <summary>Today (Europe/London).</summary>
    public DateOnly Today { get; } = today;

    /// <summary>Ids of people by <see cref="DemoStaff.Key"/>.</summary>
    public ConcurrentDictionary<string, string> People { get; } = new(StringComparer.Ordinal);

    /// <summary>Ids of collections by name.</summary>
    public Dictionary<string, string> Collections { get; } = new(StringComparer.Ordinal);

    /// <summary>Signs a demo person in once and keeps the token.</summary>
    public Task<RestApi> AsAsync(string person) => apis.GetOrAdd(person, apiOf);

    /// <summary>Who a demo person is at the issuer.</summary>
    public Identity IdentityOf(string signIn) => identityOf(signIn);

    /// <summary>Reads a file of the packs.</summary>
    public string ReadPack(string relative) => File.ReadAllText(Path.Combine(packs, relative));

    /// <summary>Tells what was done.</summary>
    public void Say(string what) => say(what);

    /// <summary>Does something for each, several at once.</summary>
    public static Task EachAsync<T>(IEnumerable<T> things, Func<T, CancellationToken, ValueTask> work, CancellationToken ct) =>
        Parallel.ForEachAsync(things, new ParallelOptions { MaxDegreeOfParallelism = 6, CancellationToken = ct }, work);

    /// <summary>A day as the API has it.</summary>
    public static string Iso(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>An academic year as a path has it: 2025-26.</summary>
    public static string InPath(string academicYear) => academicYear.Replace('/', '-');

    /// <summary>Texts as JSON.</summary>
    public static JsonArray Array(IEnumerable<string> texts) => [.. texts.Select(text => (JsonNode)JsonValue.Create(text))];
}
