using GoldenThread.Reporting.Disclosure;
using GoldenThread.Reporting.V1;
using GoldenThread.Statistics;
using ShownFigure = GoldenThread.Type.V1.Figure;

namespace GoldenThread.Reporting.Benchmarks;

/// <summary>Published figures as they leave the service.</summary>
internal static class BenchmarkProto
{
    private static readonly Dictionary<string, string> Words = new()
    {
        ["SUPPRESSED_AT_SOURCE"] = "The publisher suppressed it.",
        ["NOT_APPLICABLE"] = "The publisher says that it does not apply.",
        ["NOT_AVAILABLE"] = "The publisher says that it is not available.",
        ["NEW_SCHOOL"] = "The publisher gave none for a new school.",
        ["LOW_COVERAGE"] = "The publisher gave none: too few pupils are covered.",
    };

    /// <summary>A benchmark.</summary>
    public static Benchmark ToProto(this BenchmarkRow row) => new()
    {
        Measure = row.Measure,
        Breakdown = row.Breakdown,
        AcademicYearEnding = row.AcademicYearEnding,
        Figure = Figure(row),
        Unit = row.Unit,
        Release = row.Release,
        Source = row.Source,
        Geography = (Geography)row.Geography,
        Area = row.Area,
        AreaName = row.AreaName,
    };

    /// <summary>A school's published measure.</summary>
    public static PublishedMeasure ToMeasure(this BenchmarkRow row, int presentUrn)
    {
        var measure = new PublishedMeasure
        {
            SchoolUrn = presentUrn,
            PublishedUrn = int.Parse(row.Area, System.Globalization.CultureInfo.InvariantCulture),
            Measure = row.Measure,
            Breakdown = row.Breakdown,
            AcademicYearEnding = row.AcademicYearEnding,
            Published = Figure(row),
            Unit = row.Unit,
            Release = row.Release,
            Source = row.Source,
        };
        if (row.Pupils is { } pupils)
        {
            measure.Pupils = pupils;
        }

        if (Recomputed(row) is { } recomputed)
        {
            measure.Recomputed = recomputed;
        }

        return measure;
    }

    /// <summary>
    /// The interval worked out again: 1.96 × national standard deviation ÷ √pupils (DfE, primary school accountability, 2017: the 95%
    /// confidence interval of a progress measure).
    /// </summary>
    private static ShownFigure? Recomputed(BenchmarkRow row)
    {
        if (row is not { Value: { } value, Pupils: > 0 and var pupils, NationalSd: > 0 and var sd })
        {
            return null;
        }

        var half = Confidence.Z() * sd / Math.Sqrt(pupils);
        return Shown.Of(Statistics.Figure.Between((double)value - half, (double)value, (double)value + half));
    }

    private static ShownFigure Figure(BenchmarkRow row) => row switch
    {
        { Withheld: { } reason } => Shown.Redacted(reason, Words.GetValueOrDefault(reason, "The publisher gave none.")),
        { Value: { } value, Low: { } low, High: { } high } =>
            new() { Estimate = new() { Low = (double)low, Point = (double)value, High = (double)high } },
        { Value: { } value } => Shown.Value((double)value),
        _ => throw new InvalidOperationException("A published figure has neither a value nor a reason for its absence."),
    };
}
