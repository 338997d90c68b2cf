using System.Text.RegularExpressions;
using GoldenThread.Type.V1;
using Google.Api;
using Google.Protobuf.Reflection;

namespace GoldenThread.Contracts.Tests;

/// <summary>What every rpc of the contracts owes its callers.</summary>
public sealed partial class RpcTests
{
    [Fact]
    public void PublicRpc_HasAnAddressInRest() =>
        Assert.Empty(ContractFile.PublicRpcs.Where(rpc => ContractFile.RuleOf(rpc) is null).Select(rpc => rpc.FullName));

    [Fact]
    public void PublicRpc_SaysWhichScopeAndRolesItNeeds_AndWhy()
    {
        foreach (var rpc in ContractFile.PublicRpcs)
        {
            var access = AccessOf(rpc);
            Assert.True(access is not null, $"{rpc.FullName} carries no (goldenthread.type.v1.access)");
            Assert.Matches(Scope(), access.Scope);
            Assert.NotEmpty(access.Roles);
            Assert.DoesNotContain(Role.Unspecified, access.Roles);
            Assert.Equal(access.Roles.Distinct(), access.Roles);
            Assert.False(string.IsNullOrWhiteSpace(access.Purpose), $"{rpc.FullName} names no purpose for the audit");
        }
    }

    [Fact]
    public void Reading_NeedsAScopeToRead_AndNoMore()
    {
        var reads = ContractFile.PublicRpcs.Where(rpc => ContractFile.RuleOf(rpc)?.PatternCase == HttpRule.PatternOneofCase.Get);
        Assert.Empty(reads.Where(rpc => !AccessOf(rpc)!.Scope.EndsWith(".read", StringComparison.Ordinal)).Select(rpc => rpc.FullName));
    }

    [Fact]
    public void InternalRpc_HasNoAddressInRest_AndNoRoleThatAPersonCouldHold()
    {
        Assert.NotEmpty(ContractFile.InternalRpcs);
        Assert.Empty(ContractFile.InternalRpcs.Where(rpc => ContractFile.RuleOf(rpc) is not null || AccessOf(rpc) is not null).Select(rpc => rpc.FullName));
    }

    [Fact]
    public void RpcThatShowsPupilsByName_IsClosedToRolesWithAggregatesOnly()
    {
        Role[] aggregatesOnly = [Role.Board, Role.Ceo, Role.Committee, Role.Governor, Role.Reviewer, Role.TrustIt];
        var open = ContractFile.PublicRpcs.Where(rpc => AccessOf(rpc) is { NamesPupils: true } access && access.Roles.Intersect(aggregatesOnly).Any());
        Assert.Empty(open.Select(rpc => rpc.FullName));
    }

    private static Access? AccessOf(MethodDescriptor rpc) => rpc.GetOptions()?.GetExtension(AccessExtensions.Access);

    [GeneratedRegex(@"^[a-z]+(?:-[a-z]+)*\.(?:read|write)$")]
    private static partial Regex Scope();
}
