using GoldenThread.Infrastructure;

namespace GoldenThread.Cli.House;

/// <summary>What the services stand on: a PostgreSQL and a RabbitMQ, private ones unless <c>GT_POSTGRES</c> or <c>GT_RABBITMQ</c> names others.</summary>
public static class Ground
{
    /// <summary>The private broker of the running house.</summary>
    public static Uri PrivateBroker(Deeds deeds) =>
        new($"amqp://{PrivateRabbit.User}:{deeds.Secret("rabbit")}@127.0.0.1:{deeds.Ports["rabbit"]}/{PrivateRabbit.User}");

    /// <summary>Starts PostgreSQL, or finds that which the environment names: connection string of a role that may make databases and roles.</summary>
    public static async Task<string> PostgresAsync(RunningHouse house, Deeds deeds)
    {
        if (Environment.GetEnvironmentVariable("GT_POSTGRES") is { Length: > 0 } given)
        {
            deeds.Postgres = (deeds.Postgres ?? new Elsewhere(given, [], [])).At(given);
            return given;
        }

        var postgres = await PrivatePostgres.StartAsync(new PrivatePostgresOptions
        {
            Folder = Path.Combine(Tree.Data, "postgres"),
            Password = deeds.Secret("postgres"),
            Port = deeds.Ports.GetValueOrDefault("postgres"),
            LogFile = Path.Combine(Tree.Logs, "postgres.log"),
        });
        house.Add(new Tenant("postgres", postgres.Process, ProcessSignal.Interrupt, IsGround: true));
        deeds.Ports["postgres"] = postgres.Port;
        return postgres.ConnectionString;
    }

    /// <summary>Starts RabbitMQ, or finds that which the environment names: <c>amqp://user:password@host:port/virtual-host</c>.</summary>
    public static async Task<Uri> RabbitAsync(RunningHouse house, Deeds deeds)
    {
        if (Environment.GetEnvironmentVariable("GT_RABBITMQ") is { Length: > 0 } given)
        {
            var broker = new Uri(given);
            deeds.Broker = $"{broker.Host}{broker.AbsolutePath}";
            return broker;
        }

        var rabbit = await PrivateRabbit.StartAsync(new PrivateRabbitOptions
        {
            Folder = Path.Combine(Tree.Data, "rabbit"),
            Node = deeds.RabbitNode,
            Password = deeds.Secret("rabbit"),
            Port = deeds.Ports.GetValueOrDefault("rabbit"),
            LogFile = Path.Combine(Tree.Logs, "rabbit.log"),
        });
        house.Add(new Tenant("epmd", rabbit.NameServerProcess, ProcessSignal.Terminate, IsGround: true));
        house.Add(new Tenant("rabbit", rabbit.Process, ProcessSignal.Terminate, IsGround: true));
        deeds.Ports["rabbit"] = rabbit.Port;
        return new Uri($"{rabbit.Uri}/{PrivateRabbit.User}");
    }
}
