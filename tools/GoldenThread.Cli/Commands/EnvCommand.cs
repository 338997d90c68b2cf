using System.CommandLine;
using GoldenThread.Cli.House;
using GoldenThread.Infrastructure;

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
            var file = Tree.File(".env");
            if (File.Exists(file))
                throw new InfrastructureException(".env exists already; remove it first if its secrets may be lost (their databases then no longer open)");
            await SystemUser.WritePrivateFileAsync(file, Text(), user: null);
            Console.WriteLine("Wrote .env (readable by you only). Now name SDK_IMAGE and RUNTIME_IMAGE in it, then: docker compose up --build");
            return 0;
        });
        return command;
    }

    private static string Text()
    {
        var services = Lodger.All.Where(lodger => lodger.Kind == LodgerKind.Service).Select(lodger => lodger.Name.ToUpperInvariant()).ToList();
        string[] names =
        [
            "POSTGRES_PASSWORD",
            "RABBITMQ_PASSWORD",
            .. services.Select(service => $"{service}_DB_OWNER_PASSWORD"),
            .. services.Select(service => $"{service}_DB_PASSWORD"),
            .. services.Select(service => $"{service}_CLIENT_SECRET"),
            "PARTNER_DEMO_CLIENT_SECRET",
        ];
        const string images = """
            # The images to build from and to run in: name those of the registry you use (.NET 10 SDK; ASP.NET Core 10 runtime with ICU and tzdata).
            SDK_IMAGE=
            RUNTIME_IMAGE=

            """;
        return images + "# Secrets of `docker compose up` on this machine, made by `./gt env`. Not for production, not for git.\n"
            + string.Concat(names.Select(name => $"{name}={Secrets.New()}\n"));
    }
}
