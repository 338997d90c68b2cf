using System.Security.Cryptography;
using System.Text.Json;
using GoldenThread.Reviews.Plans.Planning;

namespace GoldenThread.Reviews.Plans;

/// <summary>Where a plan stands. Numbers as in the contract.</summary>
public enum PlanState
{
    /// <summary>Made, not in force.</summary>
    Draft = 1,

    /// <summary>In force.</summary>
    Published = 2,

    /// <summary>Was in force until a later one was published.</summary>
    Superseded = 3,
}

/// <summary>A plan without its visits.</summary>
internal sealed record PlanRecord
{
    public required Guid PlanId { get; init; }

    public required string AcademicYear { get; init; }

    public required long Version { get; init; }

    public required short State { get; init; }

    public required int Seed { get; init; }

    public required string InputHash { get; init; }

    public required double Cost { get; init; }

    public required long OfferVersion { get; init; }

    public required DateOnly PlanFrom { get; init; }

    public required int VisitsOwed { get; init; }

    public required int VisitsPlaced { get; init; }

    public required int VisitsUnplaced { get; init; }

    public required int VisitsKept { get; init; }

    public required int VisitsChanged { get; init; }

    public required int Meetings { get; init; }

    public required string Shortages { get; init; }

    public required string IncompleteSeries { get; init; }

    public required int[] SchoolsWithoutCategory { get; init; }

    public Guid? AuthorPersonId { get; init; }

    /// <summary>Hash of the visits in force that it was made from; null for plans made before it was kept.</summary>
    public string? VisitsHash { get; init; }

    public required DateTimeOffset MadeAt { get; init; }

    public DateTimeOffset? PublishedAt { get; init; }

    /// <summary>The proved shortages.</summary>
    public IReadOnlyList<Shortage> ShortageList => JsonSerializer.Deserialize<List<Shortage>>(Shortages) ?? [];

    /// <summary>The series that are not counted for the whole year.</summary>
    public IReadOnlyList<IncompleteSeries> IncompleteSeriesList => JsonSerializer.Deserialize<List<IncompleteSeries>>(IncompleteSeries) ?? [];

    /// <summary>A draft of a plan that was just made; what it changes is counted when it is written.</summary>
    public static PlanRecord Draft(PlanInput input, YearPlan plan, Guid? author, DateTimeOffset madeAt) => new()
    {
        PlanId = Guid.CreateVersion7(),
        AcademicYear = input.AcademicYear,
        Version = 1,
        State = (short)PlanState.Draft,
        Seed = input.Seed,
        InputHash = HashOf(input),
        Cost = plan.Cost,
        OfferVersion = input.Offer.Version,
        PlanFrom = input.PlanFrom,
        VisitsOwed = plan.Visits.Count,
        VisitsPlaced = plan.Visits.Count(v => v.On is not null),
        VisitsUnplaced = plan.Visits.Count(v => v.On is null),
        VisitsKept = plan.Visits.Count(v => v.Kept),
        VisitsChanged = 0,
        Meetings = plan.Meetings.Count,
        Shortages = JsonSerializer.Serialize(plan.Shortages),
        IncompleteSeries = JsonSerializer.Serialize(plan.IncompleteSeries),
        SchoolsWithoutCategory = input.Schools.Where(s => s.Category is null).Select(s => s.Urn).ToArray(),
        AuthorPersonId = author,
        VisitsHash = HashOfVisits(input),
        MadeAt = madeAt,
    };

    /// <summary>SHA-256 of the visits in force that a plan may move.</summary>
    public static string HashOfVisits(PlanInput input) =>
        Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(input.Current)));

    /// <summary>SHA-256 of everything the plan was made from, seed included.</summary>
    private static string HashOf(PlanInput input) => Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(input)));
}
