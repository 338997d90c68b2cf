using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using GoldenThread.TestSupport;

namespace GoldenThread.EndToEnd.Tests;

/// <summary>A publisher's file of real figures: how the product is told to read it, and what a plain reading of its lines finds in it.</summary>
/// <param name="MappingId">Id of the mapping that reads it.</param>
/// <param name="Path">Where it lies in the shared data.</param>
/// <param name="YearEnding">The year in which the academic year of its figures ends.</param>
/// <param name="Areas">What its lines are about.</param>
/// <param name="Columns">The columns that are read.</param>
internal sealed partial record PublishedFile(string MappingId, string Path, int YearEnding, PublishedArea[] Areas, PublishedColumn[] Columns)
{
    private const string KeyStageTwoFolder = "real/ks2-performance-tables";
    private const string AllianceFolder = "real/golden-thread-alliance";

    private List<Dictionary<string, string>>? lines;

    /// <summary>Key stage 2 of 2016/17 in Hampshire and Surrey; both files end with the lines of England.</summary>
    public static PublishedFile[] KeyStageTwo { get; } = [KeyStageTwoOf("2016-850-ks2.csv"), KeyStageTwoOf("2016-936-ks2.csv")];

    /// <summary>Progress at the schools of the Golden Thread Alliance in 2018/19, under the URNs of that year.</summary>
    public static PublishedFile Alliance2019 { get; } = new(
        "gta-2019", $"{AllianceFolder}/gta_ks2_progress_2019_from_waiky8.csv", 2019, [new("GEOGRAPHY_SCHOOL", "URN", "SCHNAME")],
        [
            new("READPROG", "ks2_reading_progress", "points"),
            new("WRITPROG", "ks2_writing_progress", "points"),
            new("MATPROG", "ks2_maths_progress", "points"),
        ]);

    /// <summary>Attainment at four of its schools in 2024/25.</summary>
    public static PublishedFile Alliance2025 { get; } = new(
        "gta-2025", $"{AllianceFolder}/gta_ks2_2025_from_schools_json.csv", 2025, [new("GEOGRAPHY_SCHOOL", "URN", "NAME")],
        [
            new("PTRWM_EXP", "ks2_rwm_expected", "percent"),
            new("PTRWM_HIGH", "ks2_rwm_higher", "percent"),
            new("READ_AVERAGE", "ks2_reading_mean_scaled", "scaled_score"),
            new("MAT_AVERAGE", "ks2_maths_mean_scaled", "scaled_score"),
            new("GPS_AVERAGE", "ks2_gps_mean_scaled", "scaled_score"),
        ]);

    /// <summary>The Alliance as a whole in 2024/25.</summary>
    public static PublishedFile AllianceTrust { get; } = new(
        "gta-trust", $"{AllianceFolder}/england_ks2-mats-performance.csv", 2025, [new("GEOGRAPHY_TRUST", "TRUST_UID", "TRUST_NAME")],
        [
            new("PRWM_EXP_WGTAVG", "ks2_rwm_expected", "percent"),
            new("PRWM_EXP_WGTAVG_FSM6CLA1A", "ks2_rwm_expected", "percent") { Breakdown = "disadvantaged=yes" },
            new("PRWM_EXP_WGTAVG_NOTFSM6CLA1A", "ks2_rwm_expected", "percent") { Breakdown = "disadvantaged=no" },
        ]);

    /// <summary>The lines of the file, by column.</summary>
    public List<Dictionary<string, string>> Lines => lines ??= Read(Path);

    /// <summary>The figures of one kind of area, without the blank cells.</summary>
    public IEnumerable<RawFigure> Figures(string geography) =>
        from line in Lines
        from area in Areas
        where area.Geography == geography && (area.RecordTypes.Length == 0 || area.RecordTypes.Contains(line["RECTYPE"]))
        from column in Columns
        where line[column.Name].Length > 0
        select new RawFigure(line, area.Column.Length == 0 ? "" : line[area.Column], YearEnding, column);

    /// <summary>All its figures.</summary>
    public IEnumerable<RawFigure> Figures() => Areas.SelectMany(area => Figures(area.Geography));

    /// <summary>The mapping, as a caller would write it.</summary>
    public JsonObject Mapping() => new()
    {
        ["academicYearEnding"] = YearEnding,
        ["source"] = "DfE performance tables",
        ["release"] = "final",
        ["areas"] = new JsonArray([.. Areas.Select(area => (JsonNode)area.ToJson())]),
        ["measures"] = new JsonArray([.. Columns.Select(column => (JsonNode)column.ToJson())]),
    };

    /// <summary>The file as it is, to the byte.</summary>
    public ByteArrayContent Content() =>
        new(File.ReadAllBytes(SharedData.Path(Path))) { Headers = { ContentType = new MediaTypeHeaderValue("text/csv") } };

    // The quoted cells, in which commas stand, are not among those that are read.
    internal static List<Dictionary<string, string>> Read(string path)
    {
        var lines = File.ReadAllLines(SharedData.Path(path)).Where(line => line.Length > 0)
            .Select(line => Quoted().Replace(line.TrimStart('\uFEFF'), "quoted").Split(',')).ToList();
        return [.. lines.Skip(1).Select(cells => lines[0].Select((name, at) => (name, at))
            .ToDictionary(column => column.name, column => column.at < cells.Length ? cells[column.at].Trim() : ""))];
    }

    private static PublishedFile KeyStageTwoOf(string name) => new(
        "ks2-2017", $"{KeyStageTwoFolder}/{name}", 2017,
        [
            new("GEOGRAPHY_SCHOOL", "URN", "SCHNAME", "1", "2"),
            new("GEOGRAPHY_LOCAL_AUTHORITY", "LEA", "SCHNAME", "3"),
            new("GEOGRAPHY_NATIONAL", "", "", "5"),
        ],
        [
            new("TOTPUPS", "school_pupils", "pupils"),
            new("PTRWM_EXP", "ks2_rwm_expected", "percent"),
            new("PTRWM_EXP_FSM6CLA1A", "ks2_rwm_expected", "percent") { Breakdown = "disadvantaged=yes" },
            new("PTRWM_EXP_NotFSM6CLA1A", "ks2_rwm_expected", "percent") { Breakdown = "disadvantaged=no" },
            new("PTRWM_EXP_EAL", "ks2_rwm_expected", "percent") { Breakdown = "language=eal" },
            new("PTREAD_EXP", "ks2_reading_expected", "percent"),
            new("PTMAT_EXP", "ks2_maths_expected", "percent"),
            // National standard deviations of the pupils' progress scores, 2017.
            Progress("READ", "reading", 6.23),
            Progress("WRIT", "writing", 6.04),
            Progress("MAT", "maths", 5.63),
        ]);

    private static PublishedColumn Progress(string prefix, string subject, double nationalSd) => new($"{prefix}PROG", $"ks2_{subject}_progress", "points")
    {
        Low = $"{prefix}PROG_LOWER",
        High = $"{prefix}PROG_UPPER",
        Pupils = "TELIG",
        Coverage = $"{prefix}COV",
        NationalSd = nationalSd,
    };

    [GeneratedRegex("\"[^\"]*\"")]
    private static partial Regex Quoted();
}

/// <summary>What some lines of a file are about.</summary>
/// <param name="Geography">The kind of area.</param>
/// <param name="Column">The column that identifies it; empty for England.</param>
/// <param name="NameColumn">The column of its name; empty for England.</param>
/// <param name="RecordTypes">Values of RECTYPE for which this holds; none for every line.</param>
internal sealed record PublishedArea(string Geography, string Column, string NameColumn, params string[] RecordTypes)
{
    public JsonObject ToJson() => new()
    {
        ["geography"] = Geography,
        ["whenColumn"] = RecordTypes.Length == 0 ? "" : "RECTYPE",
        ["whenValues"] = new JsonArray([.. RecordTypes.Select(type => (JsonNode)type)]),
        ["areaColumn"] = Column,
        ["nameColumn"] = NameColumn,
    };
}

/// <summary>A column that holds a measure.</summary>
internal sealed record PublishedColumn(string Name, string Measure, string Unit)
{
    public string Breakdown { get; init; } = "all";

    public string Low { get; init; } = "";

    public string High { get; init; } = "";

    public string Pupils { get; init; } = "";

    public string Coverage { get; init; } = "";

    public double NationalSd { get; init; }

    public JsonObject ToJson() => new()
    {
        ["column"] = Name,
        ["measure"] = Measure,
        ["breakdown"] = Breakdown,
        ["unit"] = Unit,
        ["lowColumn"] = Low,
        ["highColumn"] = High,
        ["pupilsColumn"] = Pupils,
        ["coverageColumn"] = Coverage,
        ["nationalStandardDeviation"] = NationalSd,
    };
}

/// <summary>A cell of a file that is not blank.</summary>
internal sealed record RawFigure(Dictionary<string, string> Line, string Area, int YearEnding, PublishedColumn Column)
{
    // DfE performance tables, abbreviations and symbols.
    private static readonly Dictionary<string, string> Markers = new()
    {
        ["SUPP"] = "SUPPRESSED_AT_SOURCE",
        ["NA"] = "NOT_APPLICABLE",
        ["NEW"] = "NEW_SCHOOL",
        ["LOWCOV"] = "LOW_COVERAGE",
    };

    public string Cell => Line[Column.Name];

    /// <summary>Whether the publisher put a marker in place of a number.</summary>
    public bool IsWithheld => Markers.ContainsKey(Cell);

    /// <summary>The published interval, and half the width of the one worked out here; null where the file does not tell what it takes.</summary>
    public (double Low, double High, int Pupils, double Half)? Interval()
    {
        if (Column.NationalSd == 0 || Number(Cell) is null || NumberIn(Column.Low) is not { } low || NumberIn(Column.High) is not { } high
            || NumberIn(Column.Pupils) is not { } eligible || NumberIn(Column.Coverage) is not { } covered)
        {
            return null;
        }

        // DfE, primary school accountability 2017: 95% of a school's progress, n being the eligible pupils who are covered.
        var pupils = (int)Math.Round(eligible * covered / 100, MidpointRounding.AwayFromZero);
        return ((double)low, (double)high, pupils, 1.96 * Column.NationalSd / Math.Sqrt(pupils));
    }

    /// <summary>Where and what it is, as text.</summary>
    public override string ToString() => $"{Area} {YearEnding} {Column.Measure} {Column.Breakdown}: {Shown()}";

    /// <summary>A figure of the product, written alike. It shows one thing: a number, a number in its interval, or the reason why there is none.</summary>
    public static string Shown(JsonNode figure)
    {
        Assert.Single(figure.AsObject());
        if (figure["redacted"] is { } redacted)
        {
            Assert.NotEmpty((string)redacted["detail"]!);
            return $"redacted {redacted["reason"]}";
        }

        return figure["estimate"] is { } estimate
            ? Text((decimal)(double)estimate["point"]!, (decimal)(double)estimate["low"]!, (decimal)(double)estimate["high"]!)
            : Text((decimal)(double)figure["value"]!);
    }

    private string Shown() => Markers.TryGetValue(Cell, out var reason) ? $"redacted {reason}"
        : NumberIn(Column.Low) is { } low && NumberIn(Column.High) is { } high ? Text(Number(Cell)!.Value, low, high)
        : Text(Number(Cell)!.Value);

    private static string Text(decimal value) => value.ToString("0.0###", CultureInfo.InvariantCulture);

    private static string Text(decimal value, decimal low, decimal high) => $"{Text(value)} ({Text(low)} to {Text(high)})";

    private decimal? NumberIn(string column) => column.Length == 0 ? null : Number(Line[column]);

    private static decimal? Number(string cell) =>
        decimal.TryParse(cell.TrimEnd('%'), NumberStyles.Number, CultureInfo.InvariantCulture, out var number) ? number : null;
}
