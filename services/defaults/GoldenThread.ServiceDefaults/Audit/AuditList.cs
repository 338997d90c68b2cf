using System.Text.Encodings.Web;
using System.Text.Json;
using Dapper;
using Npgsql;

namespace GoldenThread.ServiceDefaults;

/// <summary>Which audit rows are asked for; null asks for all.</summary>
internal sealed record AuditQuestion
{
    /// <summary>Who did or read.</summary>
    public string? Subject { get; init; }

    /// <summary>An id of what was changed or shown, such as a pupil's.</summary>
    public string? Whom { get; init; }

    /// <summary>The school.</summary>
    public int? School { get; init; }

    /// <summary>From this instant.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Before this instant.</summary>
    public DateTimeOffset? Until { get; init; }
}

/// <summary>Tells of audit rows: a line of JSON for each, the oldest first.</summary>
internal static class AuditList
{
    private const int AsLongAsItTakes = 0;

    private const string Rows = """
        select a.audit_id, a.at, a.issuer, a.subject, a.client_id, a.action, a.purpose, a.subject_kind, a.subject_ids, a.school_urn, a.detail
        from audit a
        where (@Subject::text is null or a.subject = @Subject)
          and (@Whom::text is null or @Whom = any (a.subject_ids))
          and (@School::int is null or a.school_urn = @School)
          and (@Since::timestamptz is null or a.at >= @Since)
          and (@Until::timestamptz is null or a.at < @Until)
        order by a.at, a.audit_id
        """;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static async Task WriteAsync(NpgsqlDataSource database, AuditQuestion question, TextWriter to)
    {
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync("set default_transaction_read_only = on");
        await foreach (var row in connection.QueryUnbufferedAsync<Row>(Rows, question, commandTimeout: AsLongAsItTakes))
        {
            await to.WriteAsync(JsonSerializer.Serialize(row, Json) + "\n");
        }

        await to.FlushAsync();
    }

    private sealed record Row
    {
        public required long AuditId { get; init; }

        public required DateTimeOffset At { get; init; }

        public required string Issuer { get; init; }

        public required string Subject { get; init; }

        public string? ClientId { get; init; }

        public required string Action { get; init; }

        public required string Purpose { get; init; }

        public required string SubjectKind { get; init; }

        public required string[] SubjectIds { get; init; }

        public int? SchoolUrn { get; init; }

        public string? Detail { get; init; }
    }
}
