using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using GoldenThread.Gateway.Contracts;
using GoldenThread.Infrastructure;
using GoldenThread.TestSupport;
using GoldenThread.Type.V1;
using Npgsql;

namespace GoldenThread.EndToEnd.Tests;

/// <summary>
/// The whole house: four services and the gateway as processes of their own, on a real PostgreSQL built by the real migrator, on a virtual host of
/// their own at a real RabbitMQ, with an issuer that gives tokens of any content. One per test class that asks for it.
/// </summary>
public sealed class House : IAsyncLifetime
{
    /// <summary>The subject that may give grants from the start, for the whole trust.</summary>
    public const string Administrator = "first-data-lead";

    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(90);

    private readonly Dictionary<string, Uri> addresses = [];
    private readonly string folder = Path.Combine(Path.GetTempPath(), $"gt-house-{Secrets.ShortName()}");
    private readonly List<HouseProcess> processes = [];
    private readonly HouseGround? ground;
    private readonly IReadOnlyDictionary<string, string?> more = new Dictionary<string, string?>();
    private RabbitServer broker = null!;

    /// <summary>On the servers of the test process.</summary>
    public House()
    {
    }

    private House(HouseGround? ground, IReadOnlyDictionary<string, string?> more) => (this.ground, this.more) = (ground, more);

    /// <summary>The contracts that the gateway serves.</summary>
    internal static ContractSet Contracts { get; } = ContractSet.Load(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "contracts.pb")));

    /// <summary>Every scope of the contracts, blank-separated.</summary>
    public static string AllScopes { get; } = string.Join(' ', Contracts.PublicRpcs
        .Select(rpc => rpc.GetOptions().GetExtension(AccessExtensions.Access).Scope)
        .Distinct()
        .Order(StringComparer.Ordinal));

    /// <summary>Gives tokens.</summary>
    public TestIssuer Issuer { get; private set; } = null!;

    /// <summary>The services by name: assessment, tracking, reviews, reporting.</summary>
    public IReadOnlyDictionary<string, HouseProcess> Services => processes.Where(process => process.Database is not null).ToDictionary(process => process.Name);

    /// <summary>Where the services listen, by name.</summary>
    public IReadOnlyDictionary<string, Uri> Addresses => addresses;

    /// <summary>All processes.</summary>
    public IReadOnlyList<HouseProcess> Processes => processes;

    /// <summary>The gateway.</summary>
    public HouseProcess Gateway => processes.Single(process => process.Name == "gateway");

    /// <summary>A client of the gateway's REST port, without a token.</summary>
    public HttpClient Http { get; private set; } = null!;

    /// <summary>The gateway's port for native gRPC.</summary>
    public Uri GrpcAddress { get; private set; } = null!;

    /// <summary>The broker and the virtual host of this house.</summary>
    public Uri Rabbit { get; private set; } = null!;

    /// <summary>On servers of its own, which may be broken; it ends them with itself.</summary>
    public static House On(HouseGround ground) => new(ground, new Dictionary<string, string?>());

    /// <summary>With further settings for all its processes.</summary>
    public static House With(IReadOnlyDictionary<string, string?> settings) => new(null, settings);

    /// <inheritdoc />
    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(folder);
        Issuer = await TestIssuer.StartAsync();
        broker = ground?.Rabbit ?? await RabbitServer.SharedAsync();
        var virtualHost = await broker.AddVirtualHostAsync();
        Rabbit = new Uri($"amqp://{broker.User}:{broker.Password}@{broker.Host}:{broker.Port}/{Uri.EscapeDataString(virtualHost)}");
        var ports = FreePorts.Take(10);
        (string Name, string Project, string Peer)[] services =
        [
            ("assessment", "services/assessment/GoldenThread.Assessment", "Assessment"),
            ("tracking", "services/tracking/GoldenThread.Tracking", "Tracking"),
            ("reviews", "services/review-scheduling/GoldenThread.Reviews", "Reviews"),
            ("reporting", "services/reporting/GoldenThread.Reporting", "Reporting"),
        ];
        var shared = Shared(services.Select((service, at) => (service.Peer, ports[2 * at])));
        var databases = await Task.WhenAll(services.Select(service => NewDatabaseAsync(service.Name, service.Project)));
        for (var at = 0; at < services.Length; at++)
        {
            addresses[services[at].Name] = new Uri($"http://127.0.0.1:{ports[2 * at]}");
            var settings = new Dictionary<string, string?>(shared);
            AddServiceSettings(settings, services[at].Name, ports[2 * at], ports[(2 * at) + 1], databases[at], virtualHost);
            processes.Add(new HouseProcess(services[at].Name, Program(services[at].Project), folder, settings, Ready(ports[(2 * at) + 1]))
            {
                Database = databases[at],
            });
        }

        var gateway = new Dictionary<string, string?>(shared)
        {
            ["Gateway__HttpPort"] = ports[8].ToString(),
            ["Gateway__GrpcPort"] = ports[9].ToString(),
            ["Gateway__RateLimit__Requests"] = "0",
        };
        processes.Add(new HouseProcess("gateway", Program("gateway/GoldenThread.Gateway"), folder, gateway, Ready(ports[8])));
        Http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{ports[8]}"), Timeout = TimeSpan.FromMinutes(3) };
        GrpcAddress = new Uri($"http://127.0.0.1:{ports[9]}");
        await Task.WhenAll(processes.Select(process => process.StartAsync(StartPatience)));
        await GrantsKnownEverywhereAsync(Administrator);
    }

    /// <summary>A token with every scope.</summary>
    public string TokenOf(string subject) => Issuer.Token(subject, AllScopes);

    /// <summary>Gives a role through the gateway, as the first administrator, and waits until every service knows of it.</summary>
    /// <param name="subject">Who gets it.</param>
    /// <param name="role">The role.</param>
    /// <param name="schoolUrn">The school it holds for; null for the whole trust.</param>
    /// <param name="classIds">The classes it is limited to; a teacher needs one.</param>
    /// <param name="yearGroups">The year groups it is limited to.</param>
    public async Task GiveGrantAsync(string subject, Role role, int? schoolUrn = null, string[]? classIds = null, string[]? yearGroups = null)
    {
        var grant = new JsonObject
        {
            ["issuer"] = Issuer.Authority,
            ["subject"] = subject,
            ["role"] = "ROLE_" + ContractName(role),
            ["classIds"] = new JsonArray([.. (classIds ?? []).Select(id => (JsonNode)id)]),
            ["yearGroups"] = new JsonArray([.. (yearGroups ?? []).Select(year => (JsonNode)year)]),
            ["reason"] = "end-to-end test",
        };
        if (schoolUrn is { } urn)
        {
            grant["schoolUrn"] = urn;
        }

        await PostAsync(Administrator, "/v1/grants", grant);
        await GrantsKnownEverywhereAsync(subject);
    }

    /// <summary>A request in somebody's name; the answer may be anything.</summary>
    public Task<HttpResponseMessage> SendAsync(string? token, HttpMethod method, string path, HttpContent? body = null, string? ifMatch = null)
    {
        var request = new HttpRequestMessage(method, path) { Content = body };
        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        if (ifMatch is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        }

        return Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>A request with a JSON body (or none) whose answer must be 200 and JSON.</summary>
    public async Task<JsonNode> CallAsync(string subject, HttpMethod method, string path, JsonNode? body = null, string? ifMatch = null)
    {
        using var response = await SendAsync(TokenOf(subject), method, path, body is null ? null : Json(body), ifMatch);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, $"{method} {path} by {subject}: {(int)response.StatusCode} {text}");
        return JsonNode.Parse(text)!;
    }

    /// <summary>A GET that must succeed.</summary>
    public Task<JsonNode> GetAsync(string subject, string path) => CallAsync(subject, HttpMethod.Get, path);

    /// <summary>A POST of JSON that must succeed.</summary>
    public Task<JsonNode> PostAsync(string subject, string path, JsonNode body, string? ifMatch = null) =>
        CallAsync(subject, HttpMethod.Post, path, body, ifMatch);

    /// <summary>A PUT of JSON that must succeed.</summary>
    public Task<JsonNode> PutAsync(string subject, string path, JsonNode body) => CallAsync(subject, HttpMethod.Put, path, body);

    /// <summary>A POST of a file that must succeed.</summary>
    public Task<JsonNode> UploadAsync(string subject, string path, string text) => UploadAsync(subject, path, new StringContent(text, Encoding.UTF8, "text/csv"));

    /// <summary>A POST of a file that must succeed.</summary>
    public async Task<JsonNode> UploadAsync(string subject, string path, HttpContent file)
    {
        using var response = await SendAsync(TokenOf(subject), HttpMethod.Post, path, file);
        var answer = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, $"POST {path} by {subject}: {(int)response.StatusCode} {answer}");
        return JsonNode.Parse(answer)!;
    }

    /// <summary>A JSON body.</summary>
    public static StringContent Json(JsonNode body) => new(body.ToJsonString(), Encoding.UTF8, "application/json");

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(processes.Select(process => process.StopAsync()));
        Http.Dispose();
        await Issuer.DisposeAsync();
        if (ground is null)
        {
            await Task.WhenAll(Services.Values.Select(service => service.Database!.DisposeAsync().AsTask()));
        }
        else
        {
            await ground.DisposeAsync();
        }

        Directory.Delete(folder, recursive: true);
    }

    private Dictionary<string, string?> Shared(IEnumerable<(string Peer, int Port)> services)
    {
        var settings = new Dictionary<string, string?>
        {
            ["Identity__Issuers__0__Authority"] = Issuer.Authority,
            ["Identity__Issuers__0__Audience"] = TestIssuer.Audience,
            ["Identity__Issuers__0__InternalAudience"] = TestIssuer.InternalAudience,
            ["Logging__LogLevel__Default"] = "Warning",
            // A machine's own settings for ASP.NET must not move our ports.
            ["ASPNETCORE_URLS"] = null,
            ["ASPNETCORE_HTTP_PORTS"] = null,
        };
        foreach (var (name, value) in more)
        {
            settings[name] = value;
        }

        foreach (var (peer, port) in services)
        {
            settings[$"Services__{peer}"] = $"http://127.0.0.1:{port}";
        }

        return settings;
    }

    private void AddServiceSettings(
        Dictionary<string, string?> settings, string service, int grpcPort, int healthPort, TestDatabase database, string virtualHost)
    {
        settings["Service__GrpcPort"] = grpcPort.ToString();
        settings["Service__HealthPort"] = healthPort.ToString();
        settings["Database__ConnectionString"] = database.ConnectionString;
        settings["Rabbit__Host"] = broker.Host;
        settings["Rabbit__Port"] = broker.Port.ToString();
        settings["Rabbit__VirtualHost"] = virtualHost;
        settings["Rabbit__User"] = broker.User;
        settings["Rabbit__Password"] = broker.Password;
        settings["Identity__Client__Id"] = $"svc-{service}";
        settings["Identity__Client__Secret"] = "test";
        settings["Identity__Client__TokenEndpoint"] = Issuer.TokenEndpoint;
        settings["Tracking__BootstrapAdministrators__0__Issuer"] = Issuer.Authority;
        settings["Tracking__BootstrapAdministrators__0__Subject"] = Administrator;
        settings["Tracking__BootstrapAdministrators__0__Role"] = "DataLead";
    }

    // The real migrator: the service's own program, as the owner of the tables.
    private Task<TestDatabase> NewDatabaseAsync(string service, string project)
    {
        var template = new TemplateDatabase(service, async (owner, role) =>
        {
            var application = new NpgsqlConnectionStringBuilder(owner) { Username = role }.ConnectionString;
            await Command.RunAsync(
                ["dotnet", Program(project), "migrate", $"--Database:OwnerConnectionString={owner}", $"--Database:ConnectionString={application}"]);
        }, ground?.Postgres);
        return template.CloneAsync();
    }

    private async Task GrantsKnownEverywhereAsync(string subject)
    {
        foreach (var service in Services.Values)
        {
            await GrantKnownAsync(service.Name, service.Database!, subject);
        }
    }

    /// <summary>Waits until a service knows what somebody was given.</summary>
    public static async Task GrantKnownAsync(string service, TestDatabase database, string subject)
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync();
        await Eventually.Async(
            async () =>
            {
                await using var command = new NpgsqlCommand("select exists (select from access_grant where subject = @subject)", connection);
                command.Parameters.AddWithValue("subject", subject);
                return (bool)(await command.ExecuteScalarAsync())!;
            },
            $"{service} knows what {subject} was given");
    }

    /// <summary>Waits until a question to a service's database is answered with yes.</summary>
    public async Task KnownAsync(string service, string sql, TimeSpan? patience = null)
    {
        await using var source = NpgsqlDataSource.Create(Services[service].Database!.ConnectionString);
        await Eventually.Async(async () => (bool)(await source.CreateCommand(sql).ExecuteScalarAsync())!, $"{service}: {sql}", patience);
    }

    private static string ContractName(Role role) =>
        AccessReflection.Descriptor.EnumTypes.Single(type => type.Name == nameof(Role)).FindValueByNumber((int)role).Name["ROLE_".Length..];

    private static Func<Task<bool>> Ready(int port) => Answers(port, "ready");

    private static Func<Task<bool>> Answers(int port, string health)
    {
        var http = new HttpClient { Timeout = TimeSpan.FromSeconds(2) };
        return async () =>
        {
            try
            {
                using var response = await http.GetAsync($"http://127.0.0.1:{port}/health/{health}");
                return response.IsSuccessStatusCode;
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
            {
                return false;
            }
        };
    }

    /// <summary>
    /// Another instance of one of its processes, with other settings: a service on the same database and broker, or a gateway. The caller stops it.
    /// </summary>
    /// <param name="process">The process.</param>
    /// <param name="settings">What is different.</param>
    /// <param name="readyPort">The port at which it says that it is ready.</param>
    public async Task<HouseProcess> StartAnotherAsync(HouseProcess process, IReadOnlyDictionary<string, string?> settings, int readyPort)
    {
        var another = Another(process, settings, Ready(readyPort));
        await another.StartAsync(StartPatience);
        return another;
    }

    /// <summary>Like <see cref="StartAnotherAsync"/>, but as soon as it answers, ready or not.</summary>
    /// <param name="process">The process.</param>
    /// <param name="settings">What is different.</param>
    /// <param name="healthPort">The port at which it says that it lives.</param>
    public async Task<HouseProcess> StartAnotherUnreadyAsync(HouseProcess process, IReadOnlyDictionary<string, string?> settings, int healthPort)
    {
        var another = Another(process, settings, Answers(healthPort, "live"));
        await another.StartAsync(StartPatience);
        return another;
    }

    private HouseProcess Another(HouseProcess process, IReadOnlyDictionary<string, string?> settings, Func<Task<bool>> isReady)
    {
        var all = new Dictionary<string, string?>(process.Settings);
        foreach (var (name, value) in settings)
        {
            all[name] = value;
        }

        return new HouseProcess($"{process.Name}-{Secrets.ShortName()}", process.ProgramFile, folder, all, isReady);
    }

    /// <summary>The virtual host of this house.</summary>
    public string VirtualHost => Uri.UnescapeDataString(Rabbit.AbsolutePath[1..]);

    /// <summary>The queues that the services declared.</summary>
    public Task<IReadOnlyList<string>> QueuesAsync() =>
        broker.QueuesAsync(VirtualHost);

    /// <summary><c>./gt errors …</c>, on this house's broker.</summary>
    public Task<Command.Outcome> ErrorsAsync(params string[] arguments) => Command.TryAsync(
        ["dotnet", Program("tools/GoldenThread.Cli"), "errors", .. arguments],
        new Dictionary<string, string?> { ["GT_RABBITMQ"] = Rabbit.ToString() },
        cancellation: TestContext.Current.CancellationToken);

    // Built beside the tests, in the same configuration.
    private static string Program(string project)
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/')).Parent!.Name;
        return Repository.File($"{project}/bin/{configuration}/net10.0/{Path.GetFileName(project)}.dll");
    }
}

/// <summary>PostgreSQL, waiting for the disk, and RabbitMQ of one house alone, so that they can be killed and started again.</summary>
/// <param name="Postgres">The database server.</param>
/// <param name="Rabbit">The broker.</param>
public sealed record HouseGround(PostgresServer Postgres, RabbitServer Rabbit) : IAsyncDisposable
{
    /// <summary>Starts both.</summary>
    public static async Task<HouseGround> StartAsync()
    {
        var postgres = PostgresServer.StartOwnAsync();
        var rabbit = RabbitServer.StartOwnAsync();
        return new HouseGround(await postgres, await rabbit);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await Postgres.DisposeAsync();
        await Rabbit.DisposeAsync();
    }
}

/// <summary>One process of the house, which can be killed and started again.</summary>
/// <param name="name">Its name.</param>
/// <param name="program">The built program.</param>
/// <param name="folder">Where its log goes.</param>
/// <param name="settings">Its settings, as environment variables.</param>
/// <param name="isReady">Whether it says that it is ready.</param>
public sealed class HouseProcess(string name, string program, string folder, IReadOnlyDictionary<string, string?> settings, Func<Task<bool>> isReady)
{
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(15);
    private ChildProcess? running;
    private Keeper? keeper;
    private volatile bool isWanted;

    /// <summary>Whether it ended though nobody asked it to.</summary>
    public bool HasEndedByItself => isWanted && running is { IsAlive: false };

    /// <summary>Its name.</summary>
    public string Name => name;

    /// <summary>Its database; null for the gateway.</summary>
    public TestDatabase? Database { get; init; }

    /// <summary>Both outputs of all its runs.</summary>
    public string LogFile => Path.Combine(folder, name + ".log");

    /// <summary>Its settings, for another instance or for a command of the same program.</summary>
    public IReadOnlyDictionary<string, string?> Settings => settings;

    /// <summary>The built program.</summary>
    public string ProgramFile => program;

    /// <summary>How to recognise the process.</summary>
    public ProcessMark Mark => running?.Mark ?? throw new InvalidOperationException($"{name} was not started");

    /// <summary>Starts it and waits until it is ready.</summary>
    public async Task StartAsync(TimeSpan? patience = null)
    {
        // One that ended by itself leaves its keeper: dropped without a word, that would remove the log some time later.
        LetKeeperGo();
        running = await ChildProcess.StartAsync(name, ["dotnet", program], LogFile, settings, Path.GetDirectoryName(program));
        // It must not outlive the tests, however these end.
        keeper = new Keeper(LogFile, running.Mark);
        isWanted = true;
        await running.ReadyAsync(isReady, patience ?? TimeSpan.FromSeconds(60));
    }

    /// <summary>Kills it at once.</summary>
    public async Task KillAsync()
    {
        isWanted = false;
        await running!.KillAsync();
        LetKeeperGo();
    }

    /// <summary>Asks it to end.</summary>
    public async Task StopAsync()
    {
        isWanted = false;
        if (running is not null)
        {
            await running.StopAsync(StopPatience);
            LetKeeperGo();
        }
    }

    private void LetKeeperGo()
    {
        keeper?.Dispose();
        keeper = null;
    }
}
