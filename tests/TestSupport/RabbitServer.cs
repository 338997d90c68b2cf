using System.Reflection;
using GoldenThread.Infrastructure;

namespace GoldenThread.TestSupport;

/// <summary>
/// One RabbitMQ for the whole test process, with a virtual host of its own per process: the broker that <c>GT_TEST_RABBIT</c> names
/// (`./gt test` starts it for all and gives its <c>rabbitmqctl</c> in <c>GT_TEST_RABBIT_CTL</c>), otherwise a private one that ends with the process.
/// A test class that breaks its broker has <see cref="StartOwnAsync"/>.
/// </summary>
public sealed class RabbitServer : IAsyncDisposable
{
    private static readonly Lazy<Task<RabbitServer>> Shared = new(StartAsync);

    private readonly string? control;
    private PrivateRabbit? own;
    private OwnServerWatch? watch;

    private RabbitServer(Uri uri, string? control, string virtualHost)
    {
        this.control = control;
        VirtualHost = virtualHost;
        Host = uri.Host;
        Port = uri.Port;
        User = uri.UserInfo.Split(':')[0];
        Password = uri.UserInfo.Split(':')[1];
    }

    /// <summary>The broker's host, usually 127.0.0.1.</summary>
    public string Host { get; }

    /// <summary>The broker's AMQP port.</summary>
    public int Port { get; }

    /// <summary>The user that may do everything in <see cref="VirtualHost"/>.</summary>
    public string User { get; }

    /// <summary>That user's password.</summary>
    public string Password { get; }

    /// <summary>The virtual host of this test process.</summary>
    public string VirtualHost { get; }

    /// <summary><c>amqp://user:password@host:port/virtual-host</c>.</summary>
    public Uri Uri => new($"amqp://{User}:{Password}@{Host}:{Port}/{Uri.EscapeDataString(VirtualHost)}");

    /// <summary>The broker of this process.</summary>
    public static Task<RabbitServer> SharedAsync() => Shared.Value;

    /// <summary>A broker of the caller's own, which can be killed.</summary>
    public static async Task<RabbitServer> StartOwnAsync()
    {
        var folder = ThrowAway.NewFolder("rabbit");
        var rabbit = await PrivateRabbit.StartAsync(OptionsFor(folder));
        var server = new RabbitServer(new Uri(rabbit.Uri), rabbit.ControlScript, PrivateRabbit.User) { own = rabbit, watch = new OwnServerWatch(folder) };
        server.watch.Over(rabbit.Process, rabbit.NameServerProcess);
        return server;
    }

    /// <summary>Kills one's own broker.</summary>
    public Task KillAsync() => Own.KillAsync();

    /// <summary>Starts one's own broker on the same port, with the messages it had.</summary>
    public async Task StartAgainAsync()
    {
        await Own.StartAgainAsync();
        watch!.Over(Own.Process, Own.NameServerProcess);
    }

    /// <summary>Lets nobody read from a virtual host of one's own broker any more, or lets them again; connections end.</summary>
    public Task LetReadAsync(string virtualHost, bool may) => PrivateRabbit.LetReadAsync(Own.ControlScript, User, virtualHost, may);

    /// <summary>Ends one's own broker; the shared one ends with the process.</summary>
    public async ValueTask DisposeAsync()
    {
        if (own is not null)
        {
            await own.DisposeAsync();
            watch!.End();
        }
    }

    /// <summary>Another virtual host (takes about a second), for a test class that must not meet the queues of others. Returns its name.</summary>
    public async Task<string> AddVirtualHostAsync()
    {
        var name = NewName();
        var script = control ?? throw new InvalidOperationException("GT_TEST_RABBIT_CTL is not set, so no virtual host can be added");
        await PrivateRabbit.AddVirtualHostAsync(script, User, name);
        return name;
    }

    /// <summary>The names of all queues of a virtual host.</summary>
    public Task<IReadOnlyList<string>> QueuesAsync(string virtualHost) => PrivateRabbit.QueuesAsync(
        control ?? throw new InvalidOperationException("GT_TEST_RABBIT_CTL is not set, so queues cannot be listed"), virtualHost);

    private PrivateRabbit Own => own ?? throw new InvalidOperationException("this broker is shared: other tests need it");

    private static PrivateRabbitOptions OptionsFor(string folder) =>
        new() { Folder = folder, Node = $"gt-test-{Secrets.ShortName()}", Password = Secrets.New() };

    private static async Task<RabbitServer> StartAsync()
    {
        if (Environment.GetEnvironmentVariable("GT_TEST_RABBIT") is { Length: > 0 } given)
            return await OnAsync(new Uri(given), Environment.GetEnvironmentVariable("GT_TEST_RABBIT_CTL"));

        var folder = ThrowAway.NewFolder("rabbit");
        var rabbit = await PrivateRabbit.StartAsync(OptionsFor(folder));
        ThrowAway.UntilProcessExit(folder, rabbit.Process, rabbit.NameServerProcess);
        return new RabbitServer(new Uri(rabbit.Uri), rabbit.ControlScript, PrivateRabbit.User);
    }

    private static async Task<RabbitServer> OnAsync(Uri uri, string? control)
    {
        if (string.IsNullOrEmpty(control))
            return new RabbitServer(uri, null, uri.AbsolutePath is "/" or "" ? "/" : Uri.UnescapeDataString(uri.AbsolutePath[1..]));

        var name = NewName();
        await PrivateRabbit.AddVirtualHostAsync(control, uri.UserInfo.Split(':')[0], name);
        // The virtual host ends with its server, and the server with the run: removing it here would hold up the end of the program.
        return new RabbitServer(uri, control, name);
    }

    private static string NewName() => $"{Assembly.GetEntryAssembly()?.GetName().Name ?? "tests"}-{Secrets.ShortName()}";
}
