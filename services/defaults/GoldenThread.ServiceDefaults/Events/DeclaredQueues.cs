using System.Collections.Concurrent;
using MassTransit;
using Npgsql;

namespace GoldenThread.ServiceDefaults;

/// <summary>
/// Knows whether the broker has ever had every queue of this service. What is told before that is lost to it, so it is not ready until then; afterwards
/// the queues stay, and keep what is told while the service is away.
/// </summary>
internal sealed class DeclaredQueues(NpgsqlDataSource source, EventQueues queues) : IReceiveEndpointObserver
{
    private readonly ConcurrentDictionary<string, bool> declared = new(StringComparer.Ordinal);
    private volatile bool areAll;

    /// <summary>Whether all are, now or in an earlier life of this service.</summary>
    public async Task<bool> AreAllAsync(CancellationToken ct)
    {
        if (areAll)
        {
            return true;
        }

        const string Sql = """
            with now_declared as (
                insert into declared_queue (queue) select unnest($1) on conflict do nothing
            )
            select not exists (select unnest($2) except (select unnest($1) union select queue from declared_queue))
            """;
        await using var command = source.CreateCommand(Sql);
        command.Parameters.Add(new() { Value = declared.Keys.ToArray() });
        command.Parameters.Add(new() { Value = queues.Names.ToArray() });
        areAll = (bool)(await command.ExecuteScalarAsync(ct))!;
        return areAll;
    }

    Task IReceiveEndpointObserver.Ready(ReceiveEndpointReady ready)
    {
        declared[Uri.UnescapeDataString(ready.InputAddress.Segments[^1])] = true;
        return Task.CompletedTask;
    }

    Task IReceiveEndpointObserver.Stopping(ReceiveEndpointStopping stopping) => Task.CompletedTask;

    Task IReceiveEndpointObserver.Completed(ReceiveEndpointCompleted completed) => Task.CompletedTask;

    Task IReceiveEndpointObserver.Faulted(ReceiveEndpointFaulted faulted) => Task.CompletedTask;
}
