using System.Globalization;
using GoldenThread.Reporting.V1;
using GoldenThread.Type.V1;
using ShownFigure = GoldenThread.Type.V1.Figure;

namespace GoldenThread.Reporting.Attainment;

/// <summary>Rows of attainment as lines of CSV (RFC 4180), safe to open in a spreadsheet.</summary>
internal static class AttainmentCsv
{
    private const string LineEnd = "\r\n";

    /// <summary>What a spreadsheet takes for the start of a formula.</summary>
    private const string FormulaStarts = "=+-@\t\r";

    private static readonly (string Name, Func<V1.Attainment, string> Cell)[] Columns =
    [
        ("collection_id", r => Text(r.CollectionId)),
        ("school_urn", r => r.HasSchoolUrn ? Number(r.SchoolUrn) : ""),
        ("school", r => Text(r.HasSchoolName ? r.SchoolName : r.HasSchoolUrn ? "" : "Trust")),
        ("year_group", r => Text(r.YearGroup)),
        ("subject", r => Text(r.Subject)),
        ("group", r => Text(r.GroupName)),
        ("pupils", r => Point(r.Figures.Pupils)),
        ("excluded", r => Point(r.Figures.Excluded)),
        ("percent_met", r => Point(r.Figures.PercentMet)),
        ("percent_met_low", r => Low(r.Figures.PercentMet)),
        ("percent_met_high", r => High(r.Figures.PercentMet)),
        ("mean_score", r => Point(r.Figures.MeanScore)),
        ("mean_score_low", r => Low(r.Figures.MeanScore)),
        ("mean_score_high", r => High(r.Figures.MeanScore)),
        ("comparator", r => Text(r.Comparator?.Name ?? "")),
        ("comparator_pupils", r => Point(r.Comparator?.Figures.Pupils)),
        ("comparator_percent_met", r => Point(r.Comparator?.Figures.PercentMet)),
        ("gap_percentage_points", r => Point(r.Comparator?.PercentagePoints)),
        ("gap_low", r => Low(r.Comparator?.PercentagePoints)),
        ("gap_high", r => High(r.Comparator?.PercentagePoints)),
        ("gap_whole_pupils", r => Point(r.Comparator?.WholePupils)),
        ("benchmark_percent", r => Point(First(r)?.Benchmark.Figure)),
        ("benchmark_difference", r => Point(First(r)?.Difference)),
        ("benchmark", r => First(r)?.Benchmark is { } b
            ? Text($"{b.Measure} {b.Breakdown} {b.AcademicYearEnding.ToString(CultureInfo.InvariantCulture)} {b.Release}; {b.Source}")
            : ""),
        ("benchmark_relation", r => First(r)?.Relation switch
        {
            BenchmarkRelation.Above => "above",
            BenchmarkRelation.NotDifferent => "not different",
            BenchmarkRelation.Below => "below",
            BenchmarkRelation.TooFew => "too few",
            _ => "",
        }),
        ("benchmark_cautions", r => Text(string.Join(' ', First(r)?.Cautions ?? []))),
        ("large_enough_to_judge", r => r.LargeEnoughToJudge ? "yes" : "no"),
    ];

    /// <summary>The header line.</summary>
    public static string Header { get; } = string.Join(',', Columns.Select(c => c.Name)) + LineEnd;

    /// <summary>A row as a line.</summary>
    public static string Line(V1.Attainment row) => string.Join(',', Columns.Select(c => c.Cell(row))) + LineEnd;

    private static BenchmarkComparison? First(V1.Attainment row) => row.Benchmarks.FirstOrDefault(b => b.Benchmark.Unit == "percent");

    private static string Point(ShownFigure? figure) => figure?.ShownCase switch
    {
        ShownFigure.ShownOneofCase.Value => Number(figure.Value),
        ShownFigure.ShownOneofCase.Estimate => Number(figure.Estimate.Point),
        ShownFigure.ShownOneofCase.Redacted => Text(Why(figure.Redacted)),
        _ => "",
    };

    /// <summary>The reason; where its detail tells numbers in place of the one that is missing ("3 of 4 pupils"), these too.</summary>
    private static string Why(Redacted redacted) =>
        redacted.Detail.Any(char.IsAsciiDigit) ? $"[{redacted.Reason}] {redacted.Detail}" : $"[{redacted.Reason}]";

    private static string Low(ShownFigure? figure) => figure?.Estimate is { } estimate ? Number(estimate.Low) : "";

    private static string High(ShownFigure? figure) => figure?.Estimate is { } estimate ? Number(estimate.High) : "";

    private static string Number(double number) => number.ToString("0.####", CultureInfo.InvariantCulture);

    /// <summary>A text: an apostrophe before what would be a formula, quotes where it needs them.</summary>
    internal static string Text(string text)
    {
        var safe = text.Length > 0 && FormulaStarts.Contains(text[0], StringComparison.Ordinal) ? "'" + text : text;
        return safe.AsSpan().IndexOfAny(",\"\r\n") >= 0 ? $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : safe;
    }
}
