using GoldenThread.Assessment.V1;
using GoldenThread.Education;
using GoldenThread.ServiceDefaults;

namespace GoldenThread.Assessment.Collections;

/// <summary>One window of results, for the whole trust.</summary>
internal sealed record CollectionPlan
{
    private const int LongestName = 100;
    private const int MostTests = 200;
    private const int LongestReason = 500;

    public required Guid CollectionId { get; init; }

    public required string Name { get; init; }

    public required AcademicYear AcademicYear { get; init; }

    public required DateOnly OpensOn { get; init; }

    public required DateOnly DueOn { get; init; }

    public required DateOnly LocksOn { get; init; }

    public DateTimeOffset? LockedAt { get; init; }

    public required IReadOnlyList<PlannedTest> Tests { get; init; }

    public long Version { get; init; }

    /// <summary>Reads and checks what a caller plans.</summary>
    public static CollectionPlan From(CreateCollectionRequest request, Guid collectionId)
    {
        var plan = new CollectionPlan
        {
            CollectionId = collectionId,
            Name = Fields.Text(request.Name, "name", LongestName),
            AcademicYear = AcademicYear.TryParse(request.AcademicYear, out var year, out var problem)
                ? year
                : throw Errors.CollectionInvalid("academic_year", problem),
            OpensOn = Fields.Day(request.OpensOn, "opens_on"),
            DueOn = Fields.Day(request.DueOn, "due_on"),
            LocksOn = Fields.Day(request.LocksOn, "locks_on"),
            Tests = TestsFrom(request.Tests),
            Version = 1,
        };
        plan.Check();
        return plan;
    }

    /// <summary>The collection with what a caller changes. FAILED_PRECONDITION once it is locked.</summary>
    public CollectionPlan With(UpdateCollectionRequest request)
    {
        if (LockedAt is not null)
        {
            throw Errors.CollectionLocked();
        }

        var plan = this with
        {
            Name = request.HasName ? Fields.Text(request.Name, "name", LongestName) : Name,
            OpensOn = request.HasOpensOn ? Fields.Day(request.OpensOn, "opens_on") : OpensOn,
            DueOn = request.HasDueOn ? Fields.Day(request.DueOn, "due_on") : DueOn,
            LocksOn = request.HasLocksOn ? Fields.Day(request.LocksOn, "locks_on") : LocksOn,
            Tests = request.Tests is { } tests ? TestsFrom(tests.Tests) : Tests,
            Version = Version + 1,
        };
        plan.Check();
        return plan;
    }

    /// <summary>The collection, locked. While entries are missing it takes an explicit yes and a reason.</summary>
    public CollectionPlan Lock(long missing, bool acceptMissing, string reason, DateTimeOffset at)
    {
        if (LockedAt is not null)
        {
            throw Errors.CollectionLocked();
        }

        if (missing > 0 && !acceptMissing)
        {
            throw Errors.EntriesMissing(missing);
        }

        if (missing > 0 && string.IsNullOrWhiteSpace(reason))
        {
            throw Errors.ReasonMissing();
        }

        _ = Fields.OptionalText(reason, "reason", LongestReason);
        return this with { LockedAt = at, Version = Version + 1 };
    }

    /// <summary>The collection, open again, for a reason.</summary>
    public CollectionPlan Unlock(string reason)
    {
        if (string.IsNullOrWhiteSpace(reason))
        {
            throw Errors.ReasonMissing();
        }

        _ = Fields.OptionalText(reason, "reason", LongestReason);
        return LockedAt is null ? throw Errors.CollectionNotLocked() : this with { LockedAt = null, Version = Version + 1 };
    }

    private void Check()
    {
        if (DueOn < OpensOn)
        {
            throw Errors.CollectionInvalid("due_on", "It cannot be due before it opens.");
        }

        if (LocksOn < DueOn)
        {
            throw Errors.CollectionInvalid("locks_on", "It cannot lock before it is due.");
        }

        if (!AcademicYear.Contains(OpensOn) || !AcademicYear.Contains(LocksOn))
        {
            throw Errors.CollectionInvalid("opens_on", $"Its days must lie in the academic year {AcademicYear}: {AcademicYear.FirstDay:d MMMM yyyy} to {AcademicYear.LastDay:d MMMM yyyy}.");
        }

        if (Tests.Count > MostTests)
        {
            throw Errors.CollectionInvalid("tests", $"A collection has at most {MostTests} tests.");
        }

        if (Tests.Select(t => t.TestId).Distinct().Count() != Tests.Count)
        {
            throw Errors.CollectionInvalid("tests", "The same test is given twice.");
        }
    }

    private static List<PlannedTest> TestsFrom(IEnumerable<CollectionTest> tests) =>
        tests.Select((test, i) => new PlannedTest
        {
            TestId = Fields.Id(test.TestId, $"tests[{i}].test_id"),
            YearGroups = AssessmentFields.YearGroups(test.YearGroups, $"tests[{i}].year_groups") is { Length: > 0 } years
                ? years
                : throw Errors.CollectionInvalid($"tests[{i}].year_groups", "Name at least one year group of which an entry is expected."),
        }).ToList();
}

/// <summary>A test of a collection, and of whom an entry is expected.</summary>
internal sealed record PlannedTest
{
    public required Guid TestId { get; init; }

    public required string[] YearGroups { get; init; }
}
