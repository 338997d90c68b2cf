using System.Security.Claims;
using GoldenThread.Type.V1;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace GoldenThread.ServiceDefaults;

/// <summary>
/// Lets a call in: believes the token or answers UNAUTHENTICATED, then asks for the rpc's scope and one of its roles or answers
/// PERMISSION_DENIED, alike for every id. Rpcs between services need the internal audience and scope instead.
/// </summary>
internal sealed class CallerInterceptor(RoleLookup roles, ReadAudit reads, IOptions<IdentityOptions> identity) : Interceptor
{
    private static readonly HashSet<string> None = [];

    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        await LetInAsync(context);
        var answer = await continuation(request, context);
        reads.Keep(context, answer);
        return answer;
    }

    public override async Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        await LetInAsync(context);
        var answer = await continuation(requestStream, context);
        reads.Keep(context, answer);
        return answer;
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        await LetInAsync(context);
        try
        {
            await continuation(request, responseStream, context);
        }
        finally
        {
            // What was sent before a stream broke was read all the same.
            reads.Keep(context);
        }
    }

    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        await LetInAsync(context);
        try
        {
            await continuation(requestStream, responseStream, context);
        }
        finally
        {
            reads.Keep(context);
        }
    }

    private async ValueTask LetInAsync(ServerCallContext context)
    {
        if (!RpcCatalogue.Rules.TryGetValue(context.Method, out var rule))
        {
            throw Refusal.PermissionDenied("RPC_UNKNOWN", "This call is not in the contract.");
        }

        if (rule.Anonymous)
        {
            return;
        }

        var (principal, issuer) = await BelieveAsync(context);
        var caller = ToCaller(principal, issuer, context, rule);
        if (rule.Access is { } access)
        {
            await DemandAsync(caller, access, principal, issuer, context.CancellationToken);
            reads.DemandRoom();
        }
        else if (!HasAudience(principal, issuer.InternalAudience) || !caller.Scopes.Contains(Caller.InternalScope))
        {
            throw Refusal.PermissionDenied("SCOPE_MISSING", "This call is between services only.");
        }

        caller.Attach(context);
    }

    private async ValueTask<(ClaimsPrincipal Principal, IssuerOptions Issuer)> BelieveAsync(ServerCallContext context)
    {
        if (string.IsNullOrEmpty(context.RequestHeaders.GetValue("authorization")))
        {
            throw Refusal.Unauthenticated("TOKEN_MISSING", "Sign in first: the call carries no bearer token.");
        }

        var result = await context.GetHttpContext().AuthenticateAsync(Authentication.Scheme);
        return result switch
        {
            // Whoever proved the token is its issuer, by whatever name: the token's own name for it is what grants are held under.
            { Succeeded: true, Ticket: { } ticket } => (ticket.Principal, IssuerOf(ticket)),
            { Failure: SecurityTokenExpiredException } => throw Refusal.Unauthenticated("TOKEN_EXPIRED", "The token has expired. Sign in again."),
            { Failure: SecurityTokenInvalidAudienceException } => throw Refusal.Unauthenticated("TOKEN_AUDIENCE", "The token was not issued for this platform."),
            { Failure: { } failure } when IsIssuerUnreachable(failure) =>
                throw Refusal.Unavailable("IDENTITY_UNAVAILABLE", "The identity provider cannot be reached, so the token cannot be checked. Try again."),
            _ => throw Refusal.Unauthenticated("TOKEN_INVALID", "The token is not accepted here. Sign in again."),
        };
    }

    private IssuerOptions IssuerOf(AuthenticationTicket ticket) =>
        identity.Value.Issuers.Where((_, at) => Authentication.SchemeName(at) == ticket.AuthenticationScheme).Single();

    // The configuration manager wraps what it could not fetch; a token without a known key fails differently.
    private static bool IsIssuerUnreachable(Exception failure) =>
        failure is InvalidOperationException or HttpRequestException or IOException
        || failure is SecurityTokenSignatureKeyNotFoundException { InnerException: InvalidOperationException };

    private static Caller ToCaller(ClaimsPrincipal principal, IssuerOptions issuer, ServerCallContext context, RpcRule rule)
    {
        var subject = principal.FindFirstValue("sub") ?? throw Refusal.Unauthenticated("TOKEN_INVALID", "The token names no subject.");
        var client = principal.FindFirstValue("client_id") ?? principal.FindFirstValue("azp");
        var scopes = issuer.ScopeClaims
            .SelectMany(claim => principal.FindAll(claim))
            .SelectMany(claim => claim.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .ToHashSet(StringComparer.Ordinal);
        var isClientItself = client is not null && (subject == client || principal.FindFirstValue("idtyp") == "app");
        return new(principal.FindFirstValue("iss")!, isClientItself ? client! : subject, client,
            scopes.Count == 0 ? None : scopes, PurposeOf(context, rule));
    }

    private static string PurposeOf(ServerCallContext context, RpcRule rule) => context.RequestHeaders.GetValue("purpose") switch
    {
        { Length: > HeaderLimits.Purpose } =>
            throw Refusal.InvalidField("PURPOSE_TOO_LONG", "Purpose", $"A purpose has at most {HeaderLimits.Purpose} characters."),
        { Length: > 0 } said => said,
        _ => rule.Access is { Purpose.Length: > 0 } access ? access.Purpose : "school improvement",
    };

    private async ValueTask DemandAsync(Caller caller, Access access, ClaimsPrincipal principal, IssuerOptions issuer, CancellationToken ct)
    {
        if (!HasAudience(principal, issuer.Audience))
        {
            throw Refusal.Unauthenticated("TOKEN_AUDIENCE", "The token was not issued for this platform.");
        }

        if (!caller.Scopes.Contains(access.Scope))
        {
            throw Refusal.PermissionDenied("SCOPE_MISSING", $"The token lacks the scope {access.Scope}.");
        }

        if (!await roles.HoldsAnyAsync(caller, access.Roles, ct))
        {
            throw Refusal.PermissionDenied("ROLE_MISSING", "None of your roles allows this.");
        }
    }

    private static bool HasAudience(ClaimsPrincipal principal, string? audience) =>
        audience is not null && principal.FindAll("aud").Any(a => a.Value == audience);
}
