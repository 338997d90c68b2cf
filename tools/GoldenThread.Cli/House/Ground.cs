using GoldenThread.Infrastructure;
using Npgsql;

namespace GoldenThread.Cli.House;

/// <summary>What the services stand on: a PostgreSQL and a RabbitMQ, private ones unless <c>GT_POSTGRES</c> or <c>GT_RABBITMQ</c> names others.</summary>
public sealed record Ground
{
    /// <summary>Superuser's (or a database creator's) connection string.</summary>
    public required string Postgres { get; init; }

    /// <summary><c>amqp://user:password@host:port/virtual-host</c>.</summary>
    public required Uri Rabbit { get; init; }

    /// <summary>The broker's virtual host.</summary>
    public string RabbitVirtualHost => Rabbit.AbsolutePath is "/" or "" ? "/" : Uri.UnescapeDataString(Rabbit.AbsolutePath[1..]);

    /// <summary>The private broker of the running house.</summary>
    public static Uri PrivateBroker(Deeds deeds) =>
        new($"amqp://{PrivateRabbit.User}:{deeds.Secret("rabbit")}@127.0.0.1:{deeds.Ports["rabbit"]}/{PrivateRabbit.User}");

    /// <summary>Starts both, or finds those that the environment names.</summary>
    public static async Task<Ground> PrepareAsync(RunningHouse house, Deeds deeds)
    {
        var postgres = PostgresAsync(house, deeds);
        var rabbit = RabbitAsync(house, deeds);
        await Task.WhenAll(postgres, rabbit);
        return new Ground { Postgres = await postgres, Rabbit = await rabbit };
    }

    /// <summary>
    /// Makes a service's database and its two roles where they are missing: <c>{name}_owner</c> owns the tables and migrates,
    /// <c>{name}_app</c> owns none and is what the service runs with.
    /// </summary>
    public async Task<ServiceDatabase> MakeDatabaseAsync(string name, Deeds deeds)
    {
        var database = new ServiceDatabase
        {
            Owner = For(name, $"{name}_owner", deeds.Secret($"{name}-database-owner")),
            Application = For(name, $"{name}_app", deeds.Secret($"{name}-database-app")),
        };
        await MakeRoleAsync($"{name}_owner", deeds.Secret($"{name}-database-owner"));
        await MakeRoleAsync($"{name}_app", deeds.Secret($"{name}-database-app"));
        if (!await AskAsync($"select exists (select from pg_database where datname = '{name}')"))
            await ExecuteAsync($"create database {name} owner {name}_owner");
        await ExecuteAsync($"revoke connect on database {name} from public; grant connect on database {name} to {name}_owner, {name}_app");
        return database;
    }

    private async Task MakeRoleAsync(string role, string password)
    {
        var exists = await AskAsync($"select exists (select from pg_roles where rolname = '{role}')");
        await ExecuteAsync($"{(exists ? "alter" : "create")} role {role} login password '{password}'");
    }

    private string For(string database, string user, string password) =>
        new NpgsqlConnectionStringBuilder(Postgres) { Database = database, Username = user, Password = password }.ConnectionString;

    private async Task<bool> AskAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(Postgres);
        await using var command = source.CreateCommand(sql);
        return (bool)(await command.ExecuteScalarAsync())!;
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(Postgres);
        foreach (var statement in sql.Split(';'))
        {
            await using var command = source.CreateCommand(statement);
            await command.ExecuteNonQueryAsync();
        }
    }

    private static async Task<string> PostgresAsync(RunningHouse house, Deeds deeds)
    {
        if (Environment.GetEnvironmentVariable("GT_POSTGRES") is { Length: > 0 } given)
            return given;

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

    private static async Task<Uri> RabbitAsync(RunningHouse house, Deeds deeds)
    {
        if (Environment.GetEnvironmentVariable("GT_RABBITMQ") is { Length: > 0 } given)
            return new Uri(given);

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

/// <summary>The two ways into a service's database.</summary>
public sealed record ServiceDatabase
{
    /// <summary>As the role that owns the tables; for `migrate` only.</summary>
    public required string Owner { get; init; }

    /// <summary>As the role that the service runs with.</summary>
    public required string Application { get; init; }
}
