using GoldenThread.TestSupport;
using GoldenThread.Tracking.V1;
using GoldenThread.Type.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace GoldenThread.ServiceDefaults.Tests;

/// <summary>Native gRPC carries instants that no calendar has: they are refused by name.</summary>
public sealed class InstantTests
{
    private const long FirstSecond = -62_135_596_800;
    private const long LastSecond = 253_402_300_799;

    [Theory]
    [InlineData(FirstSecond, 0)]
    [InlineData(LastSecond, 999_999_999)]
    public void InstantOfACalendar_IsRead(long seconds, int nanos)
    {
        var instant = new Timestamp { Seconds = seconds, Nanos = nanos };
        Assert.Equal(instant.ToDateTimeOffset(), Fields.Instant(instant, "at"));
        Assert.Null(Fields.OptionalInstant(null, "at"));
    }

    [Theory]
    [InlineData(FirstSecond - 1, 0)]
    [InlineData(LastSecond + 1, 0)]
    [InlineData(long.MinValue, 0)]
    [InlineData(0, -1)]
    [InlineData(0, 1_000_000_000)]
    public void InstantOfNoCalendar_IsRefused(long seconds, int nanos)
    {
        var refused = Assert.Throws<RpcException>(() => Fields.Instant(new() { Seconds = seconds, Nanos = nanos }, "at"));
        Assert.Equal((StatusCode.InvalidArgument, "INSTANT_INVALID"), (refused.StatusCode, Refusals.ReasonOf(refused)));
    }

    [Fact]
    public async Task GrantWithSuchAnInstant_IsRefused()
    {
        await using var specimen = await Specimen.StartedAsync();
        var beyond = new Timestamp { Seconds = LastSecond + 1 };
        foreach (var grant in new[] { new Grant { ValidFrom = beyond }, new Grant { ValidTo = beyond } })
        {
            (grant.Issuer, grant.Subject, grant.Role, grant.Reason) = ("https://issuer.example", "somebody", Role.Ceo, "test");
            await Refusals.RefusedAsync(StatusCode.InvalidArgument, "INSTANT_INVALID", async () => await specimen.Grants.GiveGrantAsync(
                new() { Grant = grant }, specimen.Lead, cancellationToken: TestContext.Current.CancellationToken));
        }
    }
}
