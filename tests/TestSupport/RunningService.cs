using System.Diagnostics;
using System.Reflection;
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

    /// <summary>Starts the program of an assembly.</summary>
    public static RunningService Start(Assembly program, params string[] args) => new(program, args);

    /// <summary>
    /// Waits until its health says "ready"; fails as soon as its start did. More patient than other waits: a machine that builds and tests at once starts
    /// a service slowly.
    /// </summary>
    public async Task ReadyAsync(int healthPort)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        await Eventually.Async(
            async () => running.IsFaulted || await IsReadyAsync(http, healthPort), "the service is ready", TimeSpan.FromMinutes(2));
        if (running.IsFaulted)
        {
            await running;
        }
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
