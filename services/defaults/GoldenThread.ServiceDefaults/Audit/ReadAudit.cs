using System.Threading.Channels;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace GoldenThread.ServiceDefaults;

/// <summary>
/// Audits reads that answered a name, a UPN or a date of birth. Rows are written in batches within a second: a crash may lose that
/// second, which keeps a read from costing a commit. Where they cannot be written for long, calls are refused before memory ends: what
/// cannot be audited is not shown.
/// </summary>
public sealed partial class ReadAudit(NpgsqlDataSource source, IOptions<ServiceOptions> service, ILogger<ReadAudit> log) : BackgroundService
{
    internal const string StateKey = "goldenthread.saw";
    private const int LargestBatch = 500;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Channel<AuditRow> rows = Channel.CreateUnbounded<AuditRow>(new UnboundedChannelOptions { SingleReader = true });
    private int waiting;

    /// <summary>Throws UNAVAILABLE where too many rows wait already.</summary>
    internal void DemandRoom()
    {
        if (Volatile.Read(ref waiting) >= service.Value.MostReadsWaiting)
        {
            throw Refusal.Unavailable("AUDIT_UNAVAILABLE", "Who reads this must be put down, and that is not possible now. Try again.");
        }
    }

    /// <summary>Puts down what the call saw, once it has been answered: what it said itself, and whom else the answer names.</summary>
    internal void Keep(ServerCallContext context, object? answer = null)
    {
        if (answer is IMessage message && RpcCatalogue.Rules[context.Method].Access is { NamesPupils: true })
        {
            SeeNamed(message, context);
        }

        var seen = SeenBy(context);
        if (seen.Count == 0)
        {
            return;
        }

        var caller = context.Caller();
        foreach (var subject in seen)
        {
            Interlocked.Increment(ref waiting);
            rows.Writer.TryWrite(new AuditRow(
                caller.Issuer, caller.Subject, caller.ClientId, context.Method, caller.Purpose, subject.Kind, subject.Ids, subject.SchoolUrn, null));
        }
    }

    // Also an answer that changed nothing, or repeats an earlier one. What the call's own work keeps is not kept twice.
    private static void SeeNamed(IMessage answer, ServerCallContext context)
    {
        var known = SeenBy(context).SelectMany(s => s.Ids).Concat(Work.Of(context)?.AuditedIds ?? []).ToHashSet(StringComparer.Ordinal);
        foreach (var named in NamedInAnswer.Of(answer).Where(n => n.Id.Length > 0 && !known.Contains(n.Id)).Distinct().ToLookup(n => n.Kind, n => n.Id))
        {
            context.Saw(named.Key, named);
        }
    }

    private static List<Seen> SeenBy(ServerCallContext context) => context.UserState.TryGetValue(StateKey, out var value) ? (List<Seen>)value : [];

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pending = new List<AuditRow>();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(Interval, stoppingToken);
                await FlushAsync(pending);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception e) when (Transience.IsNotThereYet(e))
            {
                // They stay in hand and go with the next batch.
                LogWaiting(pending.Count);
            }
        }

        await FlushAsync(pending);
    }

    private async Task FlushAsync(List<AuditRow> pending)
    {
        while (true)
        {
            while (pending.Count < LargestBatch && rows.Reader.TryRead(out var row))
            {
                pending.Add(row);
            }

            if (pending.Count == 0)
            {
                return;
            }

            await using var connection = await source.OpenConnectionAsync();
            await using var batch = new NpgsqlBatch(connection);
            foreach (var row in pending)
            {
                batch.BatchCommands.Add(AuditRow.Insert(row));
            }

            await batch.ExecuteNonQueryAsync();
            Interlocked.Add(ref waiting, -pending.Count);
            pending.Clear();
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} audited reads wait for the database")]
    private partial void LogWaiting(int count);

    internal sealed record Seen(string Kind, string[] Ids, int? SchoolUrn);
}

/// <summary>Tells the audit what a call showed.</summary>
public static class ReadAuditExtensions
{
    /// <summary>The answer names these, of this school: "pupil" and their ids. Whom a rpc's answer names besides is found without being told.</summary>
    public static void Saw(this ServerCallContext context, string kind, IEnumerable<string> ids, int? schoolUrn = null)
    {
        var seen = ids.ToArray();
        if (seen.Length == 0)
        {
            return;
        }

        if (!context.UserState.TryGetValue(ReadAudit.StateKey, out var value))
        {
            context.UserState[ReadAudit.StateKey] = value = new List<ReadAudit.Seen>();
        }

        ((List<ReadAudit.Seen>)value).Add(new(kind, seen, schoolUrn));
    }
}
