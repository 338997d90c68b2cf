using GoldenThread.Infrastructure;

namespace GoldenThread.Cli.Testing;

/// <summary>One PostgreSQL and one RabbitMQ for all test programs of a run. They end with it, however it ends.</summary>
public sealed class TestGround : IAsyncDisposable
{
    private readonly string folder = Path.Combine(Path.GetTempPath(), $"gt-test-{Secrets.ShortName()}");
    private PrivatePostgres? postgres;
    private PrivateRabbit? rabbit;
    private Keeper? keeper;

    private TestGround()
    {
    }

    /// <summary>How the test programs find them.</summary>
    public IReadOnlyDictionary<string, string?> Environment => new Dictionary<string, string?>
    {
        ["GT_TEST_POSTGRES"] = postgres!.ConnectionString,
        ["GT_TEST_RABBIT"] = rabbit!.Uri,
        ["GT_TEST_RABBIT_CTL"] = rabbit.ControlScript,
    };

    /// <summary>Starts both at once.</summary>
    public static async Task<TestGround> StartAsync()
    {
        var ground = new TestGround();
        const UnixFileMode reachable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        Directory.CreateDirectory(ground.folder, reachable);
        try
        {
            await Task.WhenAll(ground.StartPostgresAsync(), ground.StartRabbitAsync());
        }
        catch
        {
            await ground.DisposeAsync();
            throw;
        }

        ground.keeper = new Keeper(ground.folder, ground.postgres!.Process, ground.rabbit!.Process, ground.rabbit.NameServerProcess);
        return ground;
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (postgres is not null)
            await postgres.DisposeAsync();
        if (rabbit is not null)
            await rabbit.DisposeAsync();
        Directory.Delete(folder, recursive: true);
        keeper?.Dispose();
    }

    private async Task StartPostgresAsync() => postgres = await PrivatePostgres.StartAsync(new PrivatePostgresOptions
    {
        Folder = Path.Combine(folder, "postgres"),
        Password = Secrets.New(),
        Durable = false,
        MaxConnections = 500,
    });

    private async Task StartRabbitAsync() => rabbit = await PrivateRabbit.StartAsync(new PrivateRabbitOptions
    {
        Folder = Path.Combine(folder, "rabbit"),
        Node = $"gt-test-{Secrets.ShortName()}",
        Password = Secrets.New(),
    });
}
