using System.Text.Json;
using Dapper;
using GoldenThread.ServiceDefaults;
using Npgsql;

namespace GoldenThread.Reviews.Offers;

/// <summary>Offers: one document a version, none ever overwritten.</summary>
internal sealed class OfferStore(NpgsqlDataSource source)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private const string FindSql = """
        select academic_year, version, body::text as body, written_at
        from offer
        where academic_year = @academicYear and (@version::bigint is null or version = @version)
        order by version desc
        limit 1
        """;

    private const string InForceSql = """
        select academic_year, version, body::text as body, written_at
        from offer
        order by academic_year > @academicYear,
                 case when academic_year <= @academicYear then academic_year end desc,
                 academic_year,
                 version desc
        limit 1
        """;

    /// <summary>The newest version of an academic year's offer, or the one asked for; null where there is none.</summary>
    public async Task<Offer?> FindAsync(string academicYear, long? version, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        return await OneAsync(connection, new(FindSql, new { academicYear, version }, cancellationToken: ct));
    }

    /// <summary>The newest version of an academic year's offer inside a transaction; null where there is none.</summary>
    public static Task<Offer?> FindAsync(Work work, string academicYear, CancellationToken ct) =>
        OneAsync(work.Connection, work.Command(FindSql, new { academicYear, version = (long?)null }, ct));

    /// <summary>The offer in force for an academic year: its own, else the nearest earlier one, else the nearest later one.</summary>
    public async Task<Offer?> InForceAsync(string academicYear, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        return await OneAsync(connection, new(InForceSql, new { academicYear }, cancellationToken: ct));
    }

    /// <summary>The same inside a transaction.</summary>
    public static Task<Offer?> InForceAsync(Work work, string academicYear, CancellationToken ct) =>
        OneAsync(work.Connection, work.Command(InForceSql, new { academicYear }, ct));

    /// <summary>Writes the next version. ABORTED where another was written meanwhile, or where the newest is not the one expected.</summary>
    public async Task<Offer> AddAsync(Work work, Offer offer, long? expected, CancellationToken ct)
    {
        const string Sql = """
            insert into offer (academic_year, version, body, author_issuer, author_subject)
            select @AcademicYear, newest.version + 1, @Body::jsonb, @Issuer, @Subject
            from (select coalesce(max(version), 0) as version from offer where academic_year = @AcademicYear) newest
            where @Expected::bigint is null or newest.version = @Expected
            returning academic_year, version, body::text as body, written_at
            """;
        try
        {
            var row = await work.Connection.QuerySingleOrDefaultAsync<OfferDocument>(work.Command(Sql, new
            {
                offer.AcademicYear,
                Body = JsonSerializer.Serialize(offer, Json),
                work.Caller.Issuer,
                work.Caller.Subject,
                Expected = expected,
            }, ct));
            return row?.ToOffer() ?? throw Refusal.EtagMismatch();
        }
        catch (PostgresException e) when (e.ConstraintName == "pk_offer")
        {
            throw Refusal.EtagMismatch();
        }
    }

    private static async Task<Offer?> OneAsync(NpgsqlConnection connection, CommandDefinition command) =>
        (await connection.QuerySingleOrDefaultAsync<OfferDocument>(command))?.ToOffer();

    private sealed record OfferDocument
    {
        public required string AcademicYear { get; init; }

        public required long Version { get; init; }

        public required string Body { get; init; }

        public required DateTimeOffset WrittenAt { get; init; }

        public Offer ToOffer() => JsonSerializer.Deserialize<Offer>(Body, Json)! with { Version = Version, WrittenAt = WrittenAt };
    }
}
