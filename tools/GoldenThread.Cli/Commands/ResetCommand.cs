using System.CommandLine;
using GoldenThread.Cli.House;
using GoldenThread.Infrastructure;

namespace GoldenThread.Cli.Commands;

/// <summary><c>./gt reset</c>: ends everything and throws its data, logs and secrets away.</summary>
public static class ResetCommand
{
    /// <summary>The command.</summary>
    public static System.CommandLine.Command Create()
    {
        var command = new System.CommandLine.Command("reset", "Stop everything and throw its data away");
        command.SetAction(async (_, _) =>
        {
            await RunningHouse.Read().StopAsync();
            var whole = await LeaveAsync(Deeds.Read());
            // What must still be dropped elsewhere stands among the state: the next reset tries again.
            string[] folders = whole ? [Tree.Data, Tree.State] : [Tree.Data];
            foreach (var folder in folders.Where(Directory.Exists))
            {
                Directory.Delete(folder, recursive: true);
            }

            Console.WriteLine(whole ? "Stopped, and all data of this working tree is gone." : "Stopped. The data that lay here is gone, what is named above is not: ./gt reset tries again.");
            return whole ? 0 : 1;
        });
        return command;
    }

    // Drops what was made on servers that are not ours, and says what stays there.
    private static async Task<bool> LeaveAsync(Deeds deeds)
    {
        if (deeds.Broker is { } broker)
            Console.WriteLine($"The queues and exchanges at {broker} stay: `rabbitmqctl delete_vhost` removes them with their virtual host, if nobody else uses it.");
        try
        {
            await (deeds.Postgres?.DropAsync() ?? Task.CompletedTask);
            return true;
        }
        catch (InfrastructureException e)
        {
            Console.Error.WriteLine($"gt: {e.Message}");
            return false;
        }
    }
}
