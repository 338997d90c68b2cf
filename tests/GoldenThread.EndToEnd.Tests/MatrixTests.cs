using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using GoldenThread.Gateway.Contracts;
using GoldenThread.Gateway.Transcoding;
using GoldenThread.Type.V1;

namespace GoldenThread.EndToEnd.Tests;

/// <summary>
/// Every public rpc × every role × own school, another school, another class, another year, nothing, and every wrong token, through the gateway.
/// What is expected comes from the contracts: scope and roles of each rpc. What may not be seen is answered like what does not exist, byte for byte.
/// </summary>
public sealed partial class MatrixTests(MatrixWorld world) : IClassFixture<MatrixWorld>
{
    private const string NothingHasThisEtag = "\"987654321\"";
    private static readonly Role[] Roles = [.. Enum.GetValues<Role>().Where(role => role != Role.Unspecified)];

    public static TheoryData<string> Rpcs => new(House.Contracts.PublicRpcs.Select(rpc => NameOf(rpc.FullName)));

    [Fact]
    public void PublicRpc_HasASampleRequest()
    {
        var rpcs = House.Contracts.PublicRpcs.Select(rpc => NameOf(rpc.FullName)).Order().ToList();
        Assert.Equal(rpcs, MatrixSamples.All.Keys.Order());
    }

    [Theory]
    [MemberData(nameof(Rpcs))]
    public async Task WrongToken_IsTold401_WhateverItAsksFor(string rpc)
    {
        var (scope, roles) = AccessOf(rpc);
        var subject = MatrixWorld.HolderOf(roles[0]);
        string?[] tokens =
        [
            null,
            world.House.Issuer.ExpiredToken(subject, scope),
            world.House.Issuer.WrongAudienceToken(subject, scope),
            world.House.Issuer.WrongIssuerToken(subject, scope),
            world.House.Issuer.WrongKeyToken(subject, scope),
            world.House.Issuer.InternalToken("svc-tracking"),
        ];
        await Task.WhenAll(tokens.Select(token => AlikeAsync(rpc, token, 401, null, world.Own, world.Foreign, world.Absent)));
    }

    [Theory]
    [MemberData(nameof(Rpcs))]
    public async Task MissingScope_IsTold403_AlikeForEveryId(string rpc)
    {
        var (scope, roles) = AccessOf(rpc);
        var others = string.Join(' ', House.AllScopes.Split(' ').Where(other => other != scope));
        var token = world.House.Issuer.Token(MatrixWorld.HolderOf(roles[0]), others);
        await AlikeAsync(rpc, token, 403, "SCOPE_MISSING", world.Own, world.Foreign, world.Absent);
    }

    [Theory]
    [MemberData(nameof(Rpcs))]
    public async Task RoleThatIsNotNamed_IsTold403_AlikeForEveryId(string rpc)
    {
        var (_, roles) = AccessOf(rpc);
        var others = Roles.Except(roles).Select(TokenOf).Append(world.House.TokenOf("nobody"));
        await Task.WhenAll(others.Select(token => AlikeAsync(rpc, token, 403, "ROLE_MISSING", world.Own, world.Foreign, world.Absent)));
    }

    [Theory]
    [MemberData(nameof(Rpcs))]
    public async Task RoleThatIsNamed_ReachesItsOwnSchool_AndNoOther(string rpc)
    {
        var sample = MatrixSamples.All[rpc];
        var failures = new List<string>();
        foreach (var role in AccessOf(rpc).Roles)
        {
            var token = TokenOf(role);
            await CheckForeignAsync(rpc, sample, role, token, failures);
            var own = await SendAsync(rpc, token, world.Own);
            if (own.Status != 200 && !sample.Also.Contains(own.Status) || own.Code is "ROLE_MISSING" or "SCOPE_MISSING")
            {
                failures.Add($"{role} at the own school was answered {own}");
            }
        }

        Assert.True(failures.Count == 0, string.Join('\n', failures));
    }

    [Theory]
    [MemberData(nameof(Rpcs))]
    public async Task RoleForAnotherClassOrYear_MeetsNoPupilBeyondIt(string rpc)
    {
        var failures = new List<string>();
        foreach (var role in AccessOf(rpc).Roles)
        {
            foreach (var holder in new[] { MatrixWorld.HolderOfClass(role), MatrixWorld.HolderOfYear(role) })
            {
                await CheckLimitedAsync(rpc, holder, TokenOf(role, holder), failures);
            }
        }

        Assert.True(failures.Count == 0, string.Join('\n', failures));
    }

    private async Task CheckLimitedAsync(string rpc, string holder, string token, List<string> failures)
    {
        var own = await SendAsync(rpc, token, world.Own);
        var asked = SentBy(rpc, world.Own);
        var shown = world.Own.PupilMarks.Where(mark => !asked.Contains(mark) && own.Body.Contains(mark, StringComparison.Ordinal)).ToList();
        if (shown.Count > 0)
        {
            failures.Add($"{holder} saw {string.Join(", ", shown)}: {own}");
        }

        if (MatrixSamples.All[rpc].About == About.School && world.Own.PupilMarks.Any(asked.Contains))
        {
            var absent = await SendAsync(rpc, token, world.PupilsAbsent);
            if (own != absent || own.Status == 200)
            {
                failures.Add($"{holder} was answered\n  {own}\nand where there is no such pupil\n  {absent}");
            }
        }
    }

    private async Task CheckForeignAsync(string rpc, Sample sample, Role role, string token, List<string> failures)
    {
        switch (sample.About)
        {
            case About.School:
                var foreign = await SendAsync(rpc, token, world.Foreign);
                var absent = await SendAsync(rpc, token, world.Absent);
                if (foreign != absent || foreign.Status is not (404 or 403) || foreign.Status == 403 && !sample.Also.Contains(403))
                {
                    failures.Add($"{role} at another school was answered\n  {foreign}\nand where there is nothing\n  {absent}");
                }

                break;
            case About.List:
                var list = await SendAsync(rpc, token, world.Foreign);
                var shown = world.Foreign.Marks.Where(mark => !SentBy(rpc, world.Foreign).Contains(mark) && list.Body.Contains(mark, StringComparison.Ordinal)).ToList();
                if (shown.Count > 0)
                {
                    failures.Add($"{role} saw {string.Join(", ", shown)} of another school: {list}");
                }

                break;
        }
    }

    // Which of a place's ids the request itself names: their echo tells nothing.
    private static string SentBy(string rpc, Place place)
    {
        var sample = MatrixSamples.All[rpc];
        return $"{PathOf(rpc, place)} {sample.Body?.Invoke(place).ToJsonString()} {sample.Csv?.Invoke(place)}";
    }

    private async Task AlikeAsync(string rpc, string? token, int status, string? code, params Place[] places)
    {
        var answers = await Task.WhenAll(places.Select(place => SendAsync(rpc, token, place)));
        foreach (var answer in answers)
        {
            Assert.True(answer.Status == status && (code is null || answer.Code == code), $"{rpc} was answered {answer}, not {status} {code}");
            Assert.Equal(answers[0], answer);
        }
    }

    private async Task<Answer> SendAsync(string rpc, string? token, Place place)
    {
        var sample = MatrixSamples.All[rpc];
        var method = MethodOf(rpc);
        HttpContent? body = sample.Csv is { } csv ? new StringContent(csv(place), Encoding.UTF8, "text/csv")
            : sample.Body is { } json ? House.Json(json(place))
            : null;
        var takesIfMatch = sample.Also.Contains(412);
        using var response = await world.House.SendAsync(
            token, new HttpMethod(method.Verb), PathOf(rpc, place), body, takesIfMatch ? NothingHasThisEtag : null);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return new Answer((int)response.StatusCode, response.Content.Headers.ContentType?.ToString() ?? "", WithoutEcho(TraceId().Replace(text, ""), response, place));
    }

    // A problem may repeat the school that the caller named; that tells nothing. Everything else must be the same byte for byte.
    private static string WithoutEcho(string text, HttpResponseMessage response, Place place) => response.IsSuccessStatusCode
        ? text
        : text.Replace(place["school_urn"], "(the school)", StringComparison.Ordinal);

    private static string PathOf(string rpc, Place place)
    {
        var path = PathVariable().Replace(
            MethodOf(rpc).Path.Text, variable => Uri.EscapeDataString(MatrixSamples.Variable(rpc, variable.Groups[1].Value, place)));
        return MatrixSamples.All[rpc].Query(place) is { Length: > 0 } query ? $"{path}?{query}" : path;
    }

    private string TokenOf(Role role) => TokenOf(role, MatrixWorld.HolderOf(role));

    private string TokenOf(Role role, string holder) => role == Role.Partner
        ? world.House.Issuer.ClientToken(holder, House.AllScopes)
        : world.House.TokenOf(holder);

    private static (string Scope, Role[] Roles) AccessOf(string rpc)
    {
        var access = MethodOf(rpc).Rpc.GetOptions().GetExtension(AccessExtensions.Access);
        return (access.Scope, [.. access.Roles]);
    }

    private static RestMethod MethodOf(string rpc) => House.Contracts.Methods.First(method => NameOf(method.Rpc.FullName) == rpc);

    // goldenthread.assessment.v1.ResultsService.GetResult is assessment.GetResult.
    private static string NameOf(string fullName)
    {
        var parts = fullName.Split('.');
        return $"{parts[1]}.{parts[^1]}";
    }

    [GeneratedRegex("(?<=\"traceId\":\")[0-9a-f]*")]
    private static partial Regex TraceId();

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex PathVariable();

    // An answer without what differs from call to call.
    private sealed record Answer(int Status, string MediaType, string Body)
    {
        public string? Code => MediaType.StartsWith("application/problem+json", StringComparison.Ordinal) ? (string?)JsonNode.Parse(Body)!["code"] : null;

        public override string ToString() => $"{Status} {(Body.Length > 400 ? Body[..400] + "…" : Body)}";
    }
}
