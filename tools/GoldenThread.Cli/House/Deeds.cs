using System.Collections.Concurrent;
using System.Text.Json;
using GoldenThread.Infrastructure;

namespace GoldenThread.Cli.House;

/// <summary>
/// What must stay the same from one `./gt up` to the next: secrets, and the ports that were found free the first time.
/// Kept in <c>.gt/deeds.json</c>, which only its owner may read. What starts side by side may ask at once.
/// </summary>
public sealed class Deeds
{
    /// <summary>Name of the password of the house's own PostgreSQL.</summary>
    public const string PostgresSecret = "postgres";

    /// <summary>Name of the password of the house's own RabbitMQ.</summary>
    public const string RabbitSecret = "rabbit";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Passwords and client secrets by name, each 64 hexadecimal digits.</summary>
    public ConcurrentDictionary<string, string> Secrets { get; init; } = [];

    /// <summary>TCP ports on 127.0.0.1 by name.</summary>
    public ConcurrentDictionary<string, int> Ports { get; init; } = [];

    /// <summary>The name of the private broker's node.</summary>
    public string RabbitNode { get; init; } = $"goldenthread-{Infrastructure.Secrets.ShortName()}";

    /// <summary>True once the demo trust was sent in whole.</summary>
    public bool IsSeeded { get; set; }

    /// <summary>What was made on a PostgreSQL that is not ours.</summary>
    public Elsewhere? Postgres { get; set; }

    /// <summary>Host and virtual host of a RabbitMQ that is not ours; null where none was used.</summary>
    public string? Broker { get; set; }

    private static string Path => System.IO.Path.Combine(Tree.State, "deeds.json");

    /// <summary>Reads them; new ones where there are none.</summary>
    public static Deeds Read() =>
        File.Exists(Path) ? JsonSerializer.Deserialize<Deeds>(File.ReadAllText(Path))! : new Deeds();

    /// <summary>
    /// Those of this house, or new ones with the passwords of its servers. Throws, with the remedy, where there is data whose passwords are gone: a
    /// working tree that is removed takes them along, and under root the data lies elsewhere.
    /// </summary>
    public static Deeds Open()
    {
        if (!File.Exists(Path) && Directory.Exists(Tree.Data) && Directory.EnumerateFileSystemEntries(Tree.Data).Any())
        {
            throw new InfrastructureException(
                $"{Tree.Data} holds the data of an earlier working tree in this place, and its passwords went with that tree: ./gt reset throws the data away, then ./gt up begins anew");
        }

        var deeds = Read();
        _ = (deeds.Secret(PostgresSecret), deeds.Secret(RabbitSecret));
        return deeds;
    }

    /// <summary>The secret of that name, made at its first use.</summary>
    public string Secret(string name) => Secrets.GetOrAdd(name, _ => Infrastructure.Secrets.New());

    /// <summary>Picks a port for <paramref name="name"/>: the one it had, else <paramref name="preferred"/>, else any that is free.</summary>
    public int FreePort(string name, int preferred = 0)
    {
        var wanted = Ports.GetValueOrDefault(name, preferred);
        var port = wanted == 0 ? FreePorts.Take() : FreePorts.TakeOrPrefer(wanted);
        while (Ports.Any(other => other.Key != name && other.Value == port))
        {
            port = FreePorts.Take();
        }

        return Ports[name] = port;
    }

    /// <summary>
    /// The gateway's port. It is part of the name of the development issuer, which every grant bears, so that it stays once it was chosen; throws, with
    /// the remedy, where something else listens on it now.
    /// </summary>
    public int GatewayPort()
    {
        if (!Ports.TryGetValue("gateway", out var had))
            return FreePort("gateway", preferred: 8080);
        return FreePorts.IsFree(had)
            ? had
            : throw new InfrastructureException(
                $"port {had} on 127.0.0.1 is taken, and all grants of this house name its sign-ins by it: free the port, or begin anew with ./gt reset");
    }

    /// <summary>Writes them down.</summary>
    public Task WriteAsync() => SystemUser.WritePrivateFileAsync(Path, JsonSerializer.Serialize(this, Indented), user: null);
}
