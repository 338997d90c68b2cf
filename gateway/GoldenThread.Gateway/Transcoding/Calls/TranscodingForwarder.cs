using System.Net;
using GoldenThread.Gateway.Contracts;
using GoldenThread.Gateway.Problems;
using GoldenThread.Gateway.Transcoding.Json;
using Google.Rpc;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace GoldenThread.Gateway.Transcoding.Calls;

/// <summary>
/// YARP's forwarder, decorated: YARP chooses the destination, counts, watches over health and owns the client; for REST routes this replaces the
/// pump of bytes by a gRPC call. All other routes (native gRPC) go to the original; where it got no answer, a gRPC status says so.
/// </summary>
internal sealed partial class TranscodingForwarder(
    IHttpForwarder original, ContractStore contracts, IOptions<GatewayOptions> options, ILogger<TranscodingForwarder> log) : IHttpForwarder
{
    // The service is told the deadline and ends the call itself; this is how much longer we wait for it to say so.
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(300);

    // What a caller may say to a service. Anything else, grpc-timeout and the like above all, is ours to say.
    private static readonly string[] PassedOn =
        [HeaderNames.Authorization, "Idempotency-Key", "Purpose", HeaderNames.UserAgent, HeaderNames.AcceptLanguage, "X-Request-Id"];

    public ValueTask<ForwarderError> SendAsync(
        HttpContext context, string destinationPrefix, HttpMessageInvoker httpClient, ForwarderRequestConfig requestConfig, HttpTransformer transformer) =>
        SendAsync(context, destinationPrefix, httpClient, requestConfig, transformer, CancellationToken.None);

    public ValueTask<ForwarderError> SendAsync(
        HttpContext context,
        string destinationPrefix,
        HttpMessageInvoker httpClient,
        ForwarderRequestConfig requestConfig,
        HttpTransformer transformer,
        CancellationToken cancellationToken) =>
        contracts.Current.ByRoute(context.GetRouteModel().Config.RouteId) is { } method
            ? CallAsync(method, context, destinationPrefix, httpClient)
            : PassAsync(context, destinationPrefix, httpClient, requestConfig, transformer, cancellationToken);

    private async ValueTask<ForwarderError> PassAsync(
        HttpContext context,
        string destination,
        HttpMessageInvoker client,
        ForwarderRequestConfig config,
        HttpTransformer transformer,
        CancellationToken cancellationToken)
    {
        var body = context.Request.Body as ObservedBody ?? new ObservedBody(context.Request.Body);
        context.Request.Body = body;
        var error = await original.SendAsync(context, destination, client, config, transformer, cancellationToken);
        if (error == ForwarderError.None || context.Response.HasStarted || context.RequestAborted.IsCancellationRequested)
        {
            return error;
        }

        var cause = context.GetForwarderErrorFeature()?.Exception;
        CallFailed(context.GetRouteModel().Config.RouteId, destination, cause?.GetBaseException().Message ?? error.ToString());
        if (!body.WasRead && WasNeverSent(cause))
        {
            context.Features.Set(new UnansweredCall());
        }
        else
        {
            await (error == ForwarderError.RequestTimedOut ? Problem.TooLate() : Problem.Unreachable()).AnswerAsync(context);
        }

        return error;
    }

    private async ValueTask<ForwarderError> CallAsync(RestMethod method, HttpContext context, string destination, HttpMessageInvoker client)
    {
        var call = context.Features.Get<PreparedCall>();
        HttpRequestMessage request;
        try
        {
            call ??= await PreparedCall.ReadAsync(method, context, options.Value);
            context.Features.Set(call);
            request = CreateRequest(call, context, destination);
        }
        catch (BadInputException e)
        {
            await Problem.Of(e).AnswerAsync(context);
            return ForwarderError.None;
        }

        var writer = new AnswerWriter(method, context, options.Value.Sizes.Answer);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        limit.CancelAfter(call.Remaining > TimeSpan.Zero ? call.Remaining + Grace : Grace);
        try
        {
            using (request)
            {
                using var answer = await client.SendAsync(request, limit.Token);
                await writer.WriteAsync(answer, limit.Token);
                return ForwarderError.None;
            }
        }
        catch (OperationCanceledException e) when (context.RequestAborted.IsCancellationRequested)
        {
            return Failed(context, ForwarderError.RequestCanceled, e);
        }
        catch (OperationCanceledException e) when (limit.IsCancellationRequested)
        {
            CallFailed(method.RouteId, destination, "no answer in time");
            await writer.EndAsync(GrpcStatus.TooLate);
            return Failed(context, ForwarderError.RequestTimedOut, e);
        }
        catch (WireFormatException e)
        {
            CallFailed(method.RouteId, destination, e.Message);
            await writer.EndAsync(new GrpcStatus(Code.Internal, ""));
            return ForwarderError.None;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            return await TransportFailedAsync(call, context, destination, writer, e);
        }
    }

    private async ValueTask<ForwarderError> TransportFailedAsync(
        PreparedCall call, HttpContext context, string destination, AnswerWriter writer, Exception e)
    {
        if (Cause<BadHttpRequestException>(e) is { } fault && !context.Response.HasStarted)
        {
            // Not the service but the caller's own body broke off, or went beyond the limit.
            await GatewayProblems.OfBadRequest(fault, context).AnswerAsync(context);
            return Failed(context, ForwarderError.RequestBodyClient, e);
        }

        CallFailed(call.Method.RouteId, destination, e.GetBaseException().Message);
        var mayTryElsewhere = call.Method.IsSafe || WasNeverSent(e);
        if (!context.Response.HasStarted && mayTryElsewhere && !call.UploadBegan)
        {
            context.Features.Set(new UnansweredCall());
        }
        else
        {
            await writer.EndAsync(GrpcStatus.Unreachable);
        }

        return Failed(context, ForwarderError.Request, e);
    }

    private static HttpRequestMessage CreateRequest(PreparedCall call, HttpContext context, string destination)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, RequestUtilities.MakeDestinationAddress(destination, call.Method.GrpcPath, default))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = call.CreateContent(context),
        };
        request.Content.Headers.TryAddWithoutValidation(HeaderNames.ContentType, "application/grpc");
        var headers = request.Headers;
        headers.Host = context.GetReverseProxyFeature().ProxiedDestination?.Model.Config.Host;
        headers.TryAddWithoutValidation(HeaderNames.TE, "trailers");
        headers.TryAddWithoutValidation("grpc-accept-encoding", "identity");
        headers.TryAddWithoutValidation("grpc-timeout", $"{(long)Math.Max(1, call.Remaining.TotalMilliseconds)}m");
        headers.TryAddWithoutValidation("X-Forwarded-For", context.Connection.RemoteIpAddress?.ToString());
        if (call.IfMatch is { } etag)
        {
            headers.TryAddWithoutValidation("if-match", RequireAscii(HeaderNames.IfMatch, etag));
        }

        foreach (var name in PassedOn)
        {
            if (context.Request.Headers.TryGetValue(name, out var value))
            {
                headers.TryAddWithoutValidation(name.ToLowerInvariant(), RequireAscii(name, value.ToString()));
            }
        }

        return request;
    }

    private static string RequireAscii(string name, string value)
    {
        foreach (var letter in value)
        {
            if (letter is < ' ' or > '~')
            {
                throw BadInputException.Invalid($"The header {name} may hold only plain ASCII characters.");
            }
        }

        return value;
    }

    // No connection came about (TimeoutException: not in time either), or the service refused the stream before it looked at it.
    private static bool WasNeverSent(Exception? e) =>
        Cause<HttpRequestException>(e) is
        {
            HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError
        }
        || e is OperationCanceledException { InnerException: TimeoutException }
        || Cause<HttpProtocolException>(e) is { ErrorCode: 7 };

    private static T? Cause<T>(Exception? e)
        where T : Exception
    {
        for (; e is not null; e = e.InnerException)
        {
            if (e is T cause)
            {
                return cause;
            }
        }

        return null;
    }

    private static ForwarderError Failed(HttpContext context, ForwarderError error, Exception e)
    {
        context.Features.Set<IForwarderErrorFeature>(new CallError(error, e));
        return error;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Rpc} at {Destination} failed: {Why}")]
    private partial void CallFailed(string rpc, string destination, string why);

    private sealed record CallError(ForwarderError Error, Exception? Exception) : IForwarderErrorFeature;
}

/// <summary>Marks a request whose call got no answer and may be sent to another destination.</summary>
internal sealed class UnansweredCall;
