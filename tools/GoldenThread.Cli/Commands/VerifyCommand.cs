using System.CommandLine;
using System.Diagnostics;
using GoldenThread.Cli.House;
using GoldenThread.Demo.Verification;
using GoldenThread.Infrastructure;
using Grpc.Core;

namespace GoldenThread.Cli.Commands;

/// <summary>
/// <c>./gt verify</c>: every result in assessment has its effect in tracking and reporting exactly once. Compares counts and digests per
/// school and collection; while events are still in flight it waits, then it judges.
/// </summary>
public static class VerifyCommand
{
    private const string Client = "svc-assessment";
    private const int MostTold = 50;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    /// <summary>The command.</summary>
    public static System.CommandLine.Command Create()
    {
        var timeout = new Option<int>("--timeout")
        {
            Description = "Seconds to wait for events in flight before judging",
            DefaultValueFactory = _ => 60,
        };
        var command = new System.CommandLine.Command("verify", "Compare what each service holds; 1 where anything differs") { timeout };
        command.SetAction((parsed, ct) => RunAsync(TimeSpan.FromSeconds(parsed.GetValue(timeout)), ct));
        return command;
    }

    private static async Task<int> RunAsync(TimeSpan patience, CancellationToken ct)
    {
        var gateway = RunningHouse.ReadWhole().GatewayUrl!;
        using var reader = new HeldResultsReader(Addresses(), await TokenCommand.ClientTokenAsync(gateway, Client, "internal"));
        var clock = Stopwatch.StartNew();
        try
        {
            var state = await Holdings.LookAsync(reader, ct);
            while (!state.IsEqual && clock.Elapsed < patience)
            {
                await Task.Delay(Look, ct);
                state = await Holdings.LookAsync(reader, ct);
            }

            return Tell(state, clock.Elapsed);
        }
        catch (RpcException e)
        {
            throw new InfrastructureException($"a service did not answer: {e.Status.StatusCode} {e.Status.Detail}", e);
        }
    }

    private static Dictionary<string, Uri> Addresses() =>
        Deeds.Read().Ports.ToDictionary(port => port.Key, port => new Uri($"http://127.0.0.1:{port.Value}"));

    private static int Tell(Holdings state, TimeSpan waited)
    {
        Console.WriteLine($"assessment  {Sum(state.Recorded),9} results in {state.Recorded.Count} (school, collection)");
        Console.WriteLine($"tracking    {Sum(state.Tracking),9} results, {Sum(state.Judged),9} statuses");
        Console.WriteLine($"reporting   {Sum(state.Reporting),9} results, {Sum(state.Shown),9} statuses");
        if (state.IsEqual)
        {
            Console.WriteLine($"All equal, by count and digest ({waited.TotalSeconds:0.0} s).");
            return 0;
        }

        foreach (var work in state.Work)
        {
            Console.WriteLine($"  {work}");
        }

        Console.WriteLine($"{state.Differences.Count} differences after {waited.TotalSeconds:0} s:");
        foreach (var difference in state.Differences.Take(MostTold))
        {
            Console.WriteLine($"  school {difference.SchoolUrn}, collection {difference.CollectionId}: {difference.Words}");
        }

        return 1;
    }

    private static long Sum(IEnumerable<Held> held) => held.Sum(group => group.Count);
}
