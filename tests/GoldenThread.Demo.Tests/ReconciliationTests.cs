using GoldenThread.Demo.Verification;

namespace GoldenThread.Demo.Tests;

public class ReconciliationTests
{
    private static readonly Held Recorded = new(900101, "autumn", 30, "12345");

    [Fact]
    public void EqualCountsAndDigests_AreNoDifference() => Assert.Empty(Reconciliation.OfResults([Recorded], "tracking", [Recorded with { }]));

    [Fact]
    public void AMissingGroup_IsADifference()
    {
        var difference = Assert.Single(Reconciliation.OfResults([Recorded], "tracking", []));

        Assert.Equal("tracking: 0 results, assessment recorded 30", difference.Words);
    }

    [Fact]
    public void SomethingNobodyRecorded_IsADifference()
    {
        var difference = Assert.Single(Reconciliation.OfResults([], "reporting", [Recorded]));

        Assert.Equal(30, difference.Held);
        Assert.Equal(0, difference.Made);
    }

    [Fact]
    public void AsManyResultsButOtherOnes_IsADifference()
    {
        var difference = Assert.Single(Reconciliation.OfResults([Recorded], "reporting", [Recorded with { Digest = "54321" }]));

        Assert.Contains("not the same ones", difference.Words, StringComparison.Ordinal);
    }

    [Fact]
    public void AStatusThatNeverArrived_IsADifference()
    {
        var difference = Assert.Single(Reconciliation.OfStatuses([Recorded], "reporting", [Recorded with { Count = 29, Digest = "1" }]));

        Assert.Equal("reporting: 29 statuses, tracking judged 30", difference.Words);
    }
}
