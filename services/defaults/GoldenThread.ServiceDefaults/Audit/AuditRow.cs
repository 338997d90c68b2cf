using Npgsql;
using NpgsqlTypes;

namespace GoldenThread.ServiceDefaults;

/// <summary>Who did or read what.</summary>
internal sealed record AuditRow(
    string Issuer, string Subject, string? ClientId, string Action, string Purpose, string SubjectKind, string[] SubjectIds, int? SchoolUrn, string? Detail)
{
    public static NpgsqlBatchCommand Insert(AuditRow row) => new("""
        insert into audit (issuer, subject, client_id, action, purpose, subject_kind, subject_ids, school_urn, detail)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """)
    {
        Parameters =
        {
            new() { Value = row.Issuer },
            new() { Value = row.Subject },
            new() { Value = (object?)row.ClientId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
            new() { Value = row.Action },
            new() { Value = row.Purpose },
            new() { Value = row.SubjectKind },
            new() { Value = row.SubjectIds },
            new() { Value = (object?)row.SchoolUrn ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Integer },
            new() { Value = (object?)row.Detail ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
        },
    };
}
