using Dapper;
using GoldenThread.Reporting.V1;
using GoldenThread.ServiceDefaults;
using Google.Protobuf;
using Npgsql;

namespace GoldenThread.Reporting.Benchmarks;

/// <summary>How many figures of an import were new, other, or as before.</summary>
internal sealed record ImportCounts
{
    public required int Added { get; init; }

    public required int Changed { get; init; }

    public required int Unchanged { get; init; }
}

/// <summary>Which benchmarks to list, and after which.</summary>
internal sealed record BenchmarkFilter
{
    public string? Measure { get; init; }

    public string? Breakdown { get; init; }

    public int? Year { get; init; }

    public short? Geography { get; init; }

    public int[]? SchoolUrns { get; init; }

    public required int Take { get; init; }
}

/// <summary>Keeps and reads published figures and the mappings of their files.</summary>
internal sealed class BenchmarkStore(NpgsqlDataSource source)
{
    private const string Columns = """
        b.geography, b.area, b.area_name, b.measure, b.breakdown, b.academic_year_ending, b.release, b.value, b.low, b.high, b.withheld, b.unit,
        b.source, b.pupils, b.national_sd
        """;

    /// <summary>Keeps the figures of a file. The same figures again change nothing.</summary>
    public async Task<ImportCounts> KeepAsync(Work work, string pack, IReadOnlyCollection<BenchmarkRow> rows, CancellationToken ct)
    {
        const string Sql = """
            with incoming as (
                select * from unnest(
                    @Geographies, @Areas, @Measures, @Breakdowns, @Years, @Releases, @AreaNames, @Values, @Lows, @Highs, @Withheld, @Units, @Sources,
                    @Pupils, @Sds)
                as i (geography, area, measure, breakdown, academic_year_ending, release, area_name, value, low, high, withheld, unit, source,
                    pupils, national_sd)
            ),
            kept as (
                insert into benchmark as b (geography, area, measure, breakdown, academic_year_ending, release, area_name, value, low, high,
                    withheld, unit, source, pupils, national_sd, pack)
                select geography, area, measure, breakdown, academic_year_ending, release, area_name, value, low, high, withheld, unit, source,
                    pupils, national_sd, @pack
                from incoming
                order by geography, area, measure, breakdown, academic_year_ending, release
                on conflict (geography, area, measure, breakdown, academic_year_ending, release) do update
                set area_name = excluded.area_name, value = excluded.value, low = excluded.low, high = excluded.high,
                    withheld = excluded.withheld, unit = excluded.unit, source = excluded.source, pupils = excluded.pupils,
                    national_sd = excluded.national_sd, pack = excluded.pack
                where (b.area_name, b.value, b.low, b.high, b.withheld, b.unit, b.source, b.pupils, b.national_sd)
                    is distinct from (excluded.area_name, excluded.value, excluded.low, excluded.high, excluded.withheld, excluded.unit,
                        excluded.source, excluded.pupils, excluded.national_sd)
                returning (xmax = 0) as is_new
            )
            select
                (select count(*) from kept where is_new)::int as added,
                (select count(*) from kept where not is_new)::int as changed,
                ((select count(*) from incoming) - (select count(*) from kept))::int as unchanged
            """;
        return await work.Connection.QuerySingleAsync<ImportCounts>(work.Command(Sql, new
        {
            pack,
            Geographies = rows.Select(r => r.Geography).ToArray(),
            Areas = rows.Select(r => r.Area).ToArray(),
            Measures = rows.Select(r => r.Measure).ToArray(),
            Breakdowns = rows.Select(r => r.Breakdown).ToArray(),
            Years = rows.Select(r => r.AcademicYearEnding).ToArray(),
            Releases = rows.Select(r => r.Release).ToArray(),
            AreaNames = rows.Select(r => r.AreaName).ToArray(),
            Values = rows.Select(r => r.Value).ToArray(),
            Lows = rows.Select(r => r.Low).ToArray(),
            Highs = rows.Select(r => r.High).ToArray(),
            Withheld = rows.Select(r => r.Withheld).ToArray(),
            Units = rows.Select(r => r.Unit).ToArray(),
            Sources = rows.Select(r => r.Source).ToArray(),
            Pupils = rows.Select(r => r.Pupils).ToArray(),
            Sds = rows.Select(r => r.NationalSd).ToArray(),
        }, ct));
    }

    /// <summary>Sets a mapping in place of the one before; its version, or null where the caller names another than the one that stands.</summary>
    public Task<long?> SetMappingAsync(Work work, BenchmarkMapping mapping, long? ifVersion, CancellationToken ct)
    {
        const string Sql = """
            insert into benchmark_mapping as m (mapping_id, document)
            select @MappingId, @Document::jsonb
            where @ifVersion::bigint is null or exists (select from benchmark_mapping where mapping_id = @MappingId)
            on conflict (mapping_id) do update
            set document = excluded.document, version = m.version + case when m.document = excluded.document then 0 else 1 end, set_at = now()
            where @ifVersion::bigint is null or m.version = @ifVersion
            returning version
            """;
        return work.Connection.ExecuteScalarAsync<long?>(
            work.Command(Sql, new { mapping.MappingId, Document = JsonFormatter.Default.Format(mapping), ifVersion }, ct));
    }

    /// <summary>A mapping; null where there is none of that id.</summary>
    public async Task<BenchmarkMapping?> FindMappingAsync(string mappingId, CancellationToken ct)
    {
        const string Sql = "select document::text as document, version from benchmark_mapping where mapping_id = @mappingId";
        await using var connection = await source.OpenConnectionAsync(ct);
        var row = await connection.QuerySingleOrDefaultAsync<MappingRow>(new CommandDefinition(Sql, new { mappingId }, cancellationToken: ct));
        return row?.ToProto();
    }

    /// <summary>Figures of England, regions, local authorities and trusts, after a row.</summary>
    public async Task<IReadOnlyList<BenchmarkRow>> ListAsync(BenchmarkFilter filter, string[]? after, CancellationToken ct)
    {
        const string Sql = $"""
            select {Columns}
            from benchmark b
            where b.geography <> 5
              and (@Geography::smallint is null or b.geography = @Geography)
              and (@Measure::text is null or b.measure = @Measure)
              and (@Breakdown::text is null or b.breakdown = @Breakdown)
              and (@Year::int is null or b.academic_year_ending = @Year)
              and (@First or (b.measure, b.breakdown, b.academic_year_ending, b.release, b.geography, b.area)
                  > (@AfterMeasure, @AfterBreakdown, @AfterYear, @AfterRelease, @AfterGeography, @AfterArea))
            order by b.measure, b.breakdown, b.academic_year_ending, b.release, b.geography, b.area
            limit @Take
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<BenchmarkRow>(new CommandDefinition(Sql, new
        {
            filter.Measure,
            filter.Breakdown,
            filter.Year,
            filter.Geography,
            filter.Take,
            First = after is null,
            AfterMeasure = after?[0] ?? "",
            AfterBreakdown = after?[1] ?? "",
            AfterYear = Paging.Part<int>(after?[2] ?? "0"),
            AfterRelease = after?[3] ?? "",
            AfterGeography = Paging.Part<short>(after?[4] ?? "0"),
            AfterArea = after?[5] ?? "",
        }, cancellationToken: ct));
        return rows.AsList();
    }

    /// <summary>What was published of a school under its present URN and those it replaced, newest year first, after a row.</summary>
    public async Task<IReadOnlyList<BenchmarkRow>> ListOfSchoolAsync(int presentUrn, BenchmarkFilter filter, string[]? after, CancellationToken ct)
    {
        const string Sql = $"""
            with recursive urns as (
                select @presentUrn as urn, 0 as depth
                union
                select l.predecessor_urn, u.depth + 1 from urns u join school_lineage l on l.successor_urn = u.urn where u.depth < 20
            )
            select {Columns}
            from benchmark b
            where b.geography = 5
              and b.area in (select urn::text from urns)
              and (@Measure::text is null or b.measure = @Measure)
              and (@Year::int is null or b.academic_year_ending = @Year)
              and (@First or (-b.academic_year_ending, b.measure, b.breakdown, b.release, b.area)
                  > (-@AfterYear, @AfterMeasure, @AfterBreakdown, @AfterRelease, @AfterArea))
            order by -b.academic_year_ending, b.measure, b.breakdown, b.release, b.area
            limit @Take
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<BenchmarkRow>(new CommandDefinition(Sql, new
        {
            presentUrn,
            filter.Measure,
            filter.Year,
            filter.Take,
            First = after is null,
            AfterYear = Paging.Part<int>(after?[0] ?? "0"),
            AfterMeasure = after?[1] ?? "",
            AfterBreakdown = after?[2] ?? "",
            AfterRelease = after?[3] ?? "",
            AfterArea = after?[4] ?? "",
        }, cancellationToken: ct));
        return rows.AsList();
    }

    /// <summary>The national figures to set beside a collection: of its year, or of the latest year before it, in the best release.</summary>
    public async Task<NationalFigures> NationalAsync(int academicYearEnding, CancellationToken ct)
    {
        const string Figures = $"""
            select distinct on (u.subject, u.year_group, u.shows, b.breakdown)
                {Columns}, u.subject, u.year_group, u.shows, u.scale as for_scale,
                array(
                    select c.words from comparability_break c
                    where b.measure like c.measure_prefix || '%' and b.academic_year_ending <= c.last_before and @academicYearEnding >= c.first_after
                    order by c.measure_prefix, c.last_before
                ) as cautions
            from benchmark_use u
            join benchmark b on b.measure = u.measure and b.geography = 1
            where b.academic_year_ending <= @academicYearEnding
            order by u.subject, u.year_group, u.shows, b.breakdown, b.academic_year_ending desc,
                array_position(array['final', 'revised', 'provisional', 'unvalidated'], b.release)
            """;
        const string Groups = "select group_code, same_group, others from benchmark_group";
        await using var connection = await source.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<BenchmarkRow, UseRow, NationalFigure>(
            new CommandDefinition(Figures, new { academicYearEnding }, cancellationToken: ct),
            (row, use) => new NationalFigure(
                use.Subject, use.YearGroup, use.Shows, use.ForScale, row, Cautions(use.Cautions, row.AcademicYearEnding, academicYearEnding)),
            splitOn: "subject");
        var groups = await connection.QueryAsync<(string Group, string SameGroup, string? Others)>(new CommandDefinition(Groups, cancellationToken: ct));
        return new NationalFigures(rows.AsList(), groups.ToDictionary(g => g.Group, g => g.Others is null ? [g.SameGroup] : new[] { g.SameGroup, g.Others }));
    }

    private static string[] Cautions(string[] breaks, int published, int asked) => published == asked
        ? breaks
        : [.. breaks, $"The benchmark is of {Year(published)}, the latest that is held; the collection is of {Year(asked)}."];

    private static string Year(int ending) => Education.AcademicYear.Starting(ending - 1).ToString();

    private sealed record MappingRow
    {
        public required string Document { get; init; }

        public required long Version { get; init; }

        public BenchmarkMapping ToProto()
        {
            var mapping = JsonParser.Default.Parse<BenchmarkMapping>(Document);
            mapping.Etag = Etag.Of(Version);
            return mapping;
        }
    }

    private sealed record UseRow
    {
        public required string Subject { get; init; }

        public required string YearGroup { get; init; }

        public required string Shows { get; init; }

        public required string ForScale { get; init; }

        public required string[] Cautions { get; init; }
    }
}
