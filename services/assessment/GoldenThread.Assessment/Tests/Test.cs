using GoldenThread.Assessment.Scales;
using GoldenThread.Assessment.V1;
using GoldenThread.ServiceDefaults;

namespace GoldenThread.Assessment.Tests;

/// <summary>A test or a judgement, with what it takes from its scale.</summary>
internal sealed record TestDefinition
{
    private const int LongestName = 100;
    private const int LongestBandName = 60;
    private const int MostBands = 20;

    public required Guid TestId { get; init; }

    public required string Name { get; init; }

    public required string Subject { get; init; }

    public required string Scale { get; init; }

    public required decimal LowestScore { get; init; }

    public required decimal HighestScore { get; init; }

    public decimal? Mean { get; init; }

    public decimal? StandardDeviation { get; init; }

    /// <summary>0–1, both excluded; null where unknown.</summary>
    public decimal? Reliability { get; init; }

    public decimal? ExpectedFrom { get; init; }

    public required IReadOnlyList<BandDefinition> Bands { get; init; }

    public required string[] YearGroups { get; init; }

    public required IReadOnlyList<CodeDefinition> Codes { get; init; }

    /// <summary>Whether it is the national assessment itself, and no practice paper on its scale.</summary>
    public required bool Statutory { get; init; }

    public long Version { get; init; }

    /// <summary>Reads and checks what a caller defines on a scale.</summary>
    public static TestDefinition From(CreateTestRequest request, Guid testId, ScaleDefinition scale)
    {
        var test = new TestDefinition
        {
            TestId = testId,
            Name = Fields.Text(request.Name, "name", LongestName),
            Subject = AssessmentFields.Code(request.Subject, "subject"),
            Scale = scale.Code,
            LowestScore = scale.LowestScore,
            HighestScore = scale.HighestScore,
            Mean = scale.Mean,
            StandardDeviation = scale.StandardDeviation,
            Reliability = request.HasReliability ? Fields.Decimal(request.Reliability, "reliability") : null,
            ExpectedFrom = request.HasExpectedFrom ? Fields.Decimal(request.ExpectedFrom, "expected_from") : null,
            Bands = BandsFrom(request.Bands),
            YearGroups = AssessmentFields.YearGroups(request.YearGroups, "year_groups"),
            Codes = scale.Codes,
            Statutory = request.Statutory,
            Version = 1,
        };
        test.Check();
        return test;
    }

    /// <summary>The test with what a caller changes.</summary>
    public TestDefinition With(UpdateTestRequest request)
    {
        var test = this with
        {
            Name = request.HasName ? Fields.Text(request.Name, "name", LongestName) : Name,
            Reliability = request.HasReliability ? OptionalNumber(request.Reliability, "reliability") : Reliability,
            ExpectedFrom = request.HasExpectedFrom ? OptionalNumber(request.ExpectedFrom, "expected_from") : ExpectedFrom,
            Bands = request.Bands is { } bands ? BandsFrom(bands.Bands) : Bands,
            YearGroups = request.YearGroups is { } years ? AssessmentFields.YearGroups(years.YearGroups, "year_groups") : YearGroups,
            Statutory = request.HasStatutory ? request.Statutory : Statutory,
            Version = Version + 1,
        };
        test.Check();
        return test;
    }

    /// <summary>What does not fit the scale, in words; null where all fits.</summary>
    public string? WhyBandsMisfit()
    {
        if (ExpectedFrom is { } expected && (expected < LowestScore || expected > HighestScore))
        {
            return $"The expected standard at {Numbers.Text(expected)} lies outside the scale.";
        }

        if (Bands.Count > 0 && Bands[0].FromScore != LowestScore)
        {
            return $"The first band must start at the scale's lowest score, {Numbers.Text(LowestScore)}.";
        }

        return Bands.Count > 0 && Bands[^1].FromScore > HighestScore ? $"The band \"{Bands[^1].Name}\" starts above the scale's highest score." : null;
    }

    private void Check()
    {
        if (Reliability is <= 0 or >= 1)
        {
            throw Errors.TestInvalid("reliability", "A reliability lies between 0 and 1, as the publisher states it; leave it out where it is unknown.");
        }

        if (Bands.Count > MostBands)
        {
            throw Errors.TestInvalid("bands", $"A test has at most {MostBands} bands.");
        }

        for (var i = 1; i < Bands.Count; i++)
        {
            if (Bands[i].FromScore <= Bands[i - 1].FromScore)
            {
                throw Errors.TestInvalid($"bands[{i}].from_score", "Bands go from low to high: each starts above the one before.");
            }

            if (Bands[i].IsLow && !Bands[i - 1].IsLow)
            {
                throw Errors.TestInvalid($"bands[{i}].is_low", "The low bands come first: a low band cannot lie above one that is not.");
            }
        }

        if (WhyBandsMisfit() is { } why)
        {
            throw Errors.TestInvalid(Bands.Count > 0 ? "bands" : "expected_from", why);
        }
    }

    private static List<BandDefinition> BandsFrom(IEnumerable<Band> bands) =>
        bands.Select((band, i) => new BandDefinition
        {
            Name = Fields.Text(band.Name, $"bands[{i}].name", LongestBandName),
            FromScore = Fields.Decimal(band.FromScore, $"bands[{i}].from_score"),
            IsLow = band.IsLow,
        }).ToList();

    private static decimal? OptionalNumber(string text, string field) => text.Length == 0 ? null : Fields.Decimal(text, field);
}

/// <summary>One band: from its lowest score up to the next band.</summary>
internal sealed record BandDefinition
{
    public required string Name { get; init; }

    public required decimal FromScore { get; init; }

    public required bool IsLow { get; init; }
}
