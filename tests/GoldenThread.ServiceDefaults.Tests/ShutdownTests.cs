using GoldenThread.TestSupport;
using GoldenThread.Tracking.Events.V1;
using Grpc.Core;
using Grpc.Health.V1;
using MassTransit;
using RabbitMQ.Client;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace GoldenThread.ServiceDefaults.Tests;

/// <summary>A service that is told to end finishes what it has begun, loses nothing and does so within its limit of 20 s.</summary>
public sealed class ShutdownTests
{
    private const string Queue = "tracking.grant-changed";

    // Nothing that is still going on may hold the end up until the limit.
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(25);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Termination_LetsARunningCallFinish_AndKeepsWhatWasRead()
    {
        await using var specimen = await Specimen.StartedAsync();
        var pupil = await specimen.AddPupilAsync(await specimen.PutSchoolAsync(300_041));
        using var watch = specimen.Health.Watch(new HealthCheckRequest(), cancellationToken: Ct);
        Assert.True(await watch.ResponseStream.MoveNext(Ct));
        Assert.Equal(ServingStatus.Serving, watch.ResponseStream.Current.Status);
        Task<int> running;
        await using (await specimen.HoldAsync("school"))
        {
            running = specimen.PutSchoolAsync(300_042);
            await specimen.HeldUpAsync("school");
            await specimen.ReadPupilAsync(pupil, "the last read");

            specimen.Terminate();
            Assert.True(await watch.ResponseStream.MoveNext(Ct));
            Assert.Equal(ServingStatus.NotServing, watch.ResponseStream.Current.Status);
            Assert.False(running.IsCompleted);
        }

        Assert.Equal(300_042, await running);
        Assert.False(await watch.ResponseStream.MoveNext(Ct));
        Assert.True(await specimen.EndsAsync(Soon), "the process did not end");
        Assert.True(await specimen.ScalarAsync<bool>("select exists (select from school where school_urn = 300042)"));
        Assert.True(await specimen.ScalarAsync<bool>("select exists (select from audit where purpose = 'the last read')"));
    }

    /// <summary>The message is held up until the service ends, or for longer than it may take to end: then another start handles it.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Termination_DuringAMessage_LeavesItsEffectOnce(bool beyondTheLimit)
    {
        await using var specimen = await Specimen.StartedAsync();
        await specimen.ExecuteAsync("""
            create table effect (subject text not null);
            create function count_effect() returns trigger language plpgsql security definer as $$
            begin
                insert into public.effect values (new.subject);
                return null;
            end
            $$;
            create trigger count_effect after insert or update on access_grant for each row execute function count_effect();
            """);
        var bus = await BusAsync(specimen);
        var message = Guid.NewGuid();
        var grant = Grant("held up");
        var hold = await specimen.HoldAsync("access_grant");
        await bus.Publish(grant, context => context.MessageId = message, Ct);
        await specimen.HeldUpAsync("access_grant");

        specimen.Terminate();
        if (beyondTheLimit)
        {
            Assert.True(await specimen.EndsAsync(Limit), "a message held the process up beyond its limit");
            await hold.DisposeAsync();
        }
        else
        {
            await Eventually.Async(async () => await specimen.AskAsync("live") is null, "the service has begun to end");
            await hold.DisposeAsync();
            Assert.True(await specimen.EndsAsync(Soon), "the process did not end");
            Assert.Equal(1, await specimen.ScalarAsync<long>("select count(*) from effect"));
            await EmptyAsync(specimen);
        }

        // Told again, and followed by another, it has no effect beyond its first.
        await specimen.StartAsync();
        await bus.Publish(grant with { Version = 2 }, context => context.MessageId = message, Ct);
        await bus.Publish(Grant("the next"), Ct);
        await specimen.TrueAsync("select count(distinct subject) = 2 from effect");
        await EmptyAsync(specimen);
        specimen.Terminate();
        Assert.True(await specimen.EndsAsync(Soon), "the process did not end");

        Assert.Equal(["held up", "the next"], await specimen.RowsAsync("select subject from effect order by subject", row => row.GetString(0)));
        await EmptyAsync(specimen);
        await bus.StopAsync(Ct);
    }

    private static GrantChanged Grant(string subject) => new()
    {
        GrantId = Guid.CreateVersion7(),
        Version = 1,
        Issuer = "https://issuer.example",
        Subject = subject,
        Role = 1,
        ValidFrom = DateTimeOffset.UtcNow,
    };

    private static async Task<IBusControl> BusAsync(Specimen specimen)
    {
        var (rabbit, virtualHost) = specimen.Rabbit!.Value;
        var bus = Bus.Factory.CreateUsingRabbitMq(configure => configure.Host(rabbit.Host, (ushort)rabbit.Port, virtualHost, host =>
        {
            host.Username(rabbit.User);
            host.Password(rabbit.Password);
        }));
        await bus.StartAsync(Ct);
        return bus;
    }

    // A quorum queue counts what was acknowledged a moment later.
    private static Task EmptyAsync(Specimen specimen) => Eventually.Async(async () => await WaitingAsync(specimen) == 0, "the queue is empty");

    // Messages that nobody has in hand.
    private static async Task<uint> WaitingAsync(Specimen specimen)
    {
        var (rabbit, virtualHost) = specimen.Rabbit!.Value;
        var factory = new ConnectionFactory
        {
            HostName = rabbit.Host,
            Port = rabbit.Port,
            VirtualHost = virtualHost,
            UserName = rabbit.User,
            Password = rabbit.Password,
        };
        await using var connection = await factory.CreateConnectionAsync(Ct);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Ct);
        return (await channel.QueueDeclarePassiveAsync(Queue, Ct)).MessageCount;
    }
}
