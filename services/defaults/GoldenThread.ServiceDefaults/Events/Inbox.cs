using Dapper;
using MassTransit;
using Microsoft.Extensions.Options;

namespace GoldenThread.ServiceDefaults;

/// <summary>Lets each message have its effect once, however often it is told.</summary>
public sealed class Inbox(Works works, IOptions<ServiceOptions> service)
{
    /// <summary>
    /// Claims the message in the transaction of its effect, then runs the effect and commits both. A message seen before does nothing.
    /// The effect compares versions itself: order is not promised.
    /// </summary>
    /// <param name="context">The message.</param>
    /// <param name="consumer">Name of the consumer; never renamed, since it is half the key.</param>
    /// <param name="effect">What the message changes here.</param>
    public async Task HandleOnceAsync<T>(ConsumeContext<T> context, string consumer, Func<Work, T, CancellationToken, Task> effect) where T : class
    {
        var messageId = context.MessageId ?? throw new InvalidOperationException($"{typeof(T).Name} came without a message id.");
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
}
