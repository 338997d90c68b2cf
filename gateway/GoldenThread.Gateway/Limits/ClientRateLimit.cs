using System.Globalization;
using System.Security.Claims;
using System.Threading.RateLimiting;
using GoldenThread.Gateway.Problems;
using Microsoft.Extensions.Options;

namespace GoldenThread.Gateway.Limits;

/// <summary>
/// Limits how many requests a client makes: by the client and subject of its token, or by its address where it has none. Every answer says what is
/// left (RateLimit, RateLimit-Policy), a refusal when to come back (Retry-After).
/// </summary>
internal sealed class ClientRateLimit : IAsyncDisposable
{
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(1);
    private readonly PartitionedRateLimiter<HttpContext> _limiter;
    private readonly int _most;
    private readonly double _perSecond;
    private readonly string _policy;

    public ClientRateLimit(IOptions<GatewayOptions> options)
    {
        var limit = options.Value.RateLimit;
        _most = limit.Requests;
        _perSecond = limit.Requests / limit.Window.TotalSeconds;
        // Whole tokens, at the times that make their rate the announced one.
        var atOnce = Math.Max(1, (int)_perSecond);
        _policy = string.Create(CultureInfo.InvariantCulture, $"\"client\";q={_most};w={(long)Math.Ceiling(limit.Window.TotalSeconds)}");
        _limiter = PartitionedRateLimiter.Create<HttpContext, string>(
            context => RateLimitPartition.GetTokenBucketLimiter(ClientOf(context), _ => new TokenBucketRateLimiterOptions
            {
                TokenLimit = _most,
                TokensPerPeriod = atOnce,
                ReplenishmentPeriod = TimeSpan.FromSeconds(atOnce / _perSecond),
                QueueLimit = 0,
            }),
            StringComparer.Ordinal);
    }

    public async Task ApplyAsync(HttpContext context, RequestDelegate next)
    {
        using var lease = _limiter.AttemptAcquire(context);
        var left = _limiter.GetStatistics(context)?.CurrentAvailablePermits ?? 0;
        var refill = (long)Math.Ceiling((_most - left) / _perSecond);
        context.Response.Headers["RateLimit-Policy"] = _policy;
        context.Response.Headers["RateLimit"] = string.Create(CultureInfo.InvariantCulture, $"\"client\";r={left};t={refill}");
        if (lease.IsAcquired)
        {
            await next(context);
            return;
        }

        var wait = lease.TryGetMetadata(MetadataName.RetryAfter, out var given) ? given : Step;
        await new Problem(StatusCodes.Status429TooManyRequests, "RATE_LIMITED", "Too many requests; wait a moment.") { RetryAfter = wait }.AnswerAsync(context);
    }

    public ValueTask DisposeAsync() => _limiter.DisposeAsync();

    private static string ClientOf(HttpContext context)
    {
        var user = context.User;
        if (user.Identity is not { IsAuthenticated: true })
        {
            return "address:" + context.Connection.RemoteIpAddress;
        }

        var client = user.FindFirstValue("azp") ?? user.FindFirstValue("client_id") ?? user.FindFirstValue("appid");
        var subject = user.FindFirstValue("sub") ?? user.FindFirstValue(ClaimTypes.NameIdentifier);
        return $"client:{user.FindFirstValue("iss")} {client} {subject}";
    }
}

/// <summary>Puts the limit into the pipeline.</summary>
internal static class ClientRateLimitPipeline
{
    public static void AddClientRateLimit(this WebApplicationBuilder builder) => builder.Services.AddSingleton<ClientRateLimit>();

    /// <summary>Limits whatever is proxied; health and documents are free. After authentication, which says who the client is.</summary>
    public static void UseClientRateLimit(this WebApplication app)
    {
        if (app.Services.GetRequiredService<IOptions<GatewayOptions>>().Value.RateLimit.Requests == 0)
        {
            return;
        }

        var limit = app.Services.GetRequiredService<ClientRateLimit>();
        app.UseWhen(
            context => context.GetEndpoint()?.Metadata.GetMetadata<Yarp.ReverseProxy.Model.RouteModel>() is not null,
            proxied => proxied.Use((context, next) => limit.ApplyAsync(context, next)));
    }
}
