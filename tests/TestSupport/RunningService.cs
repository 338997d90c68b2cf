using System.Diagnostics;
using System.Reflection;
using GoldenThread.Infrastructure;
using Microsoft.Extensions.Hosting;

namespace GoldenThread.TestSupport;

/// <summary>
/// A service that runs in the test program by its own Main, and can be ended: left alone it would hold up the end of the program until all that it
/// waits for has timed out. The host is taken from the event by which .NET tells tools that one was built.
/// </summary>
public sealed class RunningService : IAsyncDisposable, IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>
{
    private static readonly AsyncLocal<RunningService?> Starting = new();
    private readonly TaskCompletionSource<IHost> host = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<IDisposable> subscriptions = [];
    private readonly Task running;

    private RunningService(Assembly program, string[] args)
    {
        subscriptions.Add(DiagnosticListener.AllListeners.Subscribe(this));
        running = Task.Factory.StartNew(
            () =>
            {
                Starting.Value = this;
                program.EntryPoint!.Invoke(null, [args]);
            },
            TaskCreationOptions.LongRunning);
    }

    /// <summary>Where it serves gRPC on 127.0.0.1, without TLS.</summary>
    public required int GrpcPort { get; init; }

    /// <summary>
    /// Starts a service with the shared broker on free ports, and waits until its health says "ready"; fails as soon as its start did. More patient than
    /// other waits: a machine that builds and tests at once starts a service slowly.
    /// </summary>
    /// <param name="program">Its program.</param>
    /// <param name="name">Its name, as in its client id.</param>
    /// <param name="database">Its database.</param>
    /// <param name="issuer">Whose tokens it takes.</param>
    /// <param name="more">Further settings, as arguments.</param>
    public static async Task<RunningService> StartAsync(Assembly program, string name, TestDatabase database, TestIssuer issuer, params string[] more)
    {
        var ports = FreePorts.Take(2);
        string[] args =
            [$"--Service:GrpcPort={ports[0]}", $"--Service:HealthPort={ports[1]}", .. await SettingsAsync(name, database, issuer), .. more];
        var service = new RunningService(program, args) { GrpcPort = ports[0] };
        await service.ReadyAsync(ports[1]);
        return service;
    }

    /// <summary>What a service is told with the shared broker, but for its ports.</summary>
    public static async Task<string[]> SettingsAsync(string name, TestDatabase database, TestIssuer issuer)
    {
        var rabbit = await RabbitServer.SharedAsync();
        return
        [
            $"--Database:ConnectionString={database.ConnectionString}",
            $"--Rabbit:Host={rabbit.Host}", $"--Rabbit:Port={rabbit.Port}", $"--Rabbit:VirtualHost={rabbit.VirtualHost}",
            $"--Rabbit:User={rabbit.User}", $"--Rabbit:Password={rabbit.Password}",
            $"--Identity:Issuers:0:Authority={issuer.Authority}", $"--Identity:Issuers:0:InternalAudience={TestIssuer.InternalAudience}",
            $"--Identity:Client:Id=svc-{name}", "--Identity:Client:Secret=test", $"--Identity:Client:TokenEndpoint={issuer.TokenEndpoint}",
            "--Logging:LogLevel:Default=Warning",
        ];
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (await Task.WhenAny(host.Task, running) == host.Task)
        {
            await (await host.Task).StopAsync();
        }

        foreach (var subscription in subscriptions)
        {
            subscription.Dispose();
        }

        await running;
    }

    private async Task ReadyAsync(int healthPort)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        await Eventually.Async(
            async () => running.IsFaulted || await IsReadyAsync(http, healthPort), "the service is ready", TimeSpan.FromMinutes(2));
        if (running.IsFaulted)
        {
            await running;
        }
    }

    private static async Task<bool> IsReadyAsync(HttpClient http, int healthPort)
    {
        try
        {
            return (await http.GetAsync($"http://127.0.0.1:{healthPort}/health/ready")).IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    void IObserver<DiagnosticListener>.OnNext(DiagnosticListener value)
    {
        if (value.Name == "Microsoft.Extensions.Hosting")
        {
            subscriptions.Add(value.Subscribe(this));
        }
    }

    void IObserver<KeyValuePair<string, object?>>.OnNext(KeyValuePair<string, object?> value)
    {
        // Others build hosts in this program, too.
        if (value is { Key: "HostBuilt", Value: IHost built } && Starting.Value == this)
        {
            host.TrySetResult(built);
        }
    }

    void IObserver<DiagnosticListener>.OnCompleted()
    {
    }

    void IObserver<DiagnosticListener>.OnError(Exception error)
    {
    }

    void IObserver<KeyValuePair<string, object?>>.OnCompleted()
    {
    }

    void IObserver<KeyValuePair<string, object?>>.OnError(Exception error)
    {
    }
}
