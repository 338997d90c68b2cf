using GoldenThread.Infrastructure;
using Npgsql;

namespace GoldenThread.Cli.House;

/// <summary>What the services stand on: a PostgreSQL and a RabbitMQ, private ones unless <c>GT_POSTGRES</c> or <c>GT_RABBITMQ</c> names others.</summary>
public static class Ground
{
    /// <summary>The broker that <c>GT_RABBITMQ</c> names; null where it names none. Throws where that cannot be one.</summary>
    public static Uri? GivenBroker() => Environment.GetEnvironmentVariable("GT_RABBITMQ") switch
    {
        null or "" => null,
        var given when Uri.TryCreate(given, UriKind.Absolute, out var uri) && uri is { Scheme: "amqp" or "amqps", Host.Length: > 0 }
            && uri.UserInfo.Split(':') is [{ Length: > 0 }, { Length: > 0 }] => uri,
        _ => throw new InfrastructureException(
            "GT_RABBITMQ is not like amqp://user:password@host:5672/virtual-host (amqps with TLS; what else than letters and digits the password has, as %3A for a colon)"),
    };

    /// <summary>The PostgreSQL that <c>GT_POSTGRES</c> names; null where it names none. Throws where that cannot be one.</summary>
    public static string? GivenPostgres()
    {
        if (Environment.GetEnvironmentVariable("GT_POSTGRES") is not { Length: > 0 } given)
            return null;
        try
        {
            return new NpgsqlConnectionStringBuilder(given) is { Host.Length: > 0 } ? given : throw new ArgumentException("it names no host");
        }
        catch (ArgumentException e)
        {
            throw new InfrastructureException("GT_POSTGRES is not like Host=db;Username=postgres;Password=…", e);
        }
    }

    /// <summary>The private broker of the running house.</summary>
    public static Uri PrivateBroker(Deeds deeds) =>
        new($"amqp://{PrivateRabbit.User}:{deeds.Secret(Deeds.RabbitSecret)}@127.0.0.1:{deeds.Ports["rabbit"]}/{PrivateRabbit.User}");

    /// <summary>Starts PostgreSQL, or finds that which the environment names: connection string of a role that may make databases and roles.</summary>
    public static async Task<string> PostgresAsync(RunningHouse house, Deeds deeds)
    {
        if (GivenPostgres() is { } given)
        {
            deeds.Postgres = (deeds.Postgres ?? new Elsewhere(given, [], [])).At(given);
            return given;
        }

        var postgres = await PrivatePostgres.StartAsync(new PrivatePostgresOptions
        {
            Folder = Path.Combine(Tree.Data, "postgres"),
            Password = deeds.Secret(Deeds.PostgresSecret),
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
        if (GivenBroker() is { } broker)
        {
            deeds.Broker = $"{broker.Host}{broker.AbsolutePath}";
            return broker;
        }

        var rabbit = await PrivateRabbit.StartAsync(new PrivateRabbitOptions
        {
            Folder = Path.Combine(Tree.Data, "rabbit"),
            Node = deeds.RabbitNode,
            Password = deeds.Secret(Deeds.RabbitSecret),
            Port = deeds.Ports.GetValueOrDefault("rabbit"),
            LogFile = Path.Combine(Tree.Logs, "rabbit.log"),
        });
        house.Add(new Tenant("epmd", rabbit.NameServerProcess, ProcessSignal.Terminate, IsGround: true));
        house.Add(new Tenant("rabbit", rabbit.Process, ProcessSignal.Terminate, IsGround: true));
        deeds.Ports["rabbit"] = rabbit.Port;
        return new Uri($"{rabbit.Uri}/{PrivateRabbit.User}");
    }
}
