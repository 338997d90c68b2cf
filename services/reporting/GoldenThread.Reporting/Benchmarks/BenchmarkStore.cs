using Dapper;
using GoldenThread.Reporting.V1;
using GoldenThread.ServiceDefaults;
using Google.Protobuf;
using Npgsql;
using NpgsqlTypes;

namespace GoldenThread.Reporting.Benchmarks;

/// <summary>How many figures of an import were new, other, or as before; how many of them were withheld, and how many lines refused.</summary>
internal sealed record ImportCounts
{
    public required int Figures { get; init; }

    public required int Withheld { get; init; }

    public required int Refused { get; init; }

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

    private const string Key = "geography, area, measure, breakdown, academic_year_ending, release";
    private const string Values = "area_name, value, low, high, withheld, unit, source, pupils, national_sd";

    /// <summary>Makes the table in which the figures of a file lie until they are kept. It lives as long as the transaction.</summary>
    public Task PrepareAsync(Work work, CancellationToken ct)
    {
        const string Sql = """
            create temporary table benchmark_finding (
                ordinal int not null, line int not null, geography smallint, area text, measure text, breakdown text, academic_year_ending int,
                release text, area_name text, value numeric, low numeric, high numeric, withheld text, unit text, source text, pupils int,
                national_sd double precision, fault_column text, fault text
            ) on commit drop
            """;
        return work.Connection.ExecuteAsync(work.Command(Sql, null, ct));
    }

    /// <summary>Opens the copy into the table of what is found in a file.</summary>
    public Task<NpgsqlBinaryImporter> BeginCopyAsync(Work work, CancellationToken ct)
    {
        const string Sql = $"copy benchmark_finding (ordinal, line, {Key}, {Values}, fault_column, fault) from stdin (format binary)";
        return work.Connection.BeginBinaryImportAsync(Sql, ct);
    }

    /// <summary>Writes what was found into the copy. Synchronous on purpose: it fills a buffer.</summary>
    public void Write(NpgsqlBinaryImporter copy, int ordinal, BenchmarkFinding finding)
    {
        var figure = finding.Figure;
        copy.StartRow();
        copy.Write(ordinal, NpgsqlDbType.Integer);
        copy.Write(finding.Line, NpgsqlDbType.Integer);
        WriteValue(copy, figure?.Geography, NpgsqlDbType.Smallint);
        WriteText(copy, figure?.Area);
        WriteText(copy, figure?.Measure);
        WriteText(copy, figure?.Breakdown);
        WriteValue(copy, figure?.AcademicYearEnding, NpgsqlDbType.Integer);
        WriteText(copy, figure?.Release);
        WriteText(copy, figure?.AreaName);
        WriteValue(copy, figure?.Value, NpgsqlDbType.Numeric);
        WriteValue(copy, figure?.Low, NpgsqlDbType.Numeric);
        WriteValue(copy, figure?.High, NpgsqlDbType.Numeric);
        WriteText(copy, figure?.Withheld);
        WriteText(copy, figure?.Unit);
        WriteText(copy, figure?.Source);
        WriteValue(copy, figure?.Pupils, NpgsqlDbType.Integer);
        WriteValue(copy, figure?.NationalSd, NpgsqlDbType.Double);
        WriteText(copy, finding.Column);
        WriteText(copy, finding.Fault);
    }

    /// <summary>
    /// Keeps the figures of a file. The same figures again change nothing. Of a figure that stands twice in the file with different values the
    /// first is taken, and the line of the other is refused.
    /// </summary>
    public async Task<ImportCounts> KeepAsync(Work work, string pack, CancellationToken ct)
    {
        const string RefuseRepeats = $"""
            update benchmark_finding l
            set fault_column = '', fault = format(
                '%s (%s, %s) stands twice in the file with different figures; the first was taken.', l.measure, l.breakdown, l.academic_year_ending)
            from (
                select {Key}, min(ordinal) as ordinal from benchmark_finding where fault is null group by {Key} having count(*) > 1
            ) twice
            join benchmark_finding f using (ordinal)
            where l.fault is null and l.ordinal > f.ordinal
              and (l.geography, l.area, l.measure, l.breakdown, l.academic_year_ending, l.release)
                  = (f.geography, f.area, f.measure, f.breakdown, f.academic_year_ending, f.release)
              and (l.area_name, l.value, l.low, l.high, l.withheld, l.unit, l.source, l.pupils, l.national_sd)
                  is distinct from (f.area_name, f.value, f.low, f.high, f.withheld, f.unit, f.source, f.pupils, f.national_sd)
            """;
        const string Keep = $"""
            with incoming as materialized (
                select distinct on ({Key}) {Key}, {Values}
                from benchmark_finding
                where fault is null
                order by {Key}, ordinal
            ),
            kept as (
                insert into benchmark as b ({Key}, {Values}, pack)
                select {Key}, {Values}, @pack
                from incoming
                order by {Key}
                on conflict ({Key}) do update
                set area_name = excluded.area_name, value = excluded.value, low = excluded.low, high = excluded.high,
                    withheld = excluded.withheld, unit = excluded.unit, source = excluded.source, pupils = excluded.pupils,
                    national_sd = excluded.national_sd, pack = excluded.pack
                where (b.area_name, b.value, b.low, b.high, b.withheld, b.unit, b.source, b.pupils, b.national_sd)
                    is distinct from (excluded.area_name, excluded.value, excluded.low, excluded.high, excluded.withheld, excluded.unit,
                        excluded.source, excluded.pupils, excluded.national_sd)
                returning (xmax = 0) as is_new
            ),
            sums as (
                select count(*) as figures, count(withheld) as withheld from incoming
            ),
            written as (
                select count(*) filter (where is_new) as added, count(*) filter (where not is_new) as changed from kept
            )
            select figures::int, withheld::int, added::int, changed::int, (figures - added - changed)::int as unchanged,
                (select count(distinct line) from benchmark_finding where fault is not null)::int as refused
            from sums, written
            """;
        await work.Connection.ExecuteAsync(Patient(work, "analyze benchmark_finding", null, ct));
        await work.Connection.ExecuteAsync(Patient(work, RefuseRepeats, null, ct));
        return await work.Connection.QuerySingleAsync<ImportCounts>(Patient(work, Keep, new { pack }, ct));
    }

    /// <summary>The first things that were wrong with a file.</summary>
    public async Task<IEnumerable<BenchmarkRowError>> FirstFaultsAsync(Work work, CancellationToken ct)
    {
        const string Sql = """
            select line, fault_column as column, fault as message
            from benchmark_finding
            where fault is not null
            order by ordinal
            limit 100
            """;
        return await work.Connection.QueryAsync<BenchmarkRowError>(Patient(work, Sql, null, ct));
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
            AfterYear = (int)Paging.Part<short>(after?[2] ?? "0"),
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
            AfterYear = (int)Paging.Part<short>(after?[0] ?? "0"),
            AfterMeasure = after?[1] ?? "",
            AfterBreakdown = after?[2] ?? "",
            AfterRelease = after?[3] ?? "",
            AfterArea = after?[4] ?? "",
        }, cancellationToken: ct));
        return rows.AsList();
    }

    /// <summary>
    /// The national figures to set beside a collection: of its year, or of the latest year before it, in the best release, and in the unit of what
    /// they stand beside; with where they stand beside nothing, since results of another test than the national one are among the collection's.
    /// </summary>
    public async Task<NationalFigures> NationalAsync(Guid collectionId, int academicYearEnding, CancellationToken ct)
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
            where b.academic_year_ending <= @academicYearEnding and (u.shows = 'percent_met') = (b.unit = 'percent')
            order by u.subject, u.year_group, u.shows, b.breakdown, b.academic_year_ending desc,
                array_position(array['final', 'revised', 'provisional', 'unvalidated'], b.release)
            """;
        const string Groups = "select group_code, same_group, others from benchmark_group";
        const string Others = """
            with entered as materialized (
                select distinct e.school_urn, t.subject, e.year_group, t.scale
                from entered_tests(@collectionId) e
                join test t on t.test_id = e.test_id and not t.statutory
                join benchmark_use u on u.subject = t.subject and u.scale = t.scale and u.year_group = e.year_group
            ),
            -- Materialised, so that the lineage is followed once for each school.
            schools as materialized (
                select school_urn, current_urn(school_urn) as present_urn from (select distinct school_urn from entered) s
            )
            select distinct h.present_urn as school_urn, e.subject, e.year_group, e.scale
            from entered e join schools h using (school_urn)
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<BenchmarkRow, UseRow, NationalFigure>(
            new CommandDefinition(Figures, new { academicYearEnding }, cancellationToken: ct),
            (row, use) => new NationalFigure(
                use.Subject, use.YearGroup, use.Shows, use.ForScale, row, Cautions(use.Cautions, row.AcademicYearEnding, academicYearEnding)),
            splitOn: "subject");
        var groups = await connection.QueryAsync<(string Group, string SameGroup, string? Others)>(new CommandDefinition(Groups, cancellationToken: ct));
        var others = await connection.QueryAsync<OtherResults>(new CommandDefinition(Others, new { collectionId }, cancellationToken: ct));
        return new NationalFigures(
            rows.AsList(), groups.ToDictionary(g => g.Group, g => g.Others is null ? [g.SameGroup] : new[] { g.SameGroup, g.Others }), others.ToHashSet());
    }

    // A file may take longer than a call is given; who gives up cancels.
    private static CommandDefinition Patient(Work work, string sql, object? parameters, CancellationToken ct) =>
        new(sql, parameters, work.Transaction, commandTimeout: 0, cancellationToken: ct);

    private static void WriteText(NpgsqlBinaryImporter copy, string? text)
    {
        if (text is null)
        {
            copy.WriteNull();
            return;
        }

        copy.Write(text, NpgsqlDbType.Text);
    }

    private static void WriteValue<T>(NpgsqlBinaryImporter copy, T? value, NpgsqlDbType type) where T : struct
    {
        if (value is { } given)
        {
            copy.Write(given, type);
            return;
        }

        copy.WriteNull();
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
