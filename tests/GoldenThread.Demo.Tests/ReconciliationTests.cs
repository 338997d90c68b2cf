using GoldenThread.Demo.Verification;

namespace GoldenThread.Demo.Tests;

public class ReconciliationTests
{
    private static readonly HeldResults Recorded = new(900101, "autumn", 30, "12345");

    [Fact]
    public void EqualCountsAndDigests_AreNoDifference() => Assert.Empty(Reconciliation.Compare([Recorded], "tracking", [Recorded with { }]));

    [Fact]
    public void AMissingGroup_IsADifference()
    {
        var difference = Assert.Single(Reconciliation.Compare([Recorded], "tracking", []));

        Assert.Equal("tracking: 0 results, assessment recorded 30", difference.Words);
    }

    [Fact]
    public void SomethingNobodyRecorded_IsADifference()
    {
        var difference = Assert.Single(Reconciliation.Compare([], "reporting", [Recorded]));

        Assert.Equal(30, difference.Held);
        Assert.Equal(0, difference.Recorded);
    }

    [Fact]
    public void AsManyResultsButOtherOnes_IsADifference()
    {
        var difference = Assert.Single(Reconciliation.Compare([Recorded], "reporting", [Recorded with { Digest = "54321" }]));

        Assert.Contains("not the same ones", difference.Words, StringComparison.Ordinal);
    }
}
