using System.Net;
using System.Reflection;
using System.Security.Cryptography.X509Certificates;
using Dapper;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Npgsql;

namespace GoldenThread.ServiceDefaults;

/// <summary>Puts a service together: what is alike in all of them, so that each Program.cs is a contents page.</summary>
public static class ServiceHost
{
    private const int LargestMessage = 16 * 1024 * 1024;
    private static readonly TimeSpan ShutdownLimit = TimeSpan.FromSeconds(20);

    /// <summary>A builder with options, database, identity, errors, audit, health and telemetry in place.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="service">Name of the service, such as "assessment".</param>
    /// <param name="assembly">The service's assembly, which carries its migrations.</param>
    public static WebApplicationBuilder CreateBuilder(string[] args, string service, Assembly assembly)
    {
        DefaultTypeMap.MatchNamesWithUnderscores = true;
        SqlMapper.AddTypeHandler(new DayHandler());
        var builder = WebApplication.CreateBuilder(args);
        builder.Configuration.AddInMemoryCollection([new("Service:Name", service)]);
        builder.AddLogDefaults();
        AddOptions(builder.Services);
        AddDatabase(builder.Services, assembly);
        builder.Services.AddIssuers(builder.Configuration.GetSection("Identity").Get<IdentityOptions>() ?? new IdentityOptions());
        builder.Services.AddTelemetry(service);
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<ServiceToken>();
        builder.Services.AddSingleton<RoleLookup>();
        builder.Services.AddSingleton<ReadAudit>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<ReadAudit>());
        builder.Services.AddSingleton<AuditChainer>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<AuditChainer>());
        builder.Services.AddHostedService<Housekeeping>();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = ShutdownLimit);
        builder.Services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = LargestMessage;
            grpc.Interceptors.Add<ErrorInterceptor>();
            grpc.Interceptors.Add<CallerInterceptor>();
            grpc.Interceptors.Add<IdempotencyInterceptor>();
            grpc.Interceptors.Add<UploadLimit>();
        });
        builder.Services.AddSingleton<ErrorInterceptor>();
        builder.Services.AddSingleton<CallerInterceptor>();
        builder.Services.AddSingleton<IdempotencyInterceptor>();
        builder.Services.AddSingleton<UploadLimit>();
        builder.WebHost.ConfigureKestrel(Listen);
        return builder;
    }

    /// <summary>Maps health, over gRPC and over HTTP for probes.</summary>
    public static WebApplication MapServiceDefaults(this WebApplication app)
    {
        // A contract without access on an rpc must stop the start, not the first call.
        _ = RpcCatalogue.Rules.Count;
        app.MapGrpcService<HealthEdge>();
        app.MapGet("/health/live", () => Results.Text("live"));
        app.MapGet("/health/ready", async (Readiness readiness, CancellationToken ct) =>
            await readiness.WhyNotAsync(ct) is { } why ? Results.Text(why, statusCode: StatusCodes.Status503ServiceUnavailable) : Results.Text("ready"));
        return app;
    }

    private static void AddOptions(IServiceCollection services)
    {
        services.AddOptions<ServiceOptions>().BindConfiguration("Service").ValidateDataAnnotations()
            .Validate(o => IPAddress.TryParse(o.BindAddress, out _), "Service:BindAddress is not an IP address; example: Service__BindAddress=0.0.0.0")
            .Validate(o => o.AllowPlaintext || o.CertificateFile is not null || !IPAddress.TryParse(o.BindAddress, out var at) || IPAddress.IsLoopback(at),
                "Service:BindAddress is not loopback and no certificate is given. Set Service:CertificateFile and Service:KeyFile, "
                + "or Service:AllowPlaintext=true where the network itself encrypts.")
            .Validate(o => IsPatience(o.PeerPatience), "Service:PeerPatience must be a time of less than a day; example: Service__PeerPatience=00:00:30")
            .Validate(o => IsPatience(o.UploadPatience), "Service:UploadPatience must be a time of less than a day; example: Service__UploadPatience=00:00:30")
            .ValidateOnStart();
        services.AddOptions<DatabaseOptions>().BindConfiguration("Database").ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<RabbitOptions>().BindConfiguration("Rabbit").ValidateDataAnnotations()
            .Validate(o => o.UseTls || o.AllowPlaintext || Plaintext.StaysHere($"amqp://{o.Host}"),
                "Rabbit:Host is another machine. Set Rabbit:UseTls=true, or Rabbit:AllowPlaintext=true where the network itself encrypts.")
            .ValidateOnStart();
        services.AddIdentitySettings()
            .Validate(o => o.Client is null || o.Client is { Id.Length: > 0, Secret.Length: > 0 },
                "Identity:Client lacks its id or secret; give them through a secret: Identity__Client__Id=svc-tracking, Identity__Client__Secret=…")
            .Validate(o => o.Client is null || Plaintext.IsAllowed(o.Client.TokenEndpoint, o.Issuers.Exists(issuer => issuer.AllowPlaintext)),
                "Identity:Client:TokenEndpoint is not an address with https; example: Identity__Client__TokenEndpoint=https://login.example.org/token");
    }

    // "30" alone would be thirty days.
    private static bool IsPatience(TimeSpan time) => time > TimeSpan.Zero && time < TimeSpan.FromDays(1);

    private static void AddDatabase(IServiceCollection services, Assembly assembly)
    {
        services.AddSingleton(new MigrationSet(assembly));
        services.AddSingleton(provider =>
        {
            var configured = new NpgsqlConnectionStringBuilder(provider.GetRequiredService<IOptions<DatabaseOptions>>().Value.ConnectionString)
            {
                MaxAutoPrepare = 100,
                AutoPrepareMinUsages = 2,
                NoResetOnClose = true,
                ApplicationName = provider.GetRequiredService<IOptions<ServiceOptions>>().Value.Name,
            };
            if (!configured.ContainsKey("Maximum Pool Size"))
            {
                configured.MaxPoolSize = 20;
            }

            var source = new NpgsqlDataSourceBuilder(configured.ConnectionString);
            source.UsePhysicalConnectionInitializer(NoCompilation, NoCompilationAsync);
            return source.Build();
        });
        services.AddSingleton<OutboxSignal>();
        services.AddSingleton<Works>();
        services.AddSingleton<Readiness>();
    }

    // PostgreSQL would compile each of our large statements anew for seconds, to save fractions of them (measured: judging 100,000 rows of a file takes
    // 5.6 s with it and 1.7 s without).
    private static void NoCompilation(NpgsqlConnection connection) => connection.Execute("set jit = off");

    private static Task NoCompilationAsync(NpgsqlConnection connection) => connection.ExecuteAsync("set jit = off");

    private static void Listen(WebHostBuilderContext context, KestrelServerOptions kestrel)
    {
        var options = context.Configuration.GetSection("Service").Get<ServiceOptions>() ?? new ServiceOptions();
        if (!IPAddress.TryParse(options.BindAddress, out var address) || !IsPort(options.GrpcPort) || !IsPort(options.HealthPort))
        {
            // A moment later the settings are validated, which says so in words.
            return;
        }

        kestrel.AddServerHeader = false;
        // An upload is as long as the gateway lets it be; a single message stays bounded by gRPC.
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.MinRequestBodyDataRate = null;
        kestrel.Listen(address, options.GrpcPort, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            if (options.CertificateFile is { } certificate)
            {
                listen.UseHttps(https => Secure(https, certificate, options));
            }
        });
        kestrel.Listen(address, options.HealthPort, listen => listen.Protocols = HttpProtocols.Http1);
    }

    private static bool IsPort(int number) => number is >= IPEndPoint.MinPort and <= IPEndPoint.MaxPort;

    private static void Secure(HttpsConnectionAdapterOptions https, string certificate, ServiceOptions options)
    {
        https.ServerCertificate = X509Certificate2.CreateFromPemFile(certificate, options.KeyFile);
        if (options.ClientAuthorityFile is not { } authorityFile)
        {
            return;
        }

        X509Certificate2Collection authority = [X509CertificateLoader.LoadCertificateFromFile(authorityFile)];
        https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
        https.ClientCertificateValidation = (client, _, _) => OwnAuthority.Signed(client, authority);
    }

    /// <summary>School days are <see cref="DateOnly"/> on both sides of Dapper.</summary>
    private sealed class DayHandler : SqlMapper.TypeHandler<DateOnly>
    {
        public override DateOnly Parse(object value) => value is DateOnly day ? day : DateOnly.FromDateTime((DateTime)value);

        public override void SetValue(System.Data.IDbDataParameter parameter, DateOnly value) => parameter.Value = value;
    }
}
