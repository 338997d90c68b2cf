using System.Globalization;
using GoldenThread.Reviews.V1;
using GoldenThread.TestSupport;
using GoldenThread.Tracking.Events.V1;

namespace GoldenThread.Reviews.Tests;

/// <summary>Meeting series that are planned again in mid-year.</summary>
public class MeetingSeriesTests(PlanTests.Trust trust) : IClassFixture<PlanTests.Trust>
{
    private const int Refined = 100_004;
    private const int HalfEntered = 100_003;

    private readonly ReviewsHost host = trust.Host;
    private readonly MeetingService.MeetingServiceClient meetings = new(trust.Host.Channel);

    [Fact]
    public async Task Replan_WithAnotherCadenceInMidYear_LeavesWhatWasAndWritesEveryMeetingToCome()
    {
        await DemoTrust.PublishAsync(host);
        var weekly = await MeetingsAsync();
        var weeks = weekly.Select(m => m.Week).ToList();
        host.Now = new(2026, 1, 14, 9, 0, 0, TimeSpan.Zero);
        // 11 to 13 are held: a fortnightly series gives these numbers to January and February.
        var held = await Task.WhenAll(weekly.Skip(10).Take(3).Select(HoldAsync));
        var cancelled = await CancelAsync(weekly.First(m => m.Week == "2026-03-02"));

        await ReplaceCadenceAsync(MeetingCadence.Fortnightly);
        await DemoTrust.PublishAsync(host);

        var after = await MeetingsAsync();
        Assert.Equal(weekly.Select(m => held.FirstOrDefault(h => h.MeetingId == m.MeetingId) ?? m).Where(IsPast), after.Where(IsPast));
        Assert.Contains(cancelled, after);
        var owed = weekly.Where((m, index) => index % 2 == 0 && !IsPast(m)).Select(m => m.Week);
        Assert.Equal(owed.Append(cancelled.Week).Distinct().Order(), after.Where(m => !IsPast(m)).Select(m => m.Week).Order());
        Assert.Equal(after.Count, after.Select(m => m.Number).Distinct().Count());
        Assert.Equal(MeetingCadence.Fortnightly, (await SeriesAsync()).Cadence);

        await ReplaceCadenceAsync(MeetingCadence.Weekly);
        await DemoTrust.PublishAsync(host);

        var again = await MeetingsAsync();
        Assert.Equal(weeks, again.Select(m => m.Week).Order());
        Assert.Equal(after.Where(IsPast), again.Where(IsPast));
        Assert.Contains(cancelled, again);
    }

    [Fact]
    public async Task Series_OfASchoolThatHasEnteredTheAutumnOnly_SaysUpToWhichDayItIsCounted_UntilTheYearIsPlannedWhole()
    {
        var school = DemoTrust.Input.Schools.Single(s => s.Urn == HalfEntered);
        await TellAsync(DemoTrust.CalendarOf(school with { Terms = school.Terms.Take(2).ToList() }, 2));

        var half = await DemoTrust.PublishAsync(host);

        var said = half.IncompleteSeries.Single(s => s is { SchoolUrn: HalfEntered, Entitlement: "one-to-one" });
        Assert.Equal("2025-12-19", said.KnownUntil);
        Assert.Equal($"Meetings \"one-to-one\" of school {HalfEntered} are counted up to 19 December 2025; no dates are entered after it.", said.Words);
        Assert.All(half.IncompleteSeries, s => Assert.Equal(HalfEntered, s.SchoolUrn));
        var autumn = await SeriesAsync(HalfEntered);
        Assert.Equal("2025-12-19", autumn.OwedKnownUntil);
        Assert.InRange(autumn.Owed, 0, 16);
        Assert.False((await SeriesAsync()).HasOwedKnownUntil);

        await TellAsync(DemoTrust.CalendarOf(school, 3));
        // The dates are in, but nobody has planned on them yet.
        Assert.Equal(autumn, await SeriesAsync(HalfEntered));
        var whole = await DemoTrust.PublishAsync(host);

        Assert.Empty(whole.IncompleteSeries);
        var year = await SeriesAsync(HalfEntered);
        Assert.False(year.HasOwedKnownUntil);
        Assert.True(year.Owed > autumn.Owed);
    }

    private async Task TellAsync(CalendarChanged calendar)
    {
        await host.TellAsync(calendar);
        await Eventually.Async(
            async () => await host.CountAsync($"select version from calendar where school_urn = {calendar.SchoolUrn}") == calendar.Version, "the dates are known");
    }

    /// <summary>On Wednesday 14 January a meeting of Monday or Tuesday is past, recorded or not.</summary>
    private static bool IsPast(Meeting meeting) => string.CompareOrdinal(meeting.HasOn ? meeting.On : Friday(meeting.Week), "2026-01-14") < 0;

    private static string Friday(string monday) =>
        DateOnly.Parse(monday, CultureInfo.InvariantCulture).AddDays(4).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private async Task<Meeting> HoldAsync(Meeting meeting) =>
        (await meetings.HoldMeetingAsync(new() { MeetingId = meeting.MeetingId }, host.DeputyIf(meeting.Etag))).Meeting;

    private async Task<Meeting> CancelAsync(Meeting meeting) =>
        (await meetings.CancelMeetingAsync(new() { MeetingId = meeting.MeetingId, Reason = "Inspection" }, host.DeputyIf(meeting.Etag))).Meeting;

    private async Task ReplaceCadenceAsync(MeetingCadence cadence)
    {
        var offer = ShippedOffer.AsSent();
        foreach (var cell in offer.Rows.Single(r => r.Code == "one-to-one").Cells)
        {
            cell.Cadence = cadence;
        }

        var offers = new OfferService.OfferServiceClient(host.Channel);
        var known = (await offers.GetOfferAsync(new() { AcademicYear = DemoTrust.Year }, host.Deputy)).Offer;
        await offers.ReplaceOfferAsync(new() { AcademicYear = DemoTrust.Year, Offer = offer }, host.DeputyIf(known.Etag));
    }

    private async Task<MeetingSeries> SeriesAsync(int school = Refined) =>
        (await meetings.ListMeetingSeriesAsync(new() { SchoolUrn = school, AcademicYear = DemoTrust.Year }, host.Deputy)).Series
            .Single(s => s.Entitlement == "one-to-one");

    private async Task<List<Meeting>> MeetingsAsync() =>
        (await meetings.ListMeetingsAsync(new() { SeriesId = (await SeriesAsync()).SeriesId, PageSize = 100 }, host.Deputy)).Meetings.ToList();
}
