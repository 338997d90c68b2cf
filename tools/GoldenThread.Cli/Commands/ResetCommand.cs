using System.CommandLine;
using GoldenThread.Cli.House;

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
            foreach (var folder in new[] { Tree.Data, Tree.State }.Where(Directory.Exists))
            {
                Directory.Delete(folder, recursive: true);
            }

            Console.WriteLine("Stopped, and all data of this working tree is gone.");
            return 0;
        });
        return command;
    }
}
