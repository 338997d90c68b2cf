using GoldenThread.ServiceDefaults;
using GoldenThread.Type.V1;
using Grpc.Core;

namespace GoldenThread.Reviews.Tests;

/// <summary>Every rpc of the service with every role, without a token, and with a token that lacks the scope: taken from the contracts.</summary>
public class AccessTests(AccessTests.Door door) : IClassFixture<AccessTests.Door>
{
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(bytes => bytes, bytes => bytes);

    public static TheoryData<string> PublicRpcs() =>
        [.. RpcCatalogue.Rules.Keys.Where(m => m.StartsWith("/goldenthread.reviews.v1.", StringComparison.Ordinal)).Order()];

    [Theory]
    [MemberData(nameof(PublicRpcs))]
    public async Task Rpc_LetsInTheRolesOfItsContractAndNobodyElse(string method)
    {
        var rule = RpcCatalogue.Rules[method].Access!;

        Assert.Equal(StatusCode.Unauthenticated, await StatusAsync(method, []));
        foreach (var role in Enum.GetValues<Role>().Where(r => r != Role.Unspecified))
        {
            var status = await StatusAsync(method, door.Host.Bearer($"access.{role}"));
            var letIn = status != StatusCode.PermissionDenied && status != StatusCode.Unauthenticated;
            Assert.True(rule.Roles.Contains(role) == letIn, $"{role}: {status}");
        }

        Assert.Equal(StatusCode.PermissionDenied, await StatusAsync(method, door.Host.Bearer($"access.{rule.Roles[0]}", scopes: "results.read")));
        Assert.Equal(StatusCode.PermissionDenied, await StatusAsync(method, door.Host.Bearer("nobody")));
    }

    [Fact]
    public void NoRpc_IsOpenToTrustItOrTeachers() =>
        Assert.All(PublicRpcs(), row => Assert.Empty(
            RpcCatalogue.Rules[row.Data].Access!.Roles.Intersect([Role.TrustIt, Role.Teacher, Role.Senco, Role.DesignatedTeacher, Role.SafeguardingLead])));

    private async Task<StatusCode> StatusAsync(string method, Metadata metadata)
    {
        var parts = method.Split('/');
        var rpc = new Method<byte[], byte[]>(MethodType.Unary, parts[1], parts[2], Bytes, Bytes);
        try
        {
            await door.Host.Channel.CreateCallInvoker().AsyncUnaryCall(rpc, null, new CallOptions(metadata), []);
            return StatusCode.OK;
        }
        catch (RpcException e)
        {
            return e.StatusCode;
        }
    }

    /// <summary>The service with one sign-in per role.</summary>
    public sealed class Door : IAsyncLifetime
    {
        public ReviewsHost Host { get; } = new();

        public async ValueTask InitializeAsync()
        {
            await Host.InitializeAsync();
            foreach (var role in Enum.GetValues<Role>().Where(r => r != Role.Unspecified))
            {
                await Host.GrantAsync($"access.{role}", role, role is Role.Headteacher or Role.Governor ? 100_000 : null);
            }
        }

        public ValueTask DisposeAsync() => Host.DisposeAsync();
    }
}
