using GoldenThread.TestSupport;

namespace GoldenThread.Tracking.Tests;

/// <summary>Messages that wait at the same time are handled in one transaction (ADR 9).</summary>
public sealed class TogetherTests(TrackingHouse house)
{
    private const int Many = 40;
    private const string Held = "select count(*) from result_copy where school_urn = @Urn";

    [Fact]
    public async Task MessageThatCannotBeHandled_FailsAlone_WhateverCameWithIt()
    {
        var cohort = await Cohort.OfAsync(house, Many + 1);
        var window = await cohort.AddWindowAsync();
        var rows = Enumerable.Range(0, Many).Select(at => cohort.Row(window, at, 100)).ToList();
        // The table refuses a result without a year group.
        rows[Many / 3] = rows[Many / 3] with { YearGroup = null! };

        await Task.WhenAll(rows.Select(row => cohort.TellAsync([row])));

        await house.KnownAsync(Held, new { cohort.Urn }, Many - 1);
        await cohort.RecordAsync(window, [(Many, 100m)]);
        Assert.Equal(Many, await house.ScalarAsync<long>(Held, new { cohort.Urn }));
        await Eventually.Async(async () => Assert.Equal(
            Many, await house.ScalarAsync<long>("select count(*) from progress_status where school_urn = @Urn", new { cohort.Urn })));
    }
}
