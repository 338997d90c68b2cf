using Grpc.Core;
using Grpc.Health.V1;
using Microsoft.Extensions.Hosting;
using Npgsql;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace GoldenThread.ServiceDefaults;

/// <summary>
/// Whether the service can serve: its database answers and carries every migration this build knows. The broker counts until it has had the service's
/// queues for the first time: afterwards the service reads and writes without it, and tells of it later.
/// </summary>
internal sealed class Readiness(NpgsqlDataSource source, MigrationSet migrations, DeclaredQueues queues, IHostApplicationLifetime lifetime)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    /// <summary>Null when ready, otherwise why not.</summary>
    public async Task<string?> WhyNotAsync(CancellationToken ct)
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return "stopping";
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Limit);
        try
        {
            await using var command = source.CreateCommand("select name from schema_migration");
            await using var reader = await command.ExecuteReaderAsync(limit.Token);
            var applied = new HashSet<string>(StringComparer.Ordinal);
            while (await reader.ReadAsync(limit.Token))
            {
                applied.Add(reader.GetString(0));
            }

            var missing = migrations.Names.Where(name => !applied.Contains(name)).ToList();
            if (missing.Count > 0)
            {
                return $"migrations are missing, run `migrate`: {string.Join(", ", missing)}";
            }

            return await queues.AreAllAsync(limit.Token) ? null : "the broker has not had its queues yet: what is told now would be lost to it";
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            return "the database is empty, run `migrate`";
        }
        catch (PostgresException e) when (!Transience.IsUnavailable(e))
        {
            return $"the database refuses this service ({e.SqlState})";
        }
        catch (Exception e) when (Transience.IsUnavailable(e) || e is OperationCanceledException)
        {
            return "the database cannot be reached";
        }
    }
}

/// <summary>The standard gRPC health service: "" asks for readiness, "liveness" whether the process runs.</summary>
internal sealed class HealthEdge(Readiness readiness, IHostApplicationLifetime lifetime) : Grpc.Health.V1.Health.HealthBase
{
    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(2);

    public override async Task<HealthCheckResponse> Check(HealthCheckRequest request, ServerCallContext context) =>
        new() { Status = await StatusAsync(request.Service, context.CancellationToken) };

    public override async Task Watch(HealthCheckRequest request, IServerStreamWriter<HealthCheckResponse> responseStream, ServerCallContext context)
    {
        // A watch has no end of its own: it would hold the service's end up until its limit.
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        ServingStatus? told = null;
        var isLast = false;
        while (!isLast && !context.CancellationToken.IsCancellationRequested)
        {
            isLast = lifetime.ApplicationStopping.IsCancellationRequested;
            var now = await StatusAsync(request.Service, context.CancellationToken);
            if (now != told)
            {
                await responseStream.WriteAsync(new HealthCheckResponse { Status = now });
                told = now;
            }

            await Task.Delay(WatchInterval, ends.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<ServingStatus> StatusAsync(string service, CancellationToken ct) => service switch
    {
        "liveness" => ServingStatus.Serving,
        "" => await readiness.WhyNotAsync(ct) is null ? ServingStatus.Serving : ServingStatus.NotServing,
        _ => throw Refusal.NotFound("HEALTH_SERVICE_UNKNOWN", "Ask for \"\" (readiness) or \"liveness\"."),
    };
}
