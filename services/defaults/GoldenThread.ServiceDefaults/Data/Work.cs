using System.Diagnostics;
using System.Text.Json;
using Dapper;
using Google.Protobuf;
using Grpc.Core;
using Npgsql;

namespace GoldenThread.ServiceDefaults;

/// <summary>Begins the work of a write.</summary>
public sealed class Works(NpgsqlDataSource source, OutboxSignal signal)
{
    /// <summary>Work in the name of a call; it honours the call's Idempotency-Key. UNAVAILABLE while another call with that key is at work.</summary>
    public async Task<Work> BeginAsync(ServerCallContext context)
    {
        var connection = await source.OpenConnectionAsync(context.CancellationToken);
        var work = await Work.BeginAsync(connection, signal, context.Caller(), IdempotentCall.Of(context), context.Method, context.CancellationToken);
        context.UserState[Work.StateKey] = work;
        return work;
    }

    /// <summary>Work of the service itself: a consumer's effect, a background task.</summary>
    public async Task<Work> BeginAsync(Caller caller, string action, CancellationToken ct)
    {
        var connection = await source.OpenConnectionAsync(ct);
        return await Work.BeginAsync(connection, signal, caller, null, action, ct);
    }
}

/// <summary>
/// One transaction: the change, the events that tell of it, the audit of who did it and the answer kept for a repeated request commit
/// together or not at all. Disposing without commit rolls back.
/// </summary>
public sealed class Work : IAsyncDisposable
{
    internal const string StateKey = "goldenthread.work";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private readonly OutboxSignal signal;
    private readonly Caller caller;
    private readonly IdempotentCall? idempotent;
    private readonly string action;
    private readonly List<(Guid Id, string Kind, string Body)> events = [];
    private readonly List<(string Action, string Kind, string[] Ids, int? SchoolUrn, string? Detail)> audits = [];
    private bool isCommitted;
    private bool isDisposed;

    private Work(NpgsqlConnection connection, NpgsqlTransaction transaction, OutboxSignal signal, Caller caller, IdempotentCall? idempotent, string action)
    {
        Connection = connection;
        Transaction = transaction;
        this.signal = signal;
        this.caller = caller;
        this.idempotent = idempotent;
        this.action = action;
    }

    /// <summary>The connection that holds the transaction.</summary>
    public NpgsqlConnection Connection { get; }

    /// <summary>The transaction.</summary>
    public NpgsqlTransaction Transaction { get; }

    /// <summary>In whose name the work is done.</summary>
    public Caller Caller => caller;

    /// <summary>Whom the audit of this work names, once it is kept.</summary>
    internal IEnumerable<string> AuditedIds => isCommitted ? audits.SelectMany(a => a.Ids) : [];

    /// <summary>The work that was done in the name of a call; null where there was none.</summary>
    internal static Work? Of(ServerCallContext context) => context.UserState.TryGetValue(StateKey, out var work) ? (Work)work : null;

    internal static async Task<Work> BeginAsync(
        NpgsqlConnection connection, OutboxSignal signal, Caller caller, IdempotentCall? idempotent, string action, CancellationToken ct)
    {
        try
        {
            var transaction = await connection.BeginTransactionAsync(ct);
            if (idempotent is not null)
            {
                await idempotent.ClaimAsync(transaction, ct);
            }

            return new(connection, transaction, signal, caller, idempotent, action);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>A Dapper command inside this work.</summary>
    public CommandDefinition Command(string sql, object? parameters, CancellationToken ct) =>
        new(sql, parameters, Transaction, cancellationToken: ct);

    /// <summary>Tells of an event once the work has committed.</summary>
    public void Publish<T>(T fact) where T : class =>
        events.Add((Guid.CreateVersion7(), typeof(T).FullName!, JsonSerializer.Serialize(fact, Json)));

    /// <summary>Keeps who did this to what. No name and no mark belongs in the detail.</summary>
    public void Audit(string subjectKind, IEnumerable<string> subjectIds, int? schoolUrn = null, string? detail = null, string? did = null) =>
        audits.Add((did ?? action, subjectKind, subjectIds.ToArray(), schoolUrn, detail));

    /// <summary>Keeps who did this to what.</summary>
    public void Audit(string subjectKind, string subjectId, int? schoolUrn = null, string? detail = null) =>
        Audit(subjectKind, [subjectId], schoolUrn, detail);

    /// <summary>
    /// Whether an answer is stored for the request's Idempotency-Key: only then is an upload worth reading to its end for <see cref="ReplayAsync"/>.
    /// </summary>
    public async Task<bool> WasAnsweredAsync(CancellationToken ct) => idempotent is not null && await idempotent.WasAnsweredAsync(Connection, ct);

    /// <summary>
    /// For an upload, whose content is known only at its end: the answer stored for this key and content, or null where there is none.
    /// FAILED_PRECONDITION IDEMPOTENCY_KEY_REUSED where the key came with other content.
    /// </summary>
    public async Task<T?> ReplayAsync<T>(byte[] contentHash, CancellationToken ct) where T : class, IMessage<T>, new()
    {
        if (idempotent is null)
        {
            return null;
        }

        idempotent.RequestHash = contentHash;
        return (T?)await idempotent.FindAsync(Connection, ct);
    }

    /// <summary>Commits, keeping the answer for a repeat of the request, and gives the answer back.</summary>
    public async Task<T> CommitAsync<T>(T answer) where T : class, IMessage<T>, new()
    {
        if (idempotent is null)
        {
            await CommitAsync();
            return answer;
        }

        await WriteAsync(answer.ToByteArray());
        try
        {
            await Transaction.CommitAsync(CancellationToken.None);
        }
        catch (PostgresException e) when (e.ConstraintName == IdempotentCall.Constraint)
        {
            throw IdempotentCall.SameKeyAtOnce();
        }

        Committed();
        return answer;
    }

    /// <summary>Commits.</summary>
    public async Task CommitAsync()
    {
        await WriteAsync(null);
        await Transaction.CommitAsync(CancellationToken.None);
        Committed();
    }

    private void Committed()
    {
        isCommitted = true;
        signal.Wake(events.Count);
    }

    private async Task WriteAsync(byte[]? answer)
    {
        await using var batch = new NpgsqlBatch(Connection, Transaction);
        AddEvents(batch);
        AddAudits(batch);
        if (answer is not null)
        {
            idempotent!.AddTo(batch, answer);
        }

        if (batch.BatchCommands.Count == 0)
        {
            return;
        }

        try
        {
            await batch.ExecuteNonQueryAsync(CancellationToken.None);
        }
        catch (PostgresException e) when (e.ConstraintName == IdempotentCall.Constraint)
        {
            throw IdempotentCall.SameKeyAtOnce();
        }
    }

    private void AddEvents(NpgsqlBatch batch)
    {
        if (events.Count == 0)
        {
            return;
        }

        batch.BatchCommands.Add(new NpgsqlBatchCommand("""
            insert into outbox (message_id, kind, body, traceparent)
            select message_id, kind, body, $4 from unnest($1, $2, $3) as e(message_id, kind, body)
            """)
        {
            Parameters =
            {
                new() { Value = events.Select(e => e.Id).ToArray() },
                new() { Value = events.Select(e => e.Kind).ToArray() },
                new() { Value = events.Select(e => e.Body).ToArray() },
                new() { Value = (object?)Activity.Current?.Id ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text },
            },
        });
    }

    private void AddAudits(NpgsqlBatch batch)
    {
        foreach (var audit in audits)
        {
            batch.BatchCommands.Add(AuditRow.Insert(new AuditRow(
                caller.Issuer, caller.Subject, caller.ClientId, audit.Action, caller.Purpose, audit.Kind, audit.Ids, audit.SchoolUrn, audit.Detail)));
        }
    }

    /// <summary>Ends the work, once: who wants its connection back early disposes it before <c>await using</c> does.</summary>
    public async ValueTask DisposeAsync()
    {
        if (isDisposed)
        {
            return;
        }

        // Npgsql keeps one transaction object for each physical connection: by the second time it may be the transaction of somebody else.
        isDisposed = true;
        await Transaction.DisposeAsync();
        await Connection.DisposeAsync();
    }
}
