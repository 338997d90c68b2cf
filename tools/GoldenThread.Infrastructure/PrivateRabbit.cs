using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace GoldenThread.Infrastructure;

/// <summary>How a private RabbitMQ is to be.</summary>
public sealed record PrivateRabbitOptions
{
    /// <summary>Its folder: data, configuration, cookie. Must be reachable by the user <c>rabbitmq</c> when we are root.</summary>
    public required string Folder { get; init; }

    /// <summary>Its node's name without the host; unlike any other on this machine, and the same at every start of one folder.</summary>
    public required string Node { get; init; }

    /// <summary>The password of its only user, <c>goldenthread</c>.</summary>
    public required string Password { get; init; }

    /// <summary>The AMQP port wanted on 127.0.0.1; 0, or one that is taken, means any free one.</summary>
    public int Port { get; init; }

    /// <summary>Where its log goes; null: <c>rabbit.log</c> in its folder.</summary>
    public string? LogFile { get; init; }
}

/// <summary>
/// A RabbitMQ of our own on 127.0.0.1, with its own name server (epmd), node name, cookie and ports, so that it meets no other broker of the machine.
/// </summary>
public sealed class PrivateRabbit : IAsyncDisposable
{
    /// <summary>The user and the virtual host that every instance has from its first start.</summary>
    public const string User = "goldenthread";

    private readonly PrivateRabbitOptions options;
    private readonly string server;
    private readonly string? user = SystemUser.For("rabbitmq");
    private Dictionary<string, string?> environment = [];
    private ChildProcess? broker;
    private ChildProcess? nameServer;

    private PrivateRabbit(PrivateRabbitOptions options, string server)
    {
        this.options = options;
        this.server = server;
    }

    /// <summary>The AMQP port; stays the same over <see cref="StopAsync"/> and <see cref="StartAgainAsync"/>.</summary>
    public int Port { get; private set; }

    /// <summary>The password of <see cref="User"/>.</summary>
    public string Password => options.Password;

    /// <summary>The broker's process.</summary>
    public ProcessMark Process => broker?.Mark ?? throw new InfrastructureException("RabbitMQ is not running");

    /// <summary>Its name server's process.</summary>
    public ProcessMark NameServerProcess => nameServer?.Mark ?? throw new InfrastructureException("RabbitMQ is not running");

    /// <summary><c>amqp://user:password@127.0.0.1:port</c>, without a virtual host.</summary>
    public string Uri => $"amqp://{User}:{options.Password}@127.0.0.1:{Port}";

    /// <summary>A program that is <c>rabbitmqctl</c> for this instance.</summary>
    public string ControlScript => Path.Combine(options.Folder, "rabbitmqctl");

    private string LogFile => options.LogFile ?? Path.Combine(options.Folder, "rabbit.log");

    /// <summary>RabbitMQ's start script; null when it is not installed. Debian's own wrapper in /usr/sbin insists on the system's instance, so it is not used.</summary>
    public static string? FindServer() =>
        new[] { "/usr/lib/rabbitmq/bin/rabbitmq-server", "/opt/homebrew/sbin/rabbitmq-server", "/usr/local/sbin/rabbitmq-server" }
            .FirstOrDefault(File.Exists) ?? Command.Find("rabbitmq-server");

    /// <summary>Starts the instance in the folder, creating it where the folder holds none.</summary>
    public static async Task<PrivateRabbit> StartAsync(PrivateRabbitOptions options, CancellationToken cancellation = default)
    {
        var server = FindServer() ?? throw new InfrastructureException("RabbitMQ is not installed: no `rabbitmq-server` was found");
        var rabbit = new PrivateRabbit(options, server);
        for (var attempt = 1; ; attempt++)
        {
            var ports = FreePorts.Take(3);
            rabbit.Port = options.Port != 0 && attempt == 1 && FreePorts.IsFree(options.Port) ? options.Port : ports[0];
            try
            {
                await rabbit.ConfigureAsync(distributionPort: ports[1], nameServerPort: ports[2]);
                await rabbit.StartAgainAsync(cancellation);
                return rabbit;
            }
            catch (InfrastructureException) when (attempt < 3 && ports.Append(rabbit.Port).Any(port => !FreePorts.IsFree(port)))
            {
            }
        }
    }

    /// <summary>Starts it on its ports, after a stop or a kill.</summary>
    public async Task StartAgainAsync(CancellationToken cancellation = default)
    {
        try
        {
            if (nameServer is not { IsAlive: true })
            {
                var epmd = Command.Find("epmd") ?? throw new InfrastructureException("Erlang's `epmd` was not found");
                string[] command = [epmd, "-port", environment["ERL_EPMD_PORT"]!, "-address", "127.0.0.1"];
                nameServer = await ChildProcess.StartAsync("epmd", SystemUser.Wrap(user, command), LogFile);
                var nameServerPort = int.Parse(environment["ERL_EPMD_PORT"]!);
                await nameServer.ReadyAsync(() => Task.FromResult(!FreePorts.IsFree(nameServerPort)), TimeSpan.FromSeconds(10), cancellation);
            }

            broker = await ChildProcess.StartAsync("rabbit", SystemUser.Wrap(user, server), LogFile, environment);
            await broker.ReadyAsync(() => AnswersAsOursAsync(cancellation), TimeSpan.FromSeconds(120), cancellation);
        }
        catch
        {
            await KillAsync();
            throw;
        }
    }

    /// <summary>Stops the broker, keeping its messages; with it its name server.</summary>
    public Task StopAsync() => EndAsync(running => running.StopAsync(TimeSpan.FromSeconds(30)));

    /// <summary>Kills the broker (SIGKILL) and its name server.</summary>
    public Task KillAsync() => EndAsync(running => running.KillAsync());

    /// <summary>Makes a virtual host in which <see cref="User"/> may do everything.</summary>
    public Task AddVirtualHostAsync(string name) => AddVirtualHostAsync(ControlScript, User, name);

    /// <summary>Makes a virtual host on the instance that <paramref name="controlScript"/> commands. One call, since each takes a second.</summary>
    public static Task AddVirtualHostAsync(string controlScript, string user, string name) =>
        Command.RunAsync([controlScript, "eval", $$"""
            rabbit_vhost:add(<<"{{name}}">>, <<"gt">>),
            rabbit_auth_backend_internal:set_permissions(<<"{{user}}">>, <<"{{name}}">>, <<".*">>, <<".*">>, <<".*">>, <<"gt">>).
            """]);

    /// <summary>The names of all queues of a virtual host.</summary>
    public static async Task<IReadOnlyList<string>> QueuesAsync(string controlScript, string virtualHost)
    {
        var output = await Command.RunAsync([controlScript, "list_queues", "--silent", "--vhost", virtualHost, "name"]);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }

    /// <summary>
    /// Lets <see cref="User"/> read from queues again, or no longer; ends its connections to the virtual host, since a listener that is there stays.
    /// </summary>
    public static Task LetReadAsync(string controlScript, string user, string virtualHost, bool may) =>
        Command.RunAsync([controlScript, "eval", $$"""
            rabbit_auth_backend_internal:set_permissions(<<"{{user}}">>, <<"{{virtualHost}}">>, <<".*">>, <<".*">>, <<"{{(may ? ".*" : "^$")}}">>, <<"gt">>),
            [rabbit_networking:close_connection(C, "permissions changed") || C <- rabbit_networking:connections()].
            """]);

    /// <summary>Ends it at once, if it still runs.</summary>
    public async ValueTask DisposeAsync() => await KillAsync();

    private async Task EndAsync(Func<ChildProcess, Task> end)
    {
        if (broker is not null)
        {
            // Erlang's helpers end a moment after it, and until then hold its folder.
            var helpers = broker.Mark.Descendants();
            await end(broker);
            foreach (var helper in helpers)
            {
                await helper.GoneAsync(TimeSpan.FromSeconds(5));
            }
        }

        if (nameServer is not null)
            await nameServer.StopAsync(TimeSpan.FromSeconds(5));
        broker = null;
        nameServer = null;
    }

    private async Task ConfigureAsync(int distributionPort, int nameServerPort)
    {
        var home = Path.Combine(options.Folder, "node");
        Directory.CreateDirectory(options.Folder);
        await SystemUser.MakePrivateFolderAsync(home, user);

        await SystemUser.WritePrivateFileAsync(Path.Combine(home, "definitions.json"), Definitions(), user);
        await SystemUser.WritePrivateFileAsync(Path.Combine(home, "enabled_plugins"), "[].\n", user);
        await SystemUser.WritePrivateFileAsync(Path.Combine(home, "rabbitmq-env.conf"), "# The system's own is not ours.\n", user);
        await SystemUser.WritePrivateFileAsync(Path.Combine(home, "rabbitmq.conf"), $"""
            listeners.tcp.1 = 127.0.0.1:{Port}
            load_definitions = {home}/definitions.json
            log.file = false
            log.console = true
            log.console.level = info
            disk_free_limit.absolute = 50MB

            """, user);
        var cookie = Path.Combine(home, ".erlang.cookie");
        if (!File.Exists(cookie))
            await SystemUser.WritePrivateFileAsync(cookie, Secrets.New(), user);

        environment = new Dictionary<string, string?>
        {
            ["HOME"] = home,
            ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
            ["ERL_EPMD_PORT"] = nameServerPort.ToString(),
            ["RABBITMQ_NODENAME"] = $"{options.Node}@localhost",
            ["RABBITMQ_DIST_PORT"] = distributionPort.ToString(),
            ["RABBITMQ_CONF_ENV_FILE"] = $"{home}/rabbitmq-env.conf",
            ["RABBITMQ_CONFIG_FILE"] = $"{home}/rabbitmq.conf",
            ["RABBITMQ_ADVANCED_CONFIG_FILE"] = $"{home}/advanced.config",
            ["RABBITMQ_GENERATED_CONFIG_DIR"] = $"{home}/generated",
            ["RABBITMQ_ENABLED_PLUGINS_FILE"] = $"{home}/enabled_plugins",
            ["RABBITMQ_PLUGINS_EXPAND_DIR"] = $"{home}/plugins",
            ["RABBITMQ_MNESIA_BASE"] = $"{home}/mnesia",
            ["RABBITMQ_LOG_BASE"] = $"{home}/log",
            // The start script then becomes the broker, instead of a shell that waits for it: the pid is the broker's.
            ["RUNNING_UNDER_SYSTEMD"] = "true",
            // Loopback only, and no spinning schedulers: the machine is shared with everything else we start.
            ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] =
                "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none",
        };
        await WriteControlScriptAsync();
    }

    private async Task WriteControlScriptAsync()
    {
        var control = Path.Combine(Path.GetDirectoryName(server)!, "rabbitmqctl");
        var settings = environment
            .Where(setting => setting.Key is not "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS" and not "RUNNING_UNDER_SYSTEMD")
            .Select(setting => $"'{setting.Key}={setting.Value}'");
        string[] command = ["env", .. settings, control];
        var script = $"""
            #!/bin/sh
            cd / && exec {string.Join(' ', SystemUser.Wrap(user, command))} "$@"

            """;
        await SystemUser.WritePrivateFileAsync(ControlScript, script, user: null, executable: true);
    }

    private string Definitions()
    {
        var salt = RandomNumberGenerator.GetBytes(4);
        var digest = SHA256.HashData([.. salt, .. Encoding.UTF8.GetBytes(options.Password)]);
        return JsonSerializer.Serialize(new
        {
            users = new[]
            {
                new
                {
                    name = User,
                    password_hash = Convert.ToBase64String([.. salt, .. digest]),
                    hashing_algorithm = "rabbit_password_hashing_sha256",
                    tags = "administrator",
                },
            },
            vhosts = new[] { new { name = User } },
            permissions = new[] { new { user = User, vhost = User, configure = ".*", write = ".*", read = ".*" } },
        });
    }

    /// <summary>A broker greets every caller with its properties, among them the name of its node: ours is like no other.</summary>
    private async Task<bool> AnswersAsOursAsync(CancellationToken cancellation)
    {
        try
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            patience.CancelAfter(TimeSpan.FromSeconds(5));
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", Port, patience.Token);
            var stream = client.GetStream();
            await stream.WriteAsync("AMQP\0\0\u0009\u0001"u8.ToArray(), patience.Token);
            var greeting = new byte[4096];
            var length = await stream.ReadAtLeastAsync(greeting, 200, throwOnEndOfStream: false, patience.Token);
            return Encoding.Latin1.GetString(greeting, 0, length).Contains($"{options.Node}@")
                ? true
                : throw new InfrastructureException($"another broker answers on port {Port}");
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException && !cancellation.IsCancellationRequested)
        {
            return false;
        }
    }
}
