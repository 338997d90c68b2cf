using System.Collections.Concurrent;
using System.Diagnostics;
using Dapper;
using MassTransit;
using MassTransit.Logging;
using Microsoft.Extensions.Options;

namespace GoldenThread.ServiceDefaults;

/// <summary>Lets each message have its effect once, however often it is told.</summary>
public sealed class Inbox(Works works, IOptions<ServiceOptions> service)
{
    private const int MostTogether = 64;
    private readonly ConcurrentDictionary<string, object> gatherings = new(StringComparer.Ordinal);

    /// <summary>
    /// Claims the message in the transaction of its effect, then runs the effect and commits both. A message seen before does nothing.
    /// The effect compares versions itself: order is not promised.
    /// </summary>
    /// <param name="context">The message.</param>
    /// <param name="consumer">Name of the consumer; never renamed, since it is half the key.</param>
    /// <param name="effect">What the message changes here.</param>
    public async Task HandleOnceAsync<T>(ConsumeContext<T> context, string consumer, Func<Work, T, CancellationToken, Task> effect) where T : class
    {
        var messageId = MessageId(context);
        var ct = context.CancellationToken;
        await using var work = await works.BeginAsync(Caller.Service(service.Value.Name), consumer, ct);
        const string Claim = "insert into inbox (consumer, message_id) values (@consumer, @messageId) on conflict do nothing";
        if (await work.Connection.ExecuteAsync(work.Command(Claim, new { consumer, messageId }, ct)) == 0)
        {
            return;
        }

        await effect(work, context.Message, ct);
        await work.CommitAsync();
    }

    /// <summary>
    /// Like <see cref="HandleOnceAsync"/>, but messages that wait at the same time share one transaction: under load a hundred small messages then
    /// cost little more than one. Where one of them fails, each is handled alone.
    /// </summary>
    /// <param name="context">The message.</param>
    /// <param name="consumer">Name of the consumer; never renamed, since it is half the key.</param>
    /// <param name="effect">What messages that were not seen before change here.</param>
    public Task HandleTogetherAsync<T>(ConsumeContext<T> context, string consumer, Func<Work, IReadOnlyList<T>, CancellationToken, Task> effect)
        where T : class
    {
        var gathering = (Gathering<ConsumeContext<T>>)gatherings.GetOrAdd(consumer, _ => new Gathering<ConsumeContext<T>>(MostTogether));
        return gathering.AddAsync(context, contexts => HandleAllAsync(contexts, consumer, effect));
    }

    private async Task HandleAllAsync<T>(
        IReadOnlyList<ConsumeContext<T>> contexts, string consumer, Func<Work, IReadOnlyList<T>, CancellationToken, Task> effect) where T : class
    {
        const string Claim = """
            insert into inbox (consumer, message_id) select @consumer, id from unnest(@ids) as id order by id
            on conflict do nothing returning message_id
            """;
        var ct = contexts[0].CancellationToken;
        using var activity = contexts.Count == 1
            ? null
            : Telemetry.StartTogether($"{consumer} together", ActivityKind.Consumer, contexts.Select(context => context.Headers.Get<string>(DiagnosticHeaders.ActivityId)));
        var messages = contexts.GroupBy(context => MessageId(context)).ToDictionary(same => same.Key, same => same.First().Message);
        await using var work = await works.BeginAsync(Caller.Service(service.Value.Name), consumer, ct);
        var claimed = (await work.Connection.QueryAsync<Guid>(work.Command(Claim, new { consumer, ids = messages.Keys.ToArray() }, ct))).AsList();
        if (claimed.Count == 0)
        {
            return;
        }

        await effect(work, [.. claimed.Select(id => messages[id])], ct);
        await work.CommitAsync();
    }

    private static Guid MessageId<T>(ConsumeContext<T> context) where T : class =>
        context.MessageId ?? throw new InvalidOperationException($"{typeof(T).Name} came without a message id.");
}
