using System.Diagnostics;
using System.Text.Json;
using Dapper;
using MassTransit;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace GoldenThread.ServiceDefaults;

/// <summary>
/// Carries committed events to the broker: takes a batch that no other relay holds, publishes each under its row's id and waits for the
/// broker's confirm, then deletes the batch. A crash in between publishes again; the inbox of each consumer makes that harmless.
/// </summary>
internal sealed partial class OutboxRelay(NpgsqlDataSource source, IBus bus, EventTypes types, OutboxSignal signal, ILogger<OutboxRelay> log)
    : BackgroundService
{
    private const int LargestBatch = 200;
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PublishLimit = TimeSpan.FromSeconds(30);
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                while (await RelayAsync(stoppingToken) == LargestBatch)
                {
                    // More is waiting.
                }

                await signal.WaitAsync(Poll, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // The rows stay where they are: whatever failed, the next round tries again.
                LogFailed(e.GetType().Name, e.Message);
                await Task.Delay(Poll, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task<int> RelayAsync(CancellationToken ct)
    {
        const string Take = """
            select outbox_id, message_id, kind, body, traceparent
            from outbox
            where kind = any (@Kinds)
            order by outbox_id
            limit @LargestBatch
            for update skip locked
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var rows = (await connection.QueryAsync<OutboxRow>(
            new CommandDefinition(Take, new { Kinds = types.Kinds, LargestBatch }, transaction, cancellationToken: ct))).AsList();
        if (rows.Count == 0)
        {
            return 0;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(PublishLimit);
        await Task.WhenAll(rows.Select(row => PublishAsync(row, limit.Token)));
        await connection.ExecuteAsync("delete from outbox where outbox_id = any (@Ids)", new { Ids = rows.Select(r => r.OutboxId).ToArray() }, transaction);
        await transaction.CommitAsync(ct);
        return rows.Count;
    }

    private async Task PublishAsync(OutboxRow row, CancellationToken ct)
    {
        // Continues the trace of the request that wrote the row.
        using var activity = Telemetry.Source.StartActivity("outbox relay", ActivityKind.Producer, row.Traceparent);
        var type = types.Of(row.Kind);
        var message = JsonSerializer.Deserialize(row.Body, type, Json)!;
        await bus.Publish(message, type, Pipe.Execute<PublishContext>(context => context.MessageId = row.MessageId), ct);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The outbox waits: {Kind}: {Words}")]
    private partial void LogFailed(string kind, string words);

    private sealed record OutboxRow
    {
        public required long OutboxId { get; init; }

        public required Guid MessageId { get; init; }

        public required string Kind { get; init; }

        public required string Body { get; init; }

        public string? Traceparent { get; init; }
    }
}
