using System.CommandLine;
using GoldenThread.Cli.House;

namespace GoldenThread.Cli.Commands;

/// <summary><c>./gt down</c>: ends what `up` started and keeps its data.</summary>
public static class DownCommand
{
    /// <summary>The command.</summary>
    public static System.CommandLine.Command Create()
    {
        var command = new System.CommandLine.Command("down", "Stop everything; data stays");
        command.SetAction(async (_, _) =>
        {
            var house = RunningHouse.Read();
            if (!house.IsAnyAlive)
            {
                Console.WriteLine("Nothing is running.");
                return 0;
            }

            await house.StopAsync();
            Console.WriteLine("Stopped. The data stays; ./gt reset throws it away.");
            return 0;
        });
        return command;
    }
}
