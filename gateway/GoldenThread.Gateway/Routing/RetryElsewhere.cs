using GoldenThread.Gateway.Problems;
using GoldenThread.Gateway.Transcoding.Calls;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace GoldenThread.Gateway.Routing;

/// <summary>Sends a call that got no answer to another destination, if it may be sent again, and says so in a problem when none is left.</summary>
internal static class RetryElsewhere
{
    /// <summary>Adds it to YARP's pipeline, before load balancing.</summary>
    public static void UseRetryElsewhere(this IReverseProxyApplicationBuilder proxy) => proxy.Use(async (context, next) =>
    {
        var feature = context.GetReverseProxyFeature();
        var all = feature.AvailableDestinations;
        var tried = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            while (true)
            {
                await next(context);
                if (context.Features.Get<UnansweredCall>() is null)
                {
                    break;
                }

                tried.Add(feature.ProxiedDestination?.DestinationId ?? "");
                var left = all.Where(destination => !tried.Contains(destination.DestinationId)).ToList();
                if (left.Count == 0)
                {
                    break;
                }

                context.Features.Set<UnansweredCall>(null);
                context.Features.Set<IForwarderErrorFeature>(null);
                // YARP's own forwarder leaves a status, and takes a request that has one for answered.
                context.Response.StatusCode = StatusCodes.Status200OK;
                feature.ProxiedDestination = null;
                feature.AvailableDestinations = left;
            }

            if (!context.Response.HasStarted && IsUnanswered(context))
            {
                await Problem.Unreachable().AnswerAsync(context);
            }
        }
        finally
        {
            context.Features.Get<PreparedCall>()?.Release();
        }
    });

    private static bool IsUnanswered(HttpContext context) =>
        context.Features.Get<UnansweredCall>() is not null
        || context.GetForwarderErrorFeature() is { Error: ForwarderError.NoAvailableDestinations };
}
