using GoldenThread.Infrastructure;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace GoldenThread.Cli.Errors;

/// <summary>How many messages of one queue failed.</summary>
/// <param name="Queue">The consumer's own queue, such as <c>reporting.school-changed</c>.</param>
/// <param name="Count">Messages that were put aside.</param>
public sealed record FailedCount(string Queue, uint Count);

/// <summary>
/// The messages that a consumer could not handle and put aside: its queue's <c>_error</c> (it threw) and <c>_skipped</c> (it does not know such a
/// message). Speaks AMQP alone, so that a broker needs no management plugin; therefore the queues are known by name.
/// </summary>
public sealed class ErrorQueues : IAsyncDisposable
{
    private static readonly string[] Asides = ["_error", "_skipped"];

    private readonly IConnection connection;

    private ErrorQueues(IConnection connection) => this.connection = connection;

    /// <summary>The queue of every consumer: <c>&lt;service&gt;.&lt;consumer&gt;</c>. A test holds this to what the services declare.</summary>
    public static IReadOnlyList<string> Queues { get; } =
    [
        "assessment.grant-changed", "assessment.pupil-identifiers-changed", "assessment.pupils-changed",
        "reporting.agreed-action-changed", "reporting.category-changed", "reporting.collection-changed", "reporting.grant-changed",
        "reporting.group-defined", "reporting.pupils-changed", "reporting.results-recorded", "reporting.school-changed",
        "reporting.statuses-changed", "reporting.test-changed", "reporting.thread-changed", "reporting.visit-changed",
        "reviews.calendar-changed", "reviews.grant-changed", "reviews.person-changed", "reviews.school-changed",
        "tracking.collection-changed", "tracking.grant-changed", "tracking.results-recorded", "tracking.test-changed",
    ];

    /// <summary>Connects to a broker's virtual host.</summary>
    public static async Task<ErrorQueues> ConnectAsync(Uri broker, CancellationToken ct)
    {
        var factory = new ConnectionFactory { Uri = broker, AutomaticRecoveryEnabled = false, ClientProvidedName = "gt errors" };
        try
        {
            return new ErrorQueues(await factory.CreateConnectionAsync(ct));
        }
        catch (BrokerUnreachableException e)
        {
            throw new InfrastructureException($"the broker at {broker.Host}:{broker.Port} cannot be reached or refuses us", e);
        }
    }

    /// <summary>Every queue, with how many of its messages failed.</summary>
    public async Task<IReadOnlyList<FailedCount>> CountAsync(CancellationToken ct)
    {
        var counts = new List<FailedCount>();
        foreach (var queue in Queues)
        {
            counts.Add(new FailedCount(queue, (uint)(await AsidesOfAsync(queue, ct)).Sum(aside => aside.Count)));
        }

        return counts;
    }

    /// <summary>The oldest failed messages of a queue. They stay where they are.</summary>
    public async Task<IReadOnlyList<FailedMessage>> LookAsync(string queue, uint most, CancellationToken ct)
    {
        var messages = new List<FailedMessage>();
        foreach (var (name, count) in await AsidesOfAsync(queue, ct))
        {
            // What is taken without being acknowledged goes back to its place when the channel closes.
            await using var channel = await connection.CreateChannelAsync(cancellationToken: ct);
            for (var left = Math.Min(count, most - (uint)messages.Count); left > 0; left--)
            {
                if (await channel.BasicGetAsync(name, autoAck: false, ct) is not { } taken)
                {
                    break;
                }

                messages.Add(FailedMessage.Of(taken));
            }
        }

        return messages;
    }

    /// <summary>
    /// Puts the failed messages of a queue back where they came from, each under its own id: published, confirmed by the broker, only then taken
    /// out of the error queue. A stop in between leaves at most one message in both, and the consumer's inbox lets it have its effect once.
    /// Those that fail once more meanwhile are not tried again.
    /// </summary>
    /// <param name="queue">The consumer's own queue.</param>
    /// <param name="moved">Is told how many went back so far.</param>
    /// <param name="ct">Stops between two messages.</param>
    public async Task ReplayAsync(string queue, Action<uint> moved, CancellationToken ct)
    {
        var asides = await AsidesOfAsync(queue, ct);
        var confirmed = new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true);
        await using var channel = await connection.CreateChannelAsync(confirmed, ct);
        uint done = 0;
        foreach (var (name, count) in asides)
        {
            for (var left = count; left > 0; left--)
            {
                ct.ThrowIfCancellationRequested();
                if (await channel.BasicGetAsync(name, autoAck: false, ct) is not { } taken)
                {
                    break;
                }

                await PutBackAsync(channel, queue, taken);
                moved(++done);
            }
        }
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => connection.DisposeAsync();

    private static async Task PutBackAsync(IChannel channel, string queue, BasicGetResult taken)
    {
        try
        {
            var properties = new BasicProperties(taken.BasicProperties) { Headers = FailedMessage.WithoutFault(taken.BasicProperties.Headers), Persistent = true };
            await channel.BasicPublishAsync("", queue, mandatory: true, properties, taken.Body, CancellationToken.None);
            await channel.BasicAckAsync(taken.DeliveryTag, multiple: false, CancellationToken.None);
        }
        catch (PublishException e)
        {
            throw new InfrastructureException($"the broker does not take messages for {queue}; what is left stays where it is", e);
        }
    }

    // Where a consumer never failed, there is no such queue yet.
    private async Task<IReadOnlyList<(string Name, uint Count)>> AsidesOfAsync(string queue, CancellationToken ct)
    {
        var found = new List<(string, uint)>();
        foreach (var aside in Asides)
        {
            await using var channel = await connection.CreateChannelAsync(cancellationToken: ct);
            try
            {
                found.Add((queue + aside, (await channel.QueueDeclarePassiveAsync(queue + aside, ct)).MessageCount));
            }
            catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == Constants.NotFound)
            {
            }
        }

        return found;
    }
}
