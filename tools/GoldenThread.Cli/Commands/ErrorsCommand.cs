using System.CommandLine;
using System.Globalization;
using GoldenThread.Cli.Errors;
using GoldenThread.Cli.House;
using GoldenThread.Infrastructure;
using RabbitMQ.Client.Exceptions;

namespace GoldenThread.Cli.Commands;

/// <summary>
/// <c>./gt errors</c>: the messages that a consumer could not handle, by queue and reason, and their way back once the cause is mended. Of the
/// running house, or of the broker that <c>GT_RABBITMQ</c> names. Shows envelopes, never what is in them.
/// </summary>
public static class ErrorsCommand
{
    // More than anybody reads; a summary of a queue looks at as many.
    private const uint Many = 1000;
    private const uint Few = 20;

    /// <summary>The command.</summary>
    public static System.CommandLine.Command Create()
    {
        var all = new Option<bool>("--all") { Description = "Queues without errors too" };
        var command = new System.CommandLine.Command("errors", "Messages that no consumer could handle; 1 where there are any") { all, Show(), Replay() };
        command.SetAction((parsed, ct) => WithQueuesAsync(queues => ListAsync(queues, parsed.GetValue(all), ct), ct));
        return command;
    }

    private static System.CommandLine.Command Show()
    {
        var queue = QueueArgument();
        var all = new Option<bool>("--all") { Description = $"Not only the {Few} oldest" };
        var command = new System.CommandLine.Command("show", "The failed messages of a queue: when, id, type and reason") { queue, all };
        command.SetAction((parsed, ct) => WithQueuesAsync(
            queues => ShowAsync(queues, Known(parsed.GetValue(queue)!), parsed.GetValue(all) ? uint.MaxValue : Few, ct), ct));
        return command;
    }

    private static System.CommandLine.Command Replay()
    {
        var queue = QueueArgument();
        var command = new System.CommandLine.Command("replay", "Put the failed messages of a queue back into it") { queue };
        command.SetAction((parsed, ct) => WithQueuesAsync(queues => ReplayAsync(queues, Known(parsed.GetValue(queue)!), ct), ct));
        return command;
    }

    private static async Task<int> ListAsync(ErrorQueues queues, bool all, CancellationToken ct)
    {
        var counts = await queues.CountAsync(ct);
        foreach (var queue in counts.Where(queue => queue.Count > 0 || all))
        {
            Console.WriteLine($"{queue.Queue,-38} {queue.Count,6}");
            foreach (var reason in (await queues.LookAsync(queue.Queue, Many, ct)).GroupBy(message => (message.Type, message.Reason)).OrderByDescending(g => g.Count()))
            {
                Console.WriteLine($"    {reason.Count(),6}  {reason.Key.Type ?? "(unreadable)"}, last {When(reason.Max(message => message.When))}: {reason.Key.Reason}");
            }
        }

        var sum = counts.Sum(queue => queue.Count);
        Console.WriteLine(sum == 0 ? "No message has failed." : $"{sum} failed. Mend the cause, then: ./gt errors replay <queue>");
        return sum == 0 ? 0 : 1;
    }

    private static async Task<int> ShowAsync(ErrorQueues queues, string queue, uint most, CancellationToken ct)
    {
        foreach (var message in await queues.LookAsync(queue, most, ct))
        {
            Console.WriteLine($"{When(message.When)}  {message.Id ?? "(no id)",-36}  {message.Type ?? "(unreadable)"}: {message.Reason}");
        }

        return 0;
    }

    private static async Task<int> ReplayAsync(ErrorQueues queues, string queue, CancellationToken ct)
    {
        uint moved = 0;
        try
        {
            await queues.ReplayAsync(queue, count => moved = count, ct);
        }
        finally
        {
            Console.WriteLine($"{moved} back in {queue}");
        }

        return 0;
    }

    private static async Task<int> WithQueuesAsync(Func<ErrorQueues, Task<int>> work, CancellationToken ct)
    {
        try
        {
            await using var queues = await ErrorQueues.ConnectAsync(Broker(), ct);
            return await work(queues);
        }
        catch (Exception e) when (e is OperationInterruptedException or AlreadyClosedException or IOException)
        {
            throw new InfrastructureException("the broker broke off; nothing is lost, try again", e);
        }
    }

    private static Uri Broker()
    {
        if (Ground.GivenBroker() is { } given)
            return given;

        // Not all of the house need stand: it is when something is down that errors are asked for.
        var deeds = Deeds.Read();
        return deeds.Ports.ContainsKey("rabbit")
            ? Ground.PrivateBroker(deeds)
            : throw new InfrastructureException("there is no house here: start it with ./gt up, or name a broker in GT_RABBITMQ");
    }

    private static Argument<string> QueueArgument() => new("queue") { Description = "Such as reporting.school-changed" };

    private static string Known(string queue) => ErrorQueues.Queues.Contains(queue)
        ? queue
        : throw new InfrastructureException($"no queue is called {queue}; ./gt errors --all names them");

    private static string When(DateTimeOffset? when) =>
        when?.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture) ?? "(unknown)           ";
}
