using GoldenThread.Infrastructure;

namespace GoldenThread.Cli.House;

/// <summary>The git-ignored <c>.env</c> of <c>docker compose</c>: a fresh secret for each variable that must have one, and the images to name.</summary>
public static class EnvFile
{
    private const string Images = """
        # The images to build from and to run in: name those of the registry you use (.NET 10 SDK; ASP.NET Core 10 runtime with ICU and tzdata).
        # NODE_IMAGE (a Node.js with npm, for the reader at /docs), POSTGRES_IMAGE and RABBITMQ_IMAGE may be named too.
        SDK_IMAGE=
        RUNTIME_IMAGE=

        """;

    /// <summary>Writes it, readable by its owner only; throws where there is one already.</summary>
    public static Task WriteAsync(string file)
    {
        if (File.Exists(file))
            throw new InfrastructureException(".env exists already; remove it first if its secrets may be lost (their databases then no longer open)");
        return SystemUser.WritePrivateFileAsync(file, Text(), user: null);
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
        return Images + "# Secrets of `docker compose up` on this machine, made by `./gt env`. Not for production, not for git.\n"
            + string.Concat(names.Select(name => $"{name}={Secrets.New()}\n"));
    }
}
