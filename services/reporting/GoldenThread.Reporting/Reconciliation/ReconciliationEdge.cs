using Dapper;
using GoldenThread.Reporting.Internal.V1;
using GoldenThread.ServiceDefaults;
using Grpc.Core;
using Npgsql;

namespace GoldenThread.Reporting.Reconciliation;

/// <summary>What operators compare with assessment.</summary>
internal sealed class ReconciliationEdge(DigestStore store) : ReconciliationService.ReconciliationServiceBase
{
    public override async Task<DigestResponse> Digest(DigestRequest request, ServerCallContext context)
    {
        int? schoolUrn = request.HasSchoolUrn ? request.SchoolUrn : null;
        Guid? collectionId = request.CollectionId.Length == 0 ? null : Fields.Id(request.CollectionId, "collection_id");
        return await store.DigestAsync(schoolUrn, collectionId, context.CancellationToken);
    }
}

/// <summary>Counts and digests of what is held, and what is still to be done with it.</summary>
internal sealed class DigestStore(NpgsqlDataSource source)
{
    private const int WholeTableSeconds = 600;

    /// <summary>Digests per school and collection, how many results wait for their test or their pupil, and how many sums are due.</summary>
    public async Task<DigestResponse> DigestAsync(int? schoolUrn, Guid? collectionId, CancellationToken ct)
    {
        const string Results = """
            select school_urn, collection_id::text as collection_id, count(*) as count,
                sum(hashtextextended(result_id::text || ':' || version, 0)::numeric)::text as digest
            from fact_result
            where (@schoolUrn::int is null or school_urn = @schoolUrn) and (@collectionId::uuid is null or collection_id = @collectionId)
            group by school_urn, collection_id
            order by school_urn, collection_id
            """;
        const string Statuses = """
            select school_urn, collection_id::text as collection_id, count(*) as count,
                sum(hashtextextended(pupil_id::text || ':' || subject || ':' || version, 0)::numeric)::text as digest
            from pupil_status
            where (@schoolUrn::int is null or school_urn = @schoolUrn) and (@collectionId::uuid is null or collection_id = @collectionId)
            group by school_urn, collection_id
            order by school_urn, collection_id
            """;
        const string SumsDue = """
            select count(*)
            from summary_due
            where (@schoolUrn::int is null or school_urn = @schoolUrn) and (@collectionId::uuid is null or collection_id = @collectionId)
            """;
        const string Waiting = """
            select count(*)
            from fact_result f
            where (@schoolUrn::int is null or f.school_urn = @schoolUrn) and (@collectionId::uuid is null or f.collection_id = @collectionId)
              and (not exists (select 1 from test t where t.test_id = f.test_id)
                or not exists (select 1 from pupil p where p.pupil_id = f.pupil_id and p.version > 0))
            """;
        var parameters = new { schoolUrn, collectionId };
        await using var connection = await source.OpenConnectionAsync(ct);
        return new DigestResponse
        {
            Digests = { await connection.QueryAsync<ResultDigest>(Command(Results)) },
            Statuses = { await connection.QueryAsync<StatusDigest>(Command(Statuses)) },
            Waiting = await connection.ExecuteScalarAsync<long>(Command(Waiting)),
            // Last: a sum is noted as due together with its rows, so that of the rows above none is then left out of the sums unseen.
            SumsDue = await connection.ExecuteScalarAsync<long>(Command(SumsDue)),
        };

        CommandDefinition Command(string sql) => new(sql, parameters, commandTimeout: WholeTableSeconds, cancellationToken: ct);
    }
}
