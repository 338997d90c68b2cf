using System.Collections.Concurrent;
using System.Diagnostics;
using GoldenThread.Benchmarks.Load;
using GoldenThread.Cli.House;
using GoldenThread.Infrastructure;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace GoldenThread.Benchmarks.Limits;

/// <summary>RabbitMQ alone: a durable message published to a quorum queue at a steady rate, until it is confirmed and consumed, whichever comes later.</summary>
internal static class RoundTrip
{
    private const string Queue = "bench.round-trip";
    private const int BodyBytes = 1000;
    private const ushort Prefetch = 64;

    /// <summary>The time of each message in milliseconds.</summary>
    public static async Task<IReadOnlyCollection<double>> TimesAsync(int perSecond, TimeSpan duration)
    {
        var deeds = Deeds.Read();
        var factory = new ConnectionFactory
        {
            HostName = "127.0.0.1",
            Port = deeds.Ports["rabbit"],
            UserName = PrivateRabbit.User,
            Password = deeds.Secret("rabbit"),
            VirtualHost = PrivateRabbit.User,
        };
        await using var connection = await factory.CreateConnectionAsync();
        await using var publishing = await connection.CreateChannelAsync(new CreateChannelOptions(true, true));
        await using var consuming = await connection.CreateChannelAsync();
        await consuming.QueueDeclareAsync(Queue, durable: true, exclusive: false, autoDelete: false,
            new Dictionary<string, object?> { ["x-queue-type"] = "quorum" });
        await consuming.BasicQosAsync(0, Prefetch, global: false);

        var arrivals = new ConcurrentDictionary<string, TaskCompletionSource<long>>();
        var consumer = new AsyncEventingBasicConsumer(consuming);
        consumer.ReceivedAsync += async (_, delivery) =>
        {
            arrivals[delivery.BasicProperties.MessageId!].SetResult(Stopwatch.GetTimestamp());
            await consuming.BasicAckAsync(delivery.DeliveryTag, multiple: false);
        };
        await consuming.BasicConsumeAsync(Queue, autoAck: false, consumer);

        var trips = new List<Task<double>>();
        var clock = Stopwatch.StartNew();
        for (var turn = 0; turn < perSecond * duration.TotalSeconds; turn++)
        {
            Pace.WaitUntil(clock, TimeSpan.FromSeconds((double)turn / perSecond));
            trips.Add(Task.Run(() => TripAsync(publishing, arrivals)));
        }

        var times = await Task.WhenAll(trips);
        await consuming.QueueDeleteAsync(Queue);
        return times;
    }

    private static async Task<double> TripAsync(IChannel channel, ConcurrentDictionary<string, TaskCompletionSource<long>> arrivals)
    {
        var id = Guid.CreateVersion7().ToString();
        var arrival = arrivals[id] = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        var properties = new BasicProperties { MessageId = id, Persistent = true };
        var started = Stopwatch.GetTimestamp();
        await channel.BasicPublishAsync("", Queue, mandatory: false, properties, new byte[BodyBytes]);
        var confirmed = Stopwatch.GetTimestamp();
        return Stopwatch.GetElapsedTime(started, Math.Max(confirmed, await arrival.Task)).TotalMilliseconds;
    }
}
