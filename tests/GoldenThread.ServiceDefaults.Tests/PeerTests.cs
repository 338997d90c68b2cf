using System.Net;
using GoldenThread.Assessment.Internal.V1;
using GoldenThread.Infrastructure;
using GoldenThread.TestSupport;
using Grpc.Core;
using Grpc.Net.Client.Balancer;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GoldenThread.ServiceDefaults.Tests;

/// <summary>A peer whose name stands for several addresses, each with a certificate for that name.</summary>
public sealed class PeerTests : IAsyncLifetime
{
    private const string Name = "assessment.example.org";

    private readonly string folder = Directory.CreateTempSubdirectory("gt-peer-").FullName;
    private readonly int port = FreePorts.Take();
    private readonly List<Instance> instances = [];
    private ThrowAwayAuthority authority = null!;
    private TestIssuer issuer = null!;
    private ServiceProvider services = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private Peer<ChangesService.ChangesServiceClient> Assessment => services.GetRequiredService<Peer<ChangesService.ChangesServiceClient>>();

    public async ValueTask InitializeAsync()
    {
        authority = new ThrowAwayAuthority(folder, "ours");
        var files = authority.Sign("assessment", Name);
        foreach (var address in new[] { "127.0.0.1", "127.0.0.2" })
        {
            instances.Add(await Instance.StartAsync(IPAddress.Parse(address), port, files));
        }

        issuer = await TestIssuer.StartAsync();
        var settings = new Dictionary<string, string?>
        {
            ["Services:Assessment"] = $"https://{Name}:{port}",
            ["Service:ClientAuthorityFile"] = authority.File,
            ["Service:Name"] = "tracking",
            ["Identity:Client:Id"] = "svc-tracking",
            ["Identity:Client:Secret"] = "test",
            ["Identity:Client:TokenEndpoint"] = issuer.TokenEndpoint,
        };
        var collection = new ServiceCollection();
        collection.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        collection.AddOptions<ServiceOptions>().BindConfiguration("Service");
        collection.AddOptions<IdentityOptions>().BindConfiguration("Identity");
        collection.AddLogging().AddSingleton(TimeProvider.System).AddSingleton<ServiceToken>();
        collection.AddSingleton<ResolverFactory>(new Known([.. instances.Select(instance => instance.Address)], port));
        collection.AddPeer("Assessment", channel => new ChangesService.ChangesServiceClient(channel));
        services = collection.BuildServiceProvider();
    }

    public async ValueTask DisposeAsync()
    {
        await services.DisposeAsync();
        foreach (var instance in instances)
        {
            await instance.DisposeAsync();
        }

        await issuer.DisposeAsync();
        authority.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task AllAddresses_TakeTheirPart_AndOneThatGoesIsDoneWithout()
    {
        await Eventually.Async(async () =>
        {
            await AskAsync();
            return instances.TrueForAll(instance => instance.Calls > 0);
        }, "each instance is asked");

        await instances[0].DisposeAsync();

        await Eventually.Async(async () =>
        {
            var answered = 0;
            for (var at = 0; at < 10; at++)
            {
                answered += await AnswersAsync() ? 1 : 0;
            }

            return answered == 10;
        }, "the other answers alone");
    }

    private async Task AskAsync() => await Assessment.AsService().DigestAsync(new DigestRequest(), cancellationToken: Ct);

    private async Task<bool> AnswersAsync()
    {
        try
        {
            await AskAsync();
            return true;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Unavailable)
        {
            return false;
        }
    }

    /// <summary>One instance of the service.</summary>
    private sealed class Instance : IAsyncDisposable
    {
        private readonly WebApplication server;
        private int calls;

        private Instance(IPAddress address, int port, (string Certificate, string Key) files)
        {
            Address = address.ToString();
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseKestrelHttpsConfiguration();
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(address, port, listen =>
            {
                listen.Protocols = HttpProtocols.Http2;
                listen.UseHttps(System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPemFile(files.Certificate, files.Key));
            }));
            builder.Services.AddGrpc();
            builder.Services.AddSingleton(this);
            server = builder.Build();
            server.MapGrpcService<Answering>();
        }

        public string Address { get; }

        public int Calls => calls;

        public static async Task<Instance> StartAsync(IPAddress address, int port, (string Certificate, string Key) files)
        {
            var instance = new Instance(address, port, files);
            await instance.server.StartAsync(Ct);
            return instance;
        }

        public ValueTask DisposeAsync() => server.DisposeAsync();

        private sealed class Answering(Instance instance) : ChangesService.ChangesServiceBase
        {
            public override Task<DigestResponse> Digest(DigestRequest request, ServerCallContext context)
            {
                Interlocked.Increment(ref instance.calls);
                return Task.FromResult(new DigestResponse());
            }
        }
    }

    /// <summary>Stands for a DNS that knows the name. Like the resolver of names it says by which name an address was found.</summary>
    private sealed class Known(IReadOnlyList<string> addresses, int port) : ResolverFactory
    {
        public override string Name => "dns";

        public override Resolver Create(ResolverOptions options) =>
            new Fixed([.. addresses.Select(address => Found(address, options.Address.AbsolutePath.TrimStart('/')))]);

        private BalancerAddress Found(string address, string name)
        {
            var found = new BalancerAddress(address, port);
            found.Attributes.Set(new BalancerAttributesKey<string>("HostOverride"), name);
            return found;
        }

        private sealed class Fixed(IReadOnlyList<BalancerAddress> addresses) : Resolver
        {
            public override void Start(Action<ResolverResult> listener) => listener(ResolverResult.ForResult(addresses));
        }
    }
}
