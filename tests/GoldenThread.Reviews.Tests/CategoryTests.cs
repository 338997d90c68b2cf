using GoldenThread.Reviews.Events.V1;
using GoldenThread.Reviews.V1;
using GoldenThread.TestSupport;
using GoldenThread.Type.V1;
using Grpc.Core;

namespace GoldenThread.Reviews.Tests;

/// <summary>Schools' categories through the door.</summary>
public class CategoryTests(CategoryTests.Trust trust) : IClassFixture<CategoryTests.Trust>
{
    private readonly ReviewsHost host = trust.Host;
    private readonly CategoryService.CategoryServiceClient categories = new(trust.Host.Channel);

    [Fact]
    public async Task Category_IsSetWithEvidenceAuthorReasonAndClock()
    {
        var set = (await categories.SetCategoryAsync(Request(100_001, V1.Category.Reinforce, "2025-03-10"), host.Deputy)).Category;

        Assert.Equal(1, set.Version);
        Assert.Equal(DemoTrust.DeputyId.ToString(), set.AuthorPersonId);
        Assert.Equal("Outcomes fell for the second year.", set.Reason);
        Assert.Equal("https://example.org/outcomes", set.Evidence[0].Link);
        Assert.True(set.Current);
        Assert.Equal("2026-03-10", set.Clock.DueOn);
        Assert.Equal("2026-09-10", set.Clock.OverdueAfter);
        Assert.Equal(V1.ClockState.Running, set.Clock.State);
        var told = await Eventually.Async(() => Task.FromResult(host.Told.OfType<CategoryChanged>().Single(c => c.SchoolUrn == 100_001)));
        Assert.Equal(
            new CategoryChanged
            {
                SchoolUrn = 100_001,
                Version = 1,
                Category = "reinforce",
                From = new(2025, 3, 10),
                DueOn = new(2026, 3, 10),
                OverdueAfter = new(2026, 9, 10),
            },
            told);
    }

    [Theory]
    [InlineData(V1.Category.Sustain, "2023-09-01", V1.ClockState.None, null)]
    [InlineData(V1.Category.Refine, "2023-09-01", V1.ClockState.Running, "2025-09-01")]
    [InlineData(V1.Category.Refine, "2023-08-19", V1.ClockState.Overdue, "2025-08-19")]
    [InlineData(V1.Category.Refine, "2023-08-20", V1.ClockState.Running, "2025-08-20")]
    [InlineData(V1.Category.Reinforce, "2024-08-19", V1.ClockState.Due, "2025-08-19")]
    [InlineData(V1.Category.Reinforce, "2024-02-19", V1.ClockState.Overdue, "2025-02-19")]
    [InlineData(V1.Category.Reinforce, "2024-02-20", V1.ClockState.Due, "2025-02-20")]
    [InlineData(V1.Category.Stabilise, "2024-08-19", V1.ClockState.Overdue, "2025-08-19")]
    public async Task Clock_StandsWhereTheOfferSays(V1.Category category, string from, V1.ClockState state, string? due)
    {
        var urn = trust.NextSchool();

        // The service's clock stands at 20 August 2025.
        var set = (await categories.SetCategoryAsync(Request(urn, category, from), host.Deputy)).Category;

        Assert.Equal(state, set.Clock.State);
        Assert.Equal(due, set.Clock.HasDueOn ? set.Clock.DueOn : null);
    }

    [Fact]
    public async Task Category_ConfirmedAtAReview_LetsTheClockRunOn()
    {
        var urn = trust.NextSchool();
        await categories.SetCategoryAsync(Request(urn, V1.Category.Refine, "2024-01-10"), host.Deputy);

        var confirmed = (await categories.SetCategoryAsync(Request(urn, V1.Category.Refine, "2025-01-10"), host.Deputy)).Category;
        Assert.Equal("2024-01-10", confirmed.Clock.RunningFrom);
        Assert.Equal("2026-01-10", confirmed.Clock.DueOn);

        var changed = (await categories.SetCategoryAsync(Request(urn, V1.Category.Stabilise, "2025-05-01"), host.Deputy)).Category;
        Assert.Equal("2025-05-01", changed.Clock.RunningFrom);
        var history = (await categories.ListSchoolCategoriesAsync(new() { SchoolUrn = urn }, host.Deputy)).Categories;
        Assert.Equal([3, 2, 1], history.Select(c => c.Version));
        Assert.Equal([true, false, false], history.Select(c => c.Current));
        Assert.Null(history[1].Clock);
        await Refused.WithAsync(StatusCode.InvalidArgument, "CATEGORY_INVALID",
            () => categories.SetCategoryAsync(Request(urn, V1.Category.Refine, "2025-04-30"), host.Deputy));
    }

    [Fact]
    public async Task Category_FromALaterDay_IsNotCurrentYet()
    {
        var urn = trust.NextSchool();
        await categories.SetCategoryAsync(Request(urn, V1.Category.Refine, "2025-01-10"), host.Deputy);

        await categories.SetCategoryAsync(Request(urn, V1.Category.Sustain, "2025-09-01"), host.Deputy);

        var current = (await categories.ListCurrentCategoriesAsync(new() { PageSize = 500 }, host.Deputy)).Categories.Single(c => c.SchoolUrn == urn);
        Assert.Equal(V1.Category.Refine, current.Category);
        var sustained = await categories.ListCurrentCategoriesAsync(new() { Category = V1.Category.Sustain, PageSize = 500 }, host.Deputy);
        Assert.DoesNotContain(sustained.Categories, c => c.SchoolUrn == urn);
    }

    [Theory]
    [InlineData("0206-09-01")]
    [InlineData("2200-09-01")]
    public async Task Category_FromADayThatNoSchoolYearHolds_IsRefused(string day) => await Refused.WithAsync(
        StatusCode.InvalidArgument, "DATE_INVALID", () => categories.SetCategoryAsync(Request(100_000, V1.Category.Refine, day), host.Deputy));

    [Fact]
    public async Task Category_FromAMistypedYear_IsRefused_AndKeepsNoneOut()
    {
        var urn = trust.NextSchool();

        await Refused.WithAsync(StatusCode.InvalidArgument, "CATEGORY_INVALID",
            () => categories.SetCategoryAsync(Request(urn, V1.Category.Refine, "2052-09-01"), host.Deputy));

        var set = (await categories.SetCategoryAsync(Request(urn, V1.Category.Refine, "2025-09-01"), host.Deputy)).Category;
        Assert.Equal(1, set.Version);
    }

    [Fact]
    public async Task Category_WithoutReason_IsRefused()
    {
        var request = Request(100_000, V1.Category.Refine, "2025-01-10");
        request.Reason = " ";
        await Refused.WithAsync(StatusCode.InvalidArgument, "TEXT_MISSING", () => categories.SetCategoryAsync(request, host.Deputy));
        request.Reason = "Because";
        request.Category = V1.Category.Unspecified;
        await Refused.WithAsync(StatusCode.InvalidArgument, "CATEGORY_INVALID", () => categories.SetCategoryAsync(request, host.Deputy));
        request.Category = V1.Category.Refine;
        request.Evidence[0].Link = "javascript:alert(1)";
        await Refused.WithAsync(StatusCode.InvalidArgument, "CATEGORY_INVALID", () => categories.SetCategoryAsync(request, host.Deputy));
    }

    [Fact]
    public async Task Category_OfAForeignSchool_IsAsAbsentAsOneThatDoesNotExist()
    {
        await host.GrantAsync("head.foreign", Role.Headteacher, 100_004);
        await categories.SetCategoryAsync(Request(100_004, V1.Category.Refine, "2025-01-10"), host.Deputy);
        await categories.SetCategoryAsync(Request(100_005, V1.Category.Refine, "2025-01-10"), host.Deputy);

        Assert.Single((await categories.ListSchoolCategoriesAsync(new() { SchoolUrn = 100_004 }, host.Bearer("head.foreign"))).Categories);
        Assert.Equal([100_004], (await categories.ListCurrentCategoriesAsync(new(), host.Bearer("head.foreign"))).Categories.Select(c => c.SchoolUrn));
        var foreign = await Refused.WithAsync(StatusCode.NotFound, "SCHOOL_NOT_FOUND",
            () => categories.ListSchoolCategoriesAsync(new() { SchoolUrn = 100_005 }, host.Bearer("head.foreign")));
        var absent = await Refused.WithAsync(StatusCode.NotFound, "SCHOOL_NOT_FOUND",
            () => categories.ListSchoolCategoriesAsync(new() { SchoolUrn = 999_999 }, host.Bearer("head.foreign")));
        Assert.Equal(foreign.Status.Detail.Replace("100005", "999999"), absent.Status.Detail);
    }

    [Fact]
    public async Task History_InPages_IsWhole()
    {
        var urn = trust.NextSchool();
        for (var month = 1; month <= 5; month++)
        {
            await categories.SetCategoryAsync(Request(urn, V1.Category.Refine, $"2025-0{month}-01"), host.Deputy);
        }

        var first = await categories.ListSchoolCategoriesAsync(new() { SchoolUrn = urn, PageSize = 3 }, host.Deputy);
        var second = await categories.ListSchoolCategoriesAsync(new() { SchoolUrn = urn, PageSize = 3, PageToken = first.NextPageToken }, host.Deputy);

        Assert.Equal([5L, 4, 3, 2, 1], first.Categories.Concat(second.Categories).Select(c => c.Version));
        Assert.Empty(second.NextPageToken);
        await Refused.WithAsync(StatusCode.InvalidArgument, "PAGE_TOKEN_INVALID", () => categories.ListSchoolCategoriesAsync(
            new() { SchoolUrn = 100_001, PageToken = first.NextPageToken }, host.Deputy));
        await Refused.WithAsync(StatusCode.InvalidArgument, "PAGE_SIZE_INVALID",
            () => categories.ListSchoolCategoriesAsync(new() { SchoolUrn = urn, PageSize = -1 }, host.Deputy));
    }

    [Fact]
    public async Task Copy_OfAnOlderVersion_ComesTooLate()
    {
        var school = DemoTrust.Input.Schools[0] with { Urn = 123_456 };
        await host.TellAsync(DemoTrust.SchoolOf(school, 2) with { Name = "New name" });
        await Eventually.Async(async () => await host.CountAsync("select count(*) from school where school_urn = 123456") == 1, "the school is known");

        await host.TellAsync(DemoTrust.SchoolOf(school, 1) with { Name = "Old name" });

        var handled = "select count(*) from inbox where consumer = 'school-changed'";
        await Eventually.Async(async () => await host.CountAsync(handled) >= trust.SchoolsTold + 2, "both messages are handled");
        Assert.Equal(1, await host.CountAsync("select count(*) from school where school_urn = 123456 and name = 'New name'"));
    }

    private static SetCategoryRequest Request(int urn, V1.Category category, string from) => new()
    {
        SchoolUrn = urn,
        Category = category,
        From = from,
        Reason = "Outcomes fell for the second year.",
        Evidence =
        {
            new Evidence
            {
                Kind = EvidenceKind.Outcomes,
                Text = "Reading, writing and maths combined 48%",
                Link = "https://example.org/outcomes",
            },
        },
    };

    /// <summary>Thirty schools and an offer.</summary>
    public sealed class Trust : IAsyncLifetime
    {
        private int next = 100_009;

        public ReviewsHost Host { get; } = new();

        public int SchoolsTold { get; } = 30;

        public int NextSchool() => Interlocked.Increment(ref next);

        public async ValueTask InitializeAsync()
        {
            await Host.InitializeAsync();
            foreach (var index in Enumerable.Range(0, SchoolsTold))
            {
                await Host.TellAsync(DemoTrust.SchoolOf(DemoTrust.Input.Schools[0] with { Urn = 100_000 + index }, 1));
            }

            await Host.TellAsync(Host.DeputyPerson(DemoTrust.DeputyId));
            await Eventually.Async(async () =>
                await Host.CountAsync("select count(*) from school") == SchoolsTold && await Host.CountAsync("select count(*) from person") == 1,
                "the copies are filled");
            await Refused.WithAsync(StatusCode.FailedPrecondition, "OFFER_MISSING", () => new CategoryService.CategoryServiceClient(Host.Channel)
                .SetCategoryAsync(Request(100_000, V1.Category.Refine, "2025-01-10"), Host.Deputy));
            await new OfferService.OfferServiceClient(Host.Channel)
                .ReplaceOfferAsync(new() { AcademicYear = "2025-26", Offer = ShippedOffer.AsSent() }, Host.Deputy);
        }

        public ValueTask DisposeAsync() => Host.DisposeAsync();
    }
}
