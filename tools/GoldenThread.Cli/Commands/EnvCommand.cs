using GoldenThread.Cli.House;

namespace GoldenThread.Cli.Commands;

/// <summary><c>./gt env</c>: writes the git-ignored <c>.env</c> with fresh secrets, which <c>docker compose up</c> needs. Never overwrites one.</summary>
public static class EnvCommand
{
    /// <summary>The command.</summary>
    public static System.CommandLine.Command Create()
    {
        var command = new System.CommandLine.Command("env", "Write .env with fresh secrets for docker compose");
        command.SetAction(async (_, _) =>
        {
            await EnvFile.WriteAsync(Tree.File(".env"));
            Console.WriteLine("Wrote .env (readable by you only). Now name SDK_IMAGE and RUNTIME_IMAGE in it, then: docker compose up --build");
            return 0;
        });
        return command;
    }
}
