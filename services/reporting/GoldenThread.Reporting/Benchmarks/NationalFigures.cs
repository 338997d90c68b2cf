using GoldenThread.Reporting.V1;

namespace GoldenThread.Reporting.Benchmarks;

/// <summary>A published figure as it is kept.</summary>
internal sealed record BenchmarkRow
{
    public required short Geography { get; init; }

    public required string Area { get; init; }

    public required string AreaName { get; init; }

    public required string Measure { get; init; }

    public required string Breakdown { get; init; }

    public required int AcademicYearEnding { get; init; }

    public required string Release { get; init; }

    /// <summary>The figure; null where it was withheld.</summary>
    public decimal? Value { get; init; }

    public decimal? Low { get; init; }

    public decimal? High { get; init; }

    /// <summary>The reason why the publisher withheld it; null where there is a figure.</summary>
    public string? Withheld { get; init; }

    public required string Unit { get; init; }

    public required string Source { get; init; }

    /// <summary>Pupils behind it; null where unknown.</summary>
    public int? Pupils { get; init; }

    /// <summary>National standard deviation of the pupils' values; null where unknown.</summary>
    public double? NationalSd { get; init; }
}

/// <summary>A national figure that stands beside one of ours.</summary>
/// <param name="Subject">Subject of ours.</param>
/// <param name="YearGroup">Year group of ours.</param>
/// <param name="Shows">Which of our figures it stands beside.</param>
/// <param name="Scale">The scale of the measure: the figure stands beside results on it alone.</param>
/// <param name="Benchmark">The published figure.</param>
/// <param name="Cautions">What speaks against comparing.</param>
internal sealed record NationalFigure(
    string Subject, string YearGroup, string Shows, string Scale, BenchmarkRow Benchmark, IReadOnlyList<string> Cautions)
{
    /// <summary>Beside the percentage that met the expected standard.</summary>
    public const string PercentMet = "percent_met";
}

/// <summary>Results, of a school's year group on a scale, among which are some of a test that is not the national one.</summary>
internal sealed record OtherResults
{
    public required int SchoolUrn { get; init; }

    public required string Subject { get; init; }

    public required string YearGroup { get; init; }

    public required string Scale { get; init; }
}

/// <summary>The national figures for a collection's year.</summary>
/// <param name="figures">The figures.</param>
/// <param name="breakdowns">By group the breakdowns that stand beside it.</param>
/// <param name="others">Beside which results none stands, although they are on the scale: a practice paper is no national test.</param>
internal sealed class NationalFigures(
    IReadOnlyCollection<NationalFigure> figures, IReadOnlyDictionary<string, string[]> breakdowns, IReadOnlySet<OtherResults> others)
{
    private const string AllPupils = "all";

    /// <summary>Those for a cohort, or for a group in it: of the same group, and of the others.</summary>
    /// <param name="schools">Present URNs of the schools whose pupils they are.</param>
    /// <param name="subject">Subject.</param>
    /// <param name="yearGroup">Year group.</param>
    /// <param name="group">Group; "" for everybody.</param>
    /// <param name="scale">The one scale of all who count; empty where nobody does, null where two scales met: then nothing stands beside it.</param>
    public IEnumerable<NationalFigure> For(IEnumerable<int> schools, string subject, string yearGroup, string group, string? scale)
    {
        if (string.IsNullOrEmpty(scale) || schools.Any(school => others.Contains(
            new() { SchoolUrn = school, Subject = subject, YearGroup = yearGroup, Scale = scale })))
        {
            return [];
        }

        var wanted = group.Length == 0 ? [AllPupils] : breakdowns.GetValueOrDefault(group, []);
        return from breakdown in wanted
               from figure in figures
               where figure.Subject == subject && figure.YearGroup == yearGroup && figure.Scale == scale && figure.Benchmark.Breakdown == breakdown
               select figure;
    }
}
