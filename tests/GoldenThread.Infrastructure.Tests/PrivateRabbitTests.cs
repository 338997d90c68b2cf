using GoldenThread.Infrastructure;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Xunit;

namespace GoldenThread.Infrastructure.Tests;

public class PrivateRabbitTests
{
    [Fact]
    public async Task TwoAtOnce_DoNotMeet_AndLeaveNothingBehind()
    {
        using var here = new Scratch();
        using var there = new Scratch();
        var starts = await Task.WhenAll(PrivateRabbit.StartAsync(Options(here)), PrivateRabbit.StartAsync(Options(there)));
        await using var first = starts[0];
        await using var second = starts[1];
        await DeclareAsync(first, "thread");
        Assert.True(await ExistsAsync(first, "thread"));
        Assert.False(await ExistsAsync(second, "thread"));

        await first.StopAsync();
        await second.KillAsync();
        Assert.Empty(here.ProcessesLeft());
        Assert.Empty(there.ProcessesLeft());
        Assert.True(FreePorts.IsFree(first.Port));
    }

    [Fact]
    public async Task Messages_OutliveAStop_AndAKill()
    {
        using var scratch = new Scratch();
        await using var rabbit = await PrivateRabbit.StartAsync(Options(scratch));
        await DeclareAsync(rabbit, "kept");
        await PublishAsync(rabbit, "kept");

        await rabbit.StopAsync();
        await rabbit.StartAgainAsync();
        Assert.Equal(1u, await CountAsync(rabbit, "kept"));

        await rabbit.KillAsync();
        await rabbit.StartAgainAsync();
        Assert.Equal(1u, await CountAsync(rabbit, "kept"));
    }

    [Fact]
    public async Task VirtualHost_KeepsItsQueuesApart_AndStrangersAreRefused()
    {
        using var scratch = new Scratch();
        await using var rabbit = await PrivateRabbit.StartAsync(Options(scratch));
        await rabbit.AddVirtualHostAsync("mine");
        await DeclareAsync(rabbit, "thread", "mine");
        Assert.False(await ExistsAsync(rabbit, "thread"));
        Assert.True(await ExistsAsync(rabbit, "thread", "mine"));

        var guest = new ConnectionFactory { Uri = new Uri($"amqp://guest:guest@127.0.0.1:{rabbit.Port}/%2F") };
        await Assert.ThrowsAsync<BrokerUnreachableException>(() => guest.CreateConnectionAsync());
    }

    private static PrivateRabbitOptions Options(Scratch scratch) =>
        new() { Folder = scratch.Folder, Node = $"gt-{Secrets.ShortName()}", Password = Secrets.New() };

    private static Task<IConnection> ConnectAsync(PrivateRabbit rabbit, string virtualHost = PrivateRabbit.User) =>
        new ConnectionFactory { Uri = new Uri($"{rabbit.Uri}/{virtualHost}"), AutomaticRecoveryEnabled = false }
            .CreateConnectionAsync();

    private static async Task DeclareAsync(PrivateRabbit rabbit, string queue, string virtualHost = PrivateRabbit.User)
    {
        await using var connection = await ConnectAsync(rabbit, virtualHost);
        await using var channel = await connection.CreateChannelAsync();
        var quorum = new Dictionary<string, object?> { ["x-queue-type"] = "quorum" };
        await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, arguments: quorum);
    }

    private static async Task PublishAsync(PrivateRabbit rabbit, string queue)
    {
        await using var connection = await ConnectAsync(rabbit);
        var confirmed = new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true);
        await using var channel = await connection.CreateChannelAsync(confirmed);
        await channel.BasicPublishAsync("", queue, mandatory: true, new BasicProperties { Persistent = true }, "golden"u8.ToArray());
    }

    private static async Task<bool> ExistsAsync(PrivateRabbit rabbit, string queue, string virtualHost = PrivateRabbit.User)
    {
        await using var connection = await ConnectAsync(rabbit, virtualHost);
        await using var channel = await connection.CreateChannelAsync();
        try
        {
            await channel.QueueDeclarePassiveAsync(queue);
            return true;
        }
        catch (OperationInterruptedException)
        {
            return false;
        }
    }

    private static async Task<uint> CountAsync(PrivateRabbit rabbit, string queue)
    {
        // After a restart the queue's leader needs a moment to count again.
        return await TestSupport.Eventually.Async(async () =>
        {
            await using var connection = await ConnectAsync(rabbit);
            await using var channel = await connection.CreateChannelAsync();
            var count = (await channel.QueueDeclarePassiveAsync(queue)).MessageCount;
            Assert.NotEqual(0u, count);
            return count;
        });
    }
}
