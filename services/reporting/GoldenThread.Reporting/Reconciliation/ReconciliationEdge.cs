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
        var (digests, waiting) = await store.DigestAsync(schoolUrn, collectionId, context.CancellationToken);
        return new DigestResponse { Digests = { digests }, Waiting = waiting };
    }
}

/// <summary>Counts and digests of the results that are held.</summary>
internal sealed class DigestStore(NpgsqlDataSource source)
{
    /// <summary>Digests per school and collection, and how many results wait for their test or their pupil.</summary>
    public async Task<(IReadOnlyList<ResultDigest> Digests, long Waiting)> DigestAsync(int? schoolUrn, Guid? collectionId, CancellationToken ct)
    {
        const string Digests = """
            select school_urn, collection_id::text as collection_id, count(*) as count,
                sum(hashtextextended(result_id::text || ':' || version, 0)::numeric)::text as digest
            from fact_result
            where (@schoolUrn::int is null or school_urn = @schoolUrn) and (@collectionId::uuid is null or collection_id = @collectionId)
            group by school_urn, collection_id
            order by school_urn, collection_id
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
        var digests = await connection.QueryAsync<ResultDigest>(new CommandDefinition(Digests, parameters, cancellationToken: ct));
        return (digests.AsList(), await connection.ExecuteScalarAsync<long>(new CommandDefinition(Waiting, parameters, cancellationToken: ct)));
    }
}
