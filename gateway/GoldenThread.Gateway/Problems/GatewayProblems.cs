using System.Diagnostics;
using GoldenThread.Gateway.Transcoding.Json;
using Microsoft.AspNetCore.Http.Features;

namespace GoldenThread.Gateway.Problems;

/// <summary>Sees to it that every answer carries the trace, and that whatever goes wrong ends in a problem, never in a stack trace.</summary>
public static partial class GatewayProblems
{
    /// <summary>Adds it; first in the pipeline.</summary>
    public static void UseGatewayProblems(this WebApplication app)
    {
        var log = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("GoldenThread.Gateway.Problems");
        app.Use(async (context, next) =>
        {
            using var started = Activity.Current is null ? new Activity("request").Start() : null;
            context.Response.Headers.TraceParent = Activity.Current!.Id;
            context.Response.Headers.XContentTypeOptions = "nosniff";
            try
            {
                await next(context);
            }
            catch (BadHttpRequestException e) when (!context.Response.HasStarted)
            {
                await OfBadRequest(e, context).AnswerAsync(context);
                return;
            }
            catch (Exception e) when (!context.RequestAborted.IsCancellationRequested)
            {
                UnexpectedFailure(log, e, context.Request.Method, context.GetEndpoint()?.DisplayName);
                if (context.Response.HasStarted)
                {
                    context.Abort();
                    return;
                }

                await Problem.Unexpected().AnswerAsync(context);
                return;
            }

            if (!context.Response.HasStarted && OfStatus(context) is { } problem)
            {
                await problem.AnswerAsync(context);
            }
        });
    }

    internal static Problem OfBadRequest(BadHttpRequestException e, HttpContext context) => e.StatusCode == StatusCodes.Status413PayloadTooLarge
        ? TooLarge(context)
        : new Problem(StatusCodes.Status400BadRequest, "REQUEST_INCOMPLETE", "The request ended before its body was complete.");

    private static Problem TooLarge(HttpContext context) => Problem.Of(BadInputException.UploadBeyond(
        context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize ?? new SizeOptions().Upload));

    // Routing, authentication and the proxy leave a bare status.
    private static Problem? OfStatus(HttpContext context)
    {
        if (context.Response.ContentLength > 0 || context.Response.ContentType is not null)
        {
            return null;
        }

        return context.Response.StatusCode switch
        {
            StatusCodes.Status401Unauthorized => new Problem(401, "UNAUTHENTICATED", "Sign in: a valid bearer token is needed."),
            StatusCodes.Status403Forbidden => new Problem(403, "PERMISSION_DENIED", "This is not allowed."),
            StatusCodes.Status404NotFound => new Problem(404, "NOT_FOUND", "There is nothing at this address."),
            StatusCodes.Status405MethodNotAllowed => new Problem(405, "METHOD_NOT_ALLOWED", "This address does not take this HTTP method."),
            StatusCodes.Status413PayloadTooLarge => TooLarge(context),
            >= 500 and not StatusCodes.Status503ServiceUnavailable and not StatusCodes.Status504GatewayTimeout => Problem.Unexpected(),
            _ => null,
        };
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Endpoint} failed")]
    private static partial void UnexpectedFailure(ILogger log, Exception e, string method, string? endpoint);
}
