using System.CommandLine;
using System.Diagnostics;
using GoldenThread.Cli.House;
using GoldenThread.Demo.Seeding;
using GoldenThread.Demo.Trust;
using GoldenThread.Infrastructure;

namespace GoldenThread.Cli.Commands;

/// <summary><c>./gt up</c>: builds and starts the whole house on this machine and returns when it is ready.</summary>
public static class UpCommand
{
    private const string Dotnet = "dotnet";

    /// <summary>The command.</summary>
    public static System.CommandLine.Command Create()
    {
        var noBuild = new Option<bool>("--no-build") { Description = "Run what was built before" };
        var noSeed = new Option<bool>("--no-seed") { Description = "Leave out the demo trust, which the first start sends in" };
        var command = new System.CommandLine.Command("up", "Start everything on this machine, on 127.0.0.1 only") { noBuild, noSeed };
        command.SetAction((parsed, ct) => RunAsync(build: !parsed.GetValue(noBuild), seed: !parsed.GetValue(noSeed), ct));
        return command;
    }

    private static async Task<int> RunAsync(bool build, bool seed, CancellationToken ct)
    {
        Tree.MakeFolders();
        var house = RunningHouse.Read();
        if (house.IsWhole)
            Console.WriteLine("GoldenThread is already running.");
        else
            house = await StartAnewAsync(house, build);

        // What an earlier start could not send in whole, this one does.
        if (seed && !Deeds.Read().IsSeeded)
        {
            await SeedAsync(ct);
        }

        Announce(house);
        return 0;
    }

    // A house that somebody keeps schools of their own in is as ready without the demo's.
    private static async Task SeedAsync(CancellationToken ct)
    {
        Console.WriteLine("  sending the demo trust through the public API");
        try
        {
            await SeedCommand.RunAsync(ct);
        }
        catch (InfrastructureException e) when (e.InnerException is OtherSchoolsException)
        {
            Console.WriteLine($"  {e.Message}");
        }
    }

    private static async Task<RunningHouse> StartAnewAsync(RunningHouse house, bool build)
    {
        // What a kill left standing is taken down first.
        await house.StopAsync();
        house = new RunningHouse();
        try
        {
            await StartAsync(house, build);
        }
        catch
        {
            await house.StopAsync();
            throw;
        }

        return house;
    }

    private static async Task StartAsync(RunningHouse house, bool build)
    {
        var deeds = Deeds.Open();
        Console.WriteLine("Starting GoldenThread (the first time also builds it, which takes some minutes)");
        deeds.GatewayPort();
        _ = (Ground.GivenPostgres(), Ground.GivenBroker());
        // Passwords are kept before anything is locked with them: who interrupts this start can start again.
        await deeds.WriteAsync();
        // The longest first: only the services themselves need the broker.
        var rabbit = Step("RabbitMQ", () => Ground.RabbitAsync(house, deeds));
        var postgres = Step("PostgreSQL", () => Ground.PostgresAsync(house, deeds));
        var built = build ? Step("build", BuildAsync) : Task.FromResult(true);
        var databases = Step("migrations", () => MigrateAsync(postgres, built, deeds));
        await Task.WhenAll(rabbit, postgres, built, databases);

        ChoosePorts(deeds);
        await deeds.WriteAsync();
        var settings = new Settings(await rabbit, deeds);
        var made = await databases;
        await Step("start", () => StartLodgersAsync(house, settings, made));
        await deeds.WriteAsync();

        house.GatewayUrl = settings.GatewayUrl;
        house.GatewayGrpcUrl = $"http://127.0.0.1:{deeds.Ports["gateway-grpc"]}";
        house.DashboardUrl = deeds.Ports.TryGetValue("dashboard", out var dashboard) ? $"http://127.0.0.1:{dashboard}" : null;
        house.Write();
    }

    private static void ChoosePorts(Deeds deeds)
    {
        deeds.GatewayPort();
        deeds.FreePort("gateway-grpc", preferred: 8081);
        foreach (var service in Lodger.AllServices)
        {
            deeds.FreePort(service.Name);
            deeds.FreePort($"{service.Name}-health");
        }

        foreach (var dashboard in Lodger.Present.Where(lodger => lodger.Kind == LodgerKind.Dashboard))
        {
            deeds.FreePort(dashboard.Name, preferred: 8082);
        }
    }

    private static async Task<bool> BuildAsync()
    {
        await Build.HouseAsync();
        return true;
    }

    private static async Task<Dictionary<string, ServiceDatabase>> MigrateAsync(Task<string> server, Task built, Deeds deeds)
    {
        var databases = new Dictionary<string, ServiceDatabase>();
        foreach (var service in Lodger.Services)
        {
            databases[service.Name] = await ServiceDatabase.MakeAsync(await server, service.Name, deeds);
            await deeds.WriteAsync();
        }

        await built;
        await Parallel.ForEachAsync(Lodger.Services, new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (service, _) =>
        {
            var environment = new Dictionary<string, string?>
            {
                ["Database__OwnerConnectionString"] = databases[service.Name].Owner,
                ["Database__ConnectionString"] = databases[service.Name].Application,
            };
            await Infrastructure.Command.RunAsync([Dotnet, service.Program, "migrate"], environment, service.Folder);
        });
        return databases;
    }

    private static async Task<bool> StartLodgersAsync(RunningHouse house, Settings settings, Dictionary<string, ServiceDatabase> databases)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var starting = new List<Task>();
        foreach (var lodger in Lodger.Present)
        {
            var environment = settings.For(lodger, databases.GetValueOrDefault(lodger.Name));
            var log = Path.Combine(Tree.Logs, $"{lodger.Name}.log");
            var child = await ChildProcess.StartAsync(lodger.Name, [Dotnet, lodger.Program], log, environment, lodger.Folder);
            var ready = settings.ReadyUrl(lodger);
            house.Add(new Tenant(lodger.Name, child.Mark, ProcessSignal.Terminate, IsGround: false, ready));
            starting.Add(child.ReadyAsync(() => Probe.IsReadyAsync(http, ready), TimeSpan.FromSeconds(90)));
        }

        await Task.WhenAll(starting);
        return true;
    }

    private static async Task<T> Step<T>(string name, Func<Task<T>> work)
    {
        var clock = Stopwatch.StartNew();
        var result = await work();
        Console.WriteLine($"  {name}: {clock.Elapsed.TotalSeconds:0.0} s");
        return result;
    }

    private static void Announce(RunningHouse house)
    {
        Console.WriteLine($"""

            GoldenThread is ready.
              REST        {house.GatewayUrl}/v1
              documents   {house.GatewayUrl}/docs
              gRPC        {house.GatewayGrpcUrl}
            """);
        if (house.DashboardUrl is not null)
            Console.WriteLine($"  dashboard   {house.DashboardUrl}");
        var pack = DemoPack.Read(Tree.File("packs"));
        var signIns = pack.CentralTeam.Select(person => person.SignIn).OfType<string>().Concat(pack.HomeSchoolGrants.Select(grant => grant.SignIn)).Distinct().ToList();
        Console.WriteLine($"""

              Sign-ins    {string.Join(", ", signIns.Take(signIns.Count / 2))},
                          {string.Join(", ", signIns.Skip(signIns.Count / 2))}
              A token for one of them:     ./gt token data-lead
              A token for the demo partner: ./gt token --client {Settings.DemoPartner}
              What runs: ./gt status    What it says: ./gt logs    Enough: ./gt down
            """);
    }
}
