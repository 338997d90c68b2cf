using GoldenThread.Infrastructure;

namespace GoldenThread.Cli.House;

/// <summary>The settings of every process, by environment variables.</summary>
/// <param name="rabbit">The broker.</param>
/// <param name="deeds">Secrets and ports.</param>
public sealed class Settings(Uri rabbit, Deeds deeds)
{
    /// <summary>The demo partner's client id; its secret is in <see cref="Deeds"/> under the same name.</summary>
    public const string DemoPartner = "partner-demo";

    // What a partner's client may ask for; which schools it then sees is a grant of its own.
    private static readonly string[] PartnerScopes =
    [
        "schools.read", "pupils.read", "collections.read", "tests.read", "results.read", "results.write",
        "groups.read", "progress.read", "gaps.read", "threads.read", "reports.read", "benchmarks.read",
    ];

    // Who may give grants in the demo trust before anybody was given one.
    private static readonly (string Subject, string Role)[] FirstAdministrators = [("trust-it", "TrustIt"), ("data-lead", "DataLead")];

    private readonly string gatewayUrl = $"http://127.0.0.1:{deeds.Ports["gateway"]}";

    /// <summary>Where callers come in.</summary>
    public string GatewayUrl => gatewayUrl;

    /// <summary>The settings of one process.</summary>
    public Dictionary<string, string?> For(Lodger lodger, ServiceDatabase? database) => lodger.Kind switch
    {
        LodgerKind.Service => ForService(lodger, database!),
        LodgerKind.Gateway => ForGateway(),
        _ => ForDashboard(lodger),
    };

    /// <summary>Where a process says that it is ready.</summary>
    public string ReadyUrl(Lodger lodger) => lodger.Kind == LodgerKind.Service
        ? $"http://127.0.0.1:{deeds.Ports[$"{lodger.Name}-health"]}/health/ready"
        : $"http://127.0.0.1:{deeds.Ports[lodger.Name]}/health/ready";

    private Dictionary<string, string?> ForService(Lodger lodger, ServiceDatabase database)
    {
        var settings = ForAll();
        settings["Service__Name"] = lodger.Name;
        settings["Service__GrpcPort"] = deeds.Ports[lodger.Name].ToString();
        settings["Service__HealthPort"] = deeds.Ports[$"{lodger.Name}-health"].ToString();
        settings["Database__ConnectionString"] = database.Application;
        settings["Rabbit__Host"] = rabbit.Host;
        var isSecure = rabbit.Scheme == "amqps";
        settings["Rabbit__Port"] = (rabbit.Port > 0 ? rabbit.Port : isSecure ? 5671 : 5672).ToString();
        settings["Rabbit__UseTls"] = isSecure.ToString();
        settings["Rabbit__VirtualHost"] = rabbit.AbsolutePath is "/" or "" ? "/" : Uri.UnescapeDataString(rabbit.AbsolutePath[1..]);
        settings["Rabbit__User"] = Uri.UnescapeDataString(rabbit.UserInfo.Split(':')[0]);
        settings["Rabbit__Password"] = Uri.UnescapeDataString(rabbit.UserInfo.Split(':')[1]);
        settings["Identity__Client__Id"] = ClientId(lodger);
        settings["Identity__Client__Secret"] = deeds.Secret(ClientId(lodger));
        settings["Identity__Client__TokenEndpoint"] = $"{gatewayUrl}/connect/token";
        if (lodger.Name == "tracking")
            AddFirstAdministrators(settings);
        return settings;
    }

    private Dictionary<string, string?> ForGateway()
    {
        var settings = ForAll();
        settings["Gateway__HttpPort"] = deeds.Ports["gateway"].ToString();
        settings["Gateway__GrpcPort"] = deeds.Ports["gateway-grpc"].ToString();
        settings["Gateway__Issuer__Address"] = gatewayUrl;
        settings["Gateway__Issuer__KeyFile"] = Path.Combine(Tree.State, "issuer-key.pem");
        AddClient(settings, DemoPartner, PartnerScopes);
        foreach (var service in Lodger.AllServices)
        {
            AddClient(settings, ClientId(service), ["internal"]);
        }

        return settings;
    }

    private Dictionary<string, string?> ForDashboard(Lodger lodger)
    {
        var settings = ForAll();
        settings["ASPNETCORE_URLS"] = $"http://127.0.0.1:{deeds.Ports[lodger.Name]}";
        settings["Dashboard__GatewayUrl"] = gatewayUrl;
        return settings;
    }

    private Dictionary<string, string?> ForAll()
    {
        var settings = new Dictionary<string, string?>
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
            ["DOTNET_ENVIRONMENT"] = "Development",
            ["Identity__Issuers__0__Authority"] = gatewayUrl,
            ["Identity__Issuers__0__Audience"] = "goldenthread",
            ["Identity__Issuers__0__InternalAudience"] = "goldenthread-internal",
            // A machine's own settings for ASP.NET must not move our ports.
            ["ASPNETCORE_URLS"] = null,
            ["ASPNETCORE_HTTP_PORTS"] = null,
        };
        foreach (var service in Lodger.AllServices)
        {
            settings[$"Services__{service.PeerName}"] = $"http://127.0.0.1:{deeds.Ports[service.Name]}";
        }

        if (Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT") is { Length: > 0 } collector)
            settings["Telemetry__OtlpEndpoint"] = collector;
        return settings;
    }

    private void AddClient(Dictionary<string, string?> settings, string client, string[] scopes)
    {
        settings[$"Gateway__Issuer__Clients__{client}__Secret"] = deeds.Secret(client);
        for (var i = 0; i < scopes.Length; i++)
        {
            settings[$"Gateway__Issuer__Clients__{client}__Scopes__{i}"] = scopes[i];
        }
    }

    private void AddFirstAdministrators(Dictionary<string, string?> settings)
    {
        for (var i = 0; i < FirstAdministrators.Length; i++)
        {
            settings[$"Tracking__BootstrapAdministrators__{i}__Issuer"] = gatewayUrl;
            settings[$"Tracking__BootstrapAdministrators__{i}__Subject"] = FirstAdministrators[i].Subject;
            settings[$"Tracking__BootstrapAdministrators__{i}__Role"] = FirstAdministrators[i].Role;
        }
    }

    private static string ClientId(Lodger lodger) => $"svc-{lodger.Name}";
}
