using System.Globalization;
using GoldenThread.Education;
using GoldenThread.Reporting.V1;
using GoldenThread.ServiceDefaults;

namespace GoldenThread.Reporting.Benchmarks;

/// <summary>What a line of a file came to: a figure, or what is wrong with it. A publisher's line may come to several.</summary>
/// <param name="Line">Line of the file, the header being 1.</param>
/// <param name="Figure">The figure; null where something is wrong.</param>
/// <param name="Column">The column that is wrong; empty where the whole line is.</param>
/// <param name="Fault">What is wrong, in words; null where nothing is.</param>
internal readonly record struct BenchmarkFinding(int Line, BenchmarkRow? Figure, string Column, string? Fault);

/// <summary>A file of published figures once it was read.</summary>
internal sealed record BenchmarkFileContent
{
    public required int Lines { get; init; }

    public required IReadOnlyList<string> UnmappedColumns { get; init; }
}

/// <summary>
/// Reads files of published figures: packs with one figure a line, and publishers' files with one area a line. What it finds it hands on at once,
/// so that a file of any size takes the same memory.
/// </summary>
internal sealed class BenchmarkFile
{
    private const int LongestKey = 300;
    private static readonly string[] PackColumns = ["measure", "breakdown", "academic_year_ending", "value", "unit", "release", "source"];
    private static readonly string[] OptionalPackColumns = ["geography", "area", "area_name", "low", "high"];
    private static readonly string[] Releases = ["unvalidated", "provisional", "revised", "final"];

    private static readonly Dictionary<string, Geography> Geographies = new(StringComparer.OrdinalIgnoreCase)
    {
        [""] = Geography.National,
        ["national"] = Geography.National,
        ["region"] = Geography.Region,
        ["local-authority"] = Geography.LocalAuthority,
        ["trust"] = Geography.Trust,
        ["school"] = Geography.School,
    };

    private readonly Action<BenchmarkFinding> take;
    private int line;

    private BenchmarkFile(Action<BenchmarkFinding> take) => this.take = take;

    /// <summary>Reads a file: by a mapping where it is a publisher's, otherwise as a pack, whose columns are its own.</summary>
    /// <param name="stream">The file.</param>
    /// <param name="mapping">How its columns are read; null for a pack.</param>
    /// <param name="take">Takes what is found, in the order of the file.</param>
    /// <param name="ct">Ends the wait.</param>
    /// <exception cref="UnreadableFileException">It is no such file.</exception>
    public static async Task<BenchmarkFileContent> ReadAsync(
        Stream stream, BenchmarkMapping? mapping, Action<BenchmarkFinding> take, CancellationToken ct)
    {
        await using var csv = await CsvFile.OpenAsync(stream, ct);
        return await new BenchmarkFile(take).ReadAsync(csv, mapping, ct);
    }

    private async Task<BenchmarkFileContent> ReadAsync(CsvFile csv, BenchmarkMapping? mapping, CancellationToken ct)
    {
        var header = csv.Record.Headers;
        if (header.Count == 0)
        {
            throw new UnreadableFileException("The file is empty.");
        }

        var used = mapping is null ? UsedByPack(header) : UsedByMapping(header, mapping);
        var lines = 0;
        while (await csv.ReadAsync(ct))
        {
            lines++;
            line = csv.Line;
            ReadLine(csv, header, mapping);
        }

        return new BenchmarkFileContent
        {
            Lines = lines,
            UnmappedColumns = [.. header.Where(h => h.Length > 0 && !used.Contains(h))],
        };
    }

    private static HashSet<string> UsedByPack(IReadOnlyList<string> header)
    {
        Demand(header, PackColumns);
        return [.. PackColumns, .. OptionalPackColumns];
    }

    private static HashSet<string> UsedByMapping(IReadOnlyList<string> header, BenchmarkMapping mapping)
    {
        var used = mapping.Areas.SelectMany(a => new[] { a.WhenColumn, a.AreaColumn, a.NameColumn })
            .Concat(mapping.Measures.SelectMany(m => new[] { m.Column, m.LowColumn, m.HighColumn, m.PupilsColumn, m.CoverageColumn }))
            .Where(c => c.Length > 0).ToHashSet();
        Demand(header, used);
        return used;
    }

    private static void Demand(IReadOnlyList<string> header, IEnumerable<string> columns)
    {
        var missing = columns.Except(header).ToList();
        if (missing.Count > 0)
        {
            throw new UnreadableFileException($"The file lacks the columns {string.Join(", ", missing)}. It has {string.Join(", ", header.Take(20))}.");
        }
    }

    private void ReadLine(CsvFile csv, IReadOnlyList<string> header, BenchmarkMapping? mapping)
    {
        var fields = csv.Cells();
        if (csv.IsMalformed)
        {
            Refuse("", "The line has a quote in the middle of a field. Put the whole field in quotes and double those within.");
            return;
        }

        if (fields.Any(field => field.Contains('\0', StringComparison.Ordinal)))
        {
            throw new UnreadableFileException($"Line {line} holds NUL characters. Save the file as CSV UTF-8 and send it again.");
        }

        // Publishers' files leave trailing blanks out; in a pack every field counts.
        if (fields.Length > header.Count || (mapping is null && fields.Length < header.Count))
        {
            Refuse("", $"The line has {fields.Length} fields, the header {header.Count}.");
            return;
        }

        var cells = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < header.Count; i++)
        {
            cells[header[i]] = i < fields.Length ? fields[i] : "";
        }

        if (mapping is null)
        {
            ReadPackLine(cells);
        }
        else
        {
            ReadMappedLine(cells, mapping);
        }
    }

    private void ReadPackLine(Dictionary<string, string> cells)
    {
        if (!Geographies.TryGetValue(cells.GetValueOrDefault("geography", ""), out var geography))
        {
            Refuse("geography", "A geography is national, region, local-authority, trust or school.");
            return;
        }

        if (!TryYear(cells["academic_year_ending"], out var year) || !TryRelease(cells["release"], out var release)
            || !TryArea(geography, cells.GetValueOrDefault("area", ""), "area", out var area))
        {
            return;
        }

        if (cells["measure"].Length == 0 || cells["unit"].Length == 0 || cells["source"].Length == 0 || cells["value"].Length == 0)
        {
            Refuse("", "A figure needs a measure, a value, a unit and a source.");
            return;
        }

        Keep("value", cells["value"], cells.GetValueOrDefault("low", ""), cells.GetValueOrDefault("high", ""), new BenchmarkRow
        {
            Geography = (short)geography,
            Area = area,
            AreaName = cells.GetValueOrDefault("area_name", ""),
            Measure = cells["measure"],
            Breakdown = cells["breakdown"].Length == 0 ? "all" : cells["breakdown"],
            AcademicYearEnding = year,
            Release = release,
            Unit = cells["unit"],
            Source = cells["source"],
        });
    }

    private void ReadMappedLine(Dictionary<string, string> cells, BenchmarkMapping mapping)
    {
        var mapped = mapping.Areas.FirstOrDefault(a => a.WhenColumn.Length == 0 || a.WhenValues.Contains(cells[a.WhenColumn]));
        if (mapped is null || !TryArea(mapped.Geography, Cell(mapped.AreaColumn), mapped.AreaColumn, out var area))
        {
            return;
        }

        foreach (var measure in mapping.Measures)
        {
            // A blank cell is no figure at all; a marker is a figure that was withheld.
            if (Cell(measure.Column).Length == 0)
            {
                continue;
            }

            if (!TryPupils(measure, Cell(measure.PupilsColumn), Cell(measure.CoverageColumn), out var pupils))
            {
                continue;
            }

            Keep(measure.Column, Cell(measure.Column), Cell(measure.LowColumn), Cell(measure.HighColumn), new BenchmarkRow
            {
                Geography = (short)mapped.Geography,
                Area = area,
                AreaName = Cell(mapped.NameColumn),
                Measure = measure.Measure,
                Breakdown = measure.Breakdown.Length == 0 ? "all" : measure.Breakdown,
                AcademicYearEnding = mapping.AcademicYearEnding,
                Release = mapping.Release,
                Unit = measure.Unit,
                Source = mapping.Source,
                Pupils = pupils,
                NationalSd = measure.NationalStandardDeviation > 0 ? measure.NationalStandardDeviation : null,
            });
        }

        string Cell(string column) => column.Length == 0 ? "" : cells[column];
    }

    private void Keep(string column, string value, string low, string high, BenchmarkRow row)
    {
        if (PublishedNumber.Withheld(value) is { } reason)
        {
            Add(row with { Withheld = reason });
            return;
        }

        if (!PublishedNumber.TryParse(value, out var number))
        {
            Refuse(column, $"\"{value}\" is neither a number nor a marker such as SUPP, NA, NEW, LOWCOV, x or z.");
            return;
        }

        if (row.Unit == "percent" && number is < 0 or > 100)
        {
            Refuse(column, $"{value} is no percentage between 0 and 100.");
            return;
        }

        var limits = PublishedNumber.TryParse(low, out var lower) & PublishedNumber.TryParse(high, out var upper);
        if (limits && (lower > number || number > upper))
        {
            Refuse(column, $"{value} lies outside its own interval from {low} to {high}.");
            return;
        }

        Add(row with { Value = number, Low = limits ? lower : null, High = limits ? upper : null });
    }

    private void Add(BenchmarkRow row)
    {
        if (row.Area.Length > LongestKey || row.Measure.Length > LongestKey || row.Breakdown.Length > LongestKey)
        {
            Refuse("", $"An area, a measure and a breakdown have at most {LongestKey} characters.");
            return;
        }

        take(new(line, row, "", null));
    }

    private bool TryYear(string text, out int year)
    {
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out year) && year is >= 1900 and <= 2199)
        {
            return true;
        }

        Refuse("academic_year_ending", $"\"{text}\" is no year such as 2025.");
        return false;
    }

    private bool TryRelease(string text, out string release)
    {
        release = text.ToLowerInvariant();
        if (Releases.Contains(release))
        {
            return true;
        }

        Refuse("release", "A release is unvalidated, provisional, revised or final.");
        return false;
    }

    private bool TryArea(Geography geography, string text, string column, out string area)
    {
        area = geography == Geography.National ? "" : text;
        if (geography == Geography.National || (text.Length > 0 && (geography != Geography.School || Urn.TryParse(text, out _))))
        {
            return true;
        }

        Refuse(column, geography == Geography.School ? $"\"{text}\" is no URN of six digits." : "The area is blank.");
        return false;
    }

    /// <summary>Pupils behind a measure: those eligible times the share covered, rounded; null where either is not told.</summary>
    private bool TryPupils(MappedMeasure measure, string eligible, string coverage, out int? pupils)
    {
        pupils = null;
        if (!PublishedNumber.TryParse(eligible, out var number))
        {
            return true;
        }

        if (number is < 0 or > int.MaxValue)
        {
            Refuse(measure.PupilsColumn, $"{eligible} is no number of pupils.");
            return false;
        }

        if (measure.CoverageColumn.Length == 0)
        {
            pupils = (int)decimal.Round(number);
            return true;
        }

        if (!PublishedNumber.TryParse(coverage, out var percent))
        {
            return true;
        }

        if (percent is < 0 or > 100)
        {
            Refuse(measure.CoverageColumn, $"{coverage} is no percentage between 0 and 100.");
            return false;
        }

        pupils = (int)decimal.Round(number * percent / 100, MidpointRounding.AwayFromZero);
        return true;
    }

    private void Refuse(string column, string message) => take(new(line, null, column, message));
}

/// <summary>Numbers as publishers write them.</summary>
internal static class PublishedNumber
{
    /// <summary>The reason behind a marker that stands in place of a number; null where the text is no marker.</summary>
    /// <remarks>
    /// SUPP, NA, NEW, LOWCOV: DfE performance tables, abbreviations. c, x, z, u: Government Analysis Function, symbols in tables.
    /// </remarks>
    public static string? Withheld(string text) => text switch
    {
        "SUPP" or "c" => "SUPPRESSED_AT_SOURCE",
        "NA" or "z" or "NE" or "NP" => "NOT_APPLICABLE",
        "NEW" => "NEW_SCHOOL",
        "LOWCOV" or "u" => "LOW_COVERAGE",
        "x" or ":" or ".." => "NOT_AVAILABLE",
        _ => null,
    };

    /// <summary>Reads a number, with or without a percent sign.</summary>
    public static bool TryParse(string text, out decimal number) => decimal.TryParse(
        text.EndsWith('%') ? text.AsSpan(0, text.Length - 1) : text,
        NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number);
}
