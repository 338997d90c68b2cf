using System.Security.Cryptography;
using System.Text.Json;
using Dapper;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Npgsql;

namespace GoldenThread.ServiceDefaults;

/// <summary>
/// A call that carries an Idempotency-Key: same key and payload get the same answer, another payload is refused. Keys belong to one person in one
/// application: neither another application of theirs nor another person in this one meets them, or the answers kept under them. An answer is not
/// repeated once one of the grants has ended under which it was given: it may tell of what the caller no longer reaches.
/// </summary>
internal sealed class IdempotentCall(Caller caller, string rpc, string key)
{
    public const string Constraint = "pk_idempotency";
    private const string StateKey = "goldenthread.idempotent-call";

    private readonly string client = ClientOf(caller);

    // In the roles that the rpc allows: by no other was the answer given, nor is what it says shaped by any other.
    private readonly Authority by = caller.As(RpcCatalogue.Rules[rpc].Access?.Roles ?? []);

    public byte[]? RequestHash { get; set; }

    public static IdempotentCall? Of(ServerCallContext context)
    {
        if (context.UserState.TryGetValue(StateKey, out var known))
        {
            return (IdempotentCall)known;
        }

        var key = context.RequestHeaders.GetValue("idempotency-key");
        if (string.IsNullOrEmpty(key))
        {
            return null;
        }

        if (key.Length > HeaderLimits.IdempotencyKey)
        {
            throw Refusal.InvalidField(
                "IDEMPOTENCY_KEY_INVALID", "Idempotency-Key", $"An Idempotency-Key has at most {HeaderLimits.IdempotencyKey} characters.");
        }

        var call = new IdempotentCall(context.Caller(), context.Method, key);
        context.UserState[StateKey] = call;
        return call;
    }

    /// <summary>Two requests with one key at once: the second is told to ask again, and will then be answered like the first.</summary>
    public static RpcException SameKeyAtOnce() =>
        Refusal.Unavailable("IDEMPOTENCY_KEY_IN_USE", "A request with this Idempotency-Key is just being handled. Send it again.");

    /// <summary>Keeps the key for this transaction, to its end. UNAVAILABLE where another request holds it.</summary>
    public async Task ClaimAsync(NpgsqlTransaction transaction, CancellationToken ct)
    {
        var claim = JsonSerializer.Serialize(new[] { client, rpc, key });
        if (!await transaction.Connection!.ExecuteScalarAsync<bool>(new CommandDefinition(
            "select pg_try_advisory_xact_lock(hashtextextended(@claim, 0))", new { claim }, transaction, cancellationToken: ct)))
        {
            throw SameKeyAtOnce();
        }
    }

    public async Task<bool> WasAnsweredAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        const string Sql = "select exists (select from idempotency where client = @client and rpc = @rpc and key = @key)";
        return await connection.ExecuteScalarAsync<bool>(new CommandDefinition(Sql, new { client, rpc, key }, cancellationToken: ct));
    }

    public async Task<IMessage?> FindAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        const string Sql = """
            select i.request_hash, i.answer,
                   case
                       when i.grant_ids is null then exists (
                           select from access_grant g where g.issuer = @Issuer and g.subject = @Subject and g.valid_to between i.created_at and now())
                       else not i.grant_ids <@ array(select grant_id from held_grants(@Issuer, @Subject, @Roles))
                   end as has_lost_grant
            from idempotency i
            where i.client = @client and i.rpc = @rpc and i.key = @key
            """;
        var row = await connection.QuerySingleOrDefaultAsync<StoredAnswer>(
            new CommandDefinition(Sql, new { client, rpc, key, by.Issuer, by.Subject, by.Roles }, cancellationToken: ct));
        return row switch
        {
            null => null,
            _ when !row.RequestHash.AsSpan().SequenceEqual(RequestHash) => throw Refusal.IdempotencyKeyReused(),
            { HasLostGrant: true } => throw Refusal.AnswerNotRepeated(),
            _ => RpcCatalogue.Rules[rpc].Answer.ParseFrom(row.Answer),
        };
    }

    public void AddTo(NpgsqlBatch batch, byte[] answer)
    {
        batch.BatchCommands.Add(new NpgsqlBatchCommand(
            """
            insert into idempotency (client, rpc, key, request_hash, answer, grant_ids)
            values ($1, $2, $3, $4, $5, array(select grant_id from held_grants($6, $7, $8)))
            """)
        {
            Parameters =
            {
                new() { Value = client },
                new() { Value = rpc },
                new() { Value = key },
                new() { Value = RequestHash ?? throw new InvalidOperationException("An upload with an Idempotency-Key must call ReplayAsync before it commits.") },
                new() { Value = answer },
                new() { Value = by.Issuer },
                new() { Value = by.Subject },
                new() { Value = by.Roles },
            },
        });
    }

    // As JSON, since a blank could stand in each of the parts.
    private static string ClientOf(Caller caller) => JsonSerializer.Serialize(new[] { caller.Issuer, caller.ClientId, caller.Subject });

    private sealed record StoredAnswer
    {
        public required byte[] RequestHash { get; init; }

        public required byte[] Answer { get; init; }

        public required bool HasLostGrant { get; init; }
    }
}

/// <summary>
/// Answers a repeated unary request from what was stored with its effect. A refusal is looked at again: the request of the same key that came at the same
/// time may have committed since, and its effect be what this one was refused for.
/// </summary>
internal sealed class IdempotencyInterceptor(NpgsqlDataSource source) : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        if (string.IsNullOrEmpty(context.RequestHeaders.GetValue("idempotency-key")) || RpcCatalogue.Rules[context.Method].Anonymous)
        {
            return await continuation(request, context);
        }

        var call = IdempotentCall.Of(context)!;
        call.RequestHash = SHA256.HashData(((IMessage)request).ToByteArray());
        if (await FindAsync(call, context.CancellationToken) is { } answered)
        {
            return (TResponse)answered;
        }

        try
        {
            return await continuation(request, context);
        }
        catch (Exception e) when (e is PostgresException or RpcException { StatusCode: not StatusCode.InvalidArgument })
        {
            if (await FindAsync(call, context.CancellationToken) is { } meanwhile)
            {
                return (TResponse)meanwhile;
            }

            throw;
        }
    }

    private async Task<IMessage?> FindAsync(IdempotentCall call, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        return await call.FindAsync(connection, ct);
    }
}
