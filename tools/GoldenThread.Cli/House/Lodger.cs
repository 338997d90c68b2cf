namespace GoldenThread.Cli.House;

/// <summary>What a process of ours is for.</summary>
public enum LodgerKind
{
    /// <summary>A gRPC service with a database and a place on the bus.</summary>
    Service,

    /// <summary>The only way in.</summary>
    Gateway,

    /// <summary>A web site that is a client of the gateway, like any partner's.</summary>
    Dashboard,
}

/// <summary>One process of the house, as this tree builds it.</summary>
/// <param name="Name">Its name: prefix of its log, of its database and of its roles.</param>
/// <param name="Kind">What it is for.</param>
/// <param name="Project">Folder of its project, relative to the tree; its last part is the assembly's name.</param>
/// <param name="PeerName">How others name it in their settings (<c>Services:Tracking</c>); null when nobody calls it.</param>
public sealed record Lodger(string Name, LodgerKind Kind, string Project, string? PeerName = null)
{
    /// <summary>All that the house can hold.</summary>
    public static readonly IReadOnlyList<Lodger> All =
    [
        new("assessment", LodgerKind.Service, "services/assessment/GoldenThread.Assessment", "Assessment"),
        new("tracking", LodgerKind.Service, "services/tracking/GoldenThread.Tracking", "Tracking"),
        new("reviews", LodgerKind.Service, "services/review-scheduling/GoldenThread.Reviews", "Reviews"),
        new("reporting", LodgerKind.Service, "services/reporting/GoldenThread.Reporting", "Reporting"),
        new("gateway", LodgerKind.Gateway, "gateway/GoldenThread.Gateway"),
        new("dashboard", LodgerKind.Dashboard, "services/dashboard/GoldenThread.Dashboard"),
    ];

    /// <summary>Those whose program is in this tree.</summary>
    public static IReadOnlyList<Lodger> Present { get; } = [.. All.Where(lodger => File.Exists(Path.Combine(lodger.Folder, "Program.cs")))];

    /// <summary>The services among <see cref="Present"/>.</summary>
    public static IEnumerable<Lodger> Services => Present.Where(lodger => lodger.Kind == LodgerKind.Service);

    /// <summary>All services, present or not: each has its address, so that nobody's settings lack one.</summary>
    public static IEnumerable<Lodger> AllServices => All.Where(lodger => lodger.Kind == LodgerKind.Service);

    /// <summary>The project's folder, which is also its working folder.</summary>
    public string Folder => Tree.File(Project);

    /// <summary>The built program.</summary>
    public string Program => Path.Combine(Folder, "bin", Build.Configuration, "net10.0", $"{Path.GetFileName(Project)}.dll");
}
