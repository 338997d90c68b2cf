using GoldenThread.Reviews.V1;
using GoldenThread.ServiceDefaults;
using GoldenThread.Type.V1;
using Google.Protobuf;
using Grpc.Core;

namespace GoldenThread.Reviews.Tests;

/// <summary>
/// Grants that are too narrow: what is here concerns schools as such, and plans and offers concern the whole trust. Every rpc is tried.
/// </summary>
public class ReachTests(ReachTests.Trust trust) : IClassFixture<ReachTests.Trust>
{
    private const string Ok = "ok";
    private const string Stored = """
        select (select sum(version) from visit) + (select count(*) from finding) + (select coalesce(sum(version), 0) from agreed_action)
             + (select sum(version) from meeting) + (select sum(version) from availability) + (select count(*) from leave)
             + (select count(*) from school_category) + (select count(*) from offer) + (select sum(version) from plan)
        """;

    private static readonly string[] TrustWideWrites = ["ReplaceOffer", "CreatePlan", "PublishPlan"];

    private readonly ReviewsHost host = trust.Host;

    public static TheoryData<string> Rpcs() =>
        [.. RpcCatalogue.Rules.Keys.Where(m => m.StartsWith("/goldenthread.reviews.v1.", StringComparison.Ordinal)).Select(m => m.Split('/')[^1]).Order()];

    public static TheoryData<string> Reads() =>
        [.. Rpcs().Select(row => row.Data).Where(rpc => rpc.StartsWith("Get", StringComparison.Ordinal) || rpc.StartsWith("List", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Rpcs))]
    public async Task Rpc_WithAGrantLimitedToAYearAClassOrASubject_ReachesNothing(string rpc)
    {
        var stored = await host.CountAsync(Stored);

        foreach (var holder in new[] { Trust.OfAYear, Trust.OfAClass, Trust.OfASubject })
        {
            Assert.Equal((holder, ToTheLimited(rpc)), (holder, await AnswerAsync(rpc, holder)));
        }

        Assert.Equal(stored, await host.CountAsync(Stored));
    }

    [Theory]
    [MemberData(nameof(Reads))]
    public async Task Read_WithAGrantForTheWholeSchool_ReachesWhatIsOfTheSchool(string rpc)
    {
        var answer = await AnswerAsync(rpc, Trust.OfASchool);

        Assert.True(rpc switch
        {
            "GetPlan" => answer == "PLAN_NOT_FOUND",
            "ListPlans" => answer == "0",
            _ => answer == Ok || (int.TryParse(answer, out var count) && count > 0),
        }, answer);
    }

    [Fact]
    public async Task TrustWideWrites_TakeAGrantForTheWholeTrust()
    {
        var stored = await host.CountAsync(Stored);

        foreach (var rpc in TrustWideWrites)
        {
            Assert.Equal((rpc, "TRUST_GRANT_NEEDED"), (rpc, await AnswerAsync(rpc, Trust.OfASchool)));
        }

        // Alike for every id, and whatever there is to plan.
        var known = await RefusedAsync(PublishAsync(trust.Draft.PlanId, Trust.OfASchool));
        Assert.Equal(known, await RefusedAsync(PublishAsync(Guid.CreateVersion7().ToString(), Trust.OfASchool)));
        Assert.Equal(known, await RefusedAsync(trust.Plans.CreatePlanAsync(new() { AcademicYear = "2040/41" }, host.Bearer(Trust.OfASchool))));
        Assert.Equal(stored, await host.CountAsync(Stored));
    }

    [Fact]
    public async Task APlanThatIsNotToBeSeen_IsAsAbsentAsOneThatDoesNotExist()
    {
        var nothing = Guid.CreateVersion7().ToString();
        var absent = await RefusedAsync(trust.Plans.GetPlanAsync(new() { PlanId = nothing }, host.Deputy));
        Assert.Equal("PLAN_NOT_FOUND", absent.Reason);

        foreach (var holder in new[] { Trust.OfASchool, Trust.OfAYear, Trust.Elsewhere })
        {
            Assert.Equal((holder, absent), (holder, await RefusedAsync(GetAsync(trust.Published.PlanId, holder))));
            Assert.Equal((holder, absent), (holder, await RefusedAsync(GetAsync(trust.Draft.PlanId, holder))));
            Assert.Equal((holder, absent), (holder, await RefusedAsync(VisitsAsync(trust.Draft.PlanId, holder))));
        }

        Assert.Equal(absent, await RefusedAsync(VisitsAsync(trust.Published.PlanId, Trust.Elsewhere)));
        Assert.Equal(absent, await RefusedAsync(VisitsAsync(trust.Published.PlanId, Trust.OfAYear)));
        Assert.Equal(absent, await RefusedAsync(GetAsync(trust.Draft.PlanId, Trust.OfTheBoard)));
        Assert.Equal(absent, await RefusedAsync(VisitsAsync(trust.Draft.PlanId, Trust.OfTheBoard)));
    }

    [Fact]
    public async Task APublishedPlan_IsForWhoHoldsTheTrust_AndItsVisitsForWhoReachesTheSchool()
    {
        Assert.Equal(trust.Published.PlanId, (await GetAsync(trust.Published.PlanId, Trust.OfTheBoard)).Plan.PlanId);
        Assert.Equal([trust.Published.PlanId], (await trust.Plans.ListPlansAsync(new(), host.Bearer(Trust.OfTheBoard))).Plans.Select(p => p.PlanId));

        var own = (await VisitsAsync(trust.Published.PlanId, Trust.OfASchool)).Visits;

        Assert.NotEmpty(own);
        Assert.All(own, v => Assert.Equal(trust.Visit.SchoolUrn, v.SchoolUrn));
    }

    private AsyncUnaryCall<GetPlanResponse> GetAsync(string planId, string holder) =>
        trust.Plans.GetPlanAsync(new() { PlanId = planId }, host.Bearer(holder));

    private AsyncUnaryCall<ListPlannedVisitsResponse> VisitsAsync(string planId, string holder) =>
        trust.Plans.ListPlannedVisitsAsync(new() { PlanId = planId, PageSize = 500 }, host.Bearer(holder));

    private AsyncUnaryCall<PublishPlanResponse> PublishAsync(string planId, string holder) =>
        trust.Plans.PublishPlanAsync(new() { PlanId = planId }, host.Bearer(holder, trust.Draft.Etag));

    private static string ToTheLimited(string rpc) => rpc switch
    {
        "GetOffer" => Ok,
        "ReplaceOffer" or "CreatePlan" or "PublishPlan" => "TRUST_GRANT_NEEDED",
        "GetPlan" or "ListPlannedVisits" => "PLAN_NOT_FOUND",
        "SetCategory" or "ListSchoolCategories" => "SCHOOL_NOT_FOUND",
        "RemoveLeave" => "LEAVE_NOT_FOUND",
        "GetAvailability" or "ReplaceAvailability" or "ListLeave" or "AddLeave" => "PERSON_NOT_FOUND",
        "UpdateAgreedAction" or "CompleteAgreedAction" => "AGREED_ACTION_NOT_FOUND",
        "ListMeetings" => "MEETING_SERIES_NOT_FOUND",
        "HoldMeeting" or "CancelMeeting" => "MEETING_NOT_FOUND",
        "GetVisit" or "UpdateVisit" or "ConfirmVisit" or "HoldVisit" or "CancelVisit" or "RecordFinding" or "ListFindings" or "AgreeAction"
            => "VISIT_NOT_FOUND",
        "ListPlans" or "ListVisits" or "ListAgreedActions" or "ListCurrentCategories" or "ListAvailability" or "ListMeetingSeries" => "0",
        _ => throw new NotSupportedException($"Say what {rpc} answers to a limited grant."),
    };

    /// <summary>The reason of a refusal; else how many things a list holds, or that all is well.</summary>
    private async Task<string> AnswerAsync(string rpc, string holder)
    {
        try
        {
            var answer = await CallAsync(rpc, holder);
            var list = answer.Descriptor.Fields.InFieldNumberOrder().FirstOrDefault(f => f.IsRepeated);
            return list is null ? Ok : $"{((System.Collections.IList)list.Accessor.GetValue(answer)).Count}";
        }
        catch (RpcException e)
        {
            return Refused.ReasonOf(e) ?? $"{e.Status}";
        }
    }

    private async Task<IMessage> CallAsync(string rpc, string holder)
    {
        var (offers, categories, availability, plans, visits, meetings) =
            (trust.Offers, trust.Categories, trust.Availability, trust.Plans, trust.Visits, trust.Meetings);
        Metadata If(string etag) => host.Bearer(holder, etag);
        var by = host.Bearer(holder);
        var visit = trust.Visit;
        return rpc switch
        {
            "GetOffer" => await offers.GetOfferAsync(new() { AcademicYear = "2025-26" }, by),
            "ReplaceOffer" => await offers.ReplaceOfferAsync(new() { AcademicYear = "2025-26", Offer = ShippedOffer.AsSent() }, by),
            "SetCategory" => await categories.SetCategoryAsync(
                new() { SchoolUrn = visit.SchoolUrn, Category = V1.Category.Stabilise, From = "2026-01-05", Reason = "Mine." }, by),
            "ListSchoolCategories" => await categories.ListSchoolCategoriesAsync(new() { SchoolUrn = visit.SchoolUrn }, by),
            "ListCurrentCategories" => await categories.ListCurrentCategoriesAsync(new(), by),
            "ListAvailability" => await availability.ListAvailabilityAsync(new(), by),
            "GetAvailability" => await availability.GetAvailabilityAsync(new() { PersonId = trust.HeadId }, by),
            "ReplaceAvailability" => await availability.ReplaceAvailabilityAsync(
                new() { PersonId = trust.HeadId, Availability = new() { Weekdays = { Weekday.Monday }, DaysPerWeek = 1, DaysPerYear = 1 } }, by),
            "ListLeave" => await availability.ListLeaveAsync(new() { PersonId = trust.HeadId }, by),
            "AddLeave" => await availability.AddLeaveAsync(new() { PersonId = trust.HeadId, From = "2026-07-01", To = "2026-07-02" }, by),
            "RemoveLeave" => await availability.RemoveLeaveAsync(new() { PersonId = trust.HeadId, LeaveId = trust.Leave.LeaveId }, by),
            "CreatePlan" => await plans.CreatePlanAsync(new() { AcademicYear = "2025-26" }, by),
            "GetPlan" => await plans.GetPlanAsync(new() { PlanId = trust.Published.PlanId }, by),
            "ListPlans" => await plans.ListPlansAsync(new(), by),
            "ListPlannedVisits" => await plans.ListPlannedVisitsAsync(new() { PlanId = trust.Published.PlanId }, by),
            "PublishPlan" => await plans.PublishPlanAsync(new() { PlanId = trust.Draft.PlanId }, If(trust.Draft.Etag)),
            "ListVisits" => await visits.ListVisitsAsync(new(), by),
            "GetVisit" => await visits.GetVisitAsync(new() { VisitId = visit.VisitId }, by),
            "UpdateVisit" => await visits.UpdateVisitAsync(new() { VisitId = visit.VisitId, On = "2026-06-10" }, If(visit.Etag)),
            "ConfirmVisit" => await visits.ConfirmVisitAsync(new() { VisitId = visit.VisitId }, If(visit.Etag)),
            "HoldVisit" => await visits.HoldVisitAsync(new() { VisitId = visit.VisitId }, If(visit.Etag)),
            "CancelVisit" => await visits.CancelVisitAsync(new() { VisitId = visit.VisitId, Reason = "Mine." }, If(visit.Etag)),
            "RecordFinding" => await visits.RecordFindingAsync(trust.Finding(), by),
            "ListFindings" => await visits.ListFindingsAsync(new() { VisitId = visit.VisitId }, by),
            "AgreeAction" => await visits.AgreeActionAsync(trust.NewAction(), by),
            "ListAgreedActions" => await visits.ListAgreedActionsAsync(new(), by),
            "UpdateAgreedAction" => await visits.UpdateAgreedActionAsync(new() { ActionId = trust.Action.ActionId, Text = "Mine." }, If(trust.Action.Etag)),
            "CompleteAgreedAction" => await visits.CompleteAgreedActionAsync(new() { ActionId = trust.Action.ActionId }, If(trust.Action.Etag)),
            "ListMeetingSeries" => await meetings.ListMeetingSeriesAsync(new(), by),
            "ListMeetings" => await meetings.ListMeetingsAsync(new() { SeriesId = trust.Meeting.SeriesId }, by),
            "HoldMeeting" => await meetings.HoldMeetingAsync(new() { MeetingId = trust.Meeting.MeetingId }, If(trust.Meeting.Etag)),
            "CancelMeeting" => await meetings.CancelMeetingAsync(new() { MeetingId = trust.Meeting.MeetingId, Reason = "Mine." }, If(trust.Meeting.Etag)),
            _ => throw new NotSupportedException($"Say how {rpc} is called."),
        };
    }

    /// <summary>All that a refused caller is told.</summary>
    private static async Task<(StatusCode Code, string? Reason, string Detail, string Bytes)> RefusedAsync<T>(AsyncUnaryCall<T> call)
    {
        var e = await Assert.ThrowsAsync<RpcException>(async () => await call);
        return (e.StatusCode, Refused.ReasonOf(e), e.Status.Detail, Convert.ToHexString(e.Trailers.GetValueBytes("grpc-status-details-bin") ?? []));
    }

    /// <summary>The demo trust with a published plan, a draft, and one of everything at one school; and people whose grants are narrow.</summary>
    public sealed class Trust : IAsyncLifetime
    {
        public const string OfAYear = "reach.year";
        public const string OfAClass = "reach.class";
        public const string OfASubject = "reach.subject";
        public const string OfASchool = "reach.school";
        public const string Elsewhere = "reach.elsewhere";
        public const string OfTheBoard = "reach.board";

        public ReviewsHost Host { get; } = new();

        public OfferService.OfferServiceClient Offers { get; private set; } = null!;

        public CategoryService.CategoryServiceClient Categories { get; private set; } = null!;

        public AvailabilityService.AvailabilityServiceClient Availability { get; private set; } = null!;

        public PlanService.PlanServiceClient Plans { get; private set; } = null!;

        public VisitService.VisitServiceClient Visits { get; private set; } = null!;

        public MeetingService.MeetingServiceClient Meetings { get; private set; } = null!;

        public Plan Published { get; private set; } = null!;

        public Plan Draft { get; private set; } = null!;

        public Visit Visit { get; private set; } = null!;

        public AgreedAction Action { get; private set; } = null!;

        public Meeting Meeting { get; private set; } = null!;

        public Leave Leave { get; private set; } = null!;

        /// <summary>A person of the visit's school.</summary>
        public string HeadId { get; private set; } = null!;

        public RecordFindingRequest Finding() => new()
        {
            VisitId = Visit.VisitId,
            FocusArea = FocusArea.ReadingAndPhonics,
            Kind = FindingKind.Strength,
            Text = "Phonics is taught daily with fidelity.",
        };

        public AgreeActionRequest NewAction() => new()
        {
            VisitId = Visit.VisitId,
            Text = "Share the phonics plan.",
            OwnerPersonId = DemoTrust.DeputyId.ToString(),
            DueOn = "2026-03-01",
        };

        public async ValueTask InitializeAsync()
        {
            await Host.InitializeAsync();
            await DemoTrust.TellAsync(Host);
            await DemoTrust.CategoriseAsync(Host);
            (Offers, Categories, Availability) = (new(Host.Channel), new(Host.Channel), new(Host.Channel));
            (Plans, Visits, Meetings) = (new(Host.Channel), new(Host.Channel), new(Host.Channel));
            Published = await DemoTrust.PublishAsync(Host);
            Host.Now = new(2026, 1, 14, 9, 0, 0, TimeSpan.Zero);
            await FillAsync();
            await GrantAsync();
        }

        public ValueTask DisposeAsync() => Host.DisposeAsync();

        private async Task FillAsync()
        {
            Visit = (await Visits.ListVisitsAsync(new() { PageSize = 500 }, Host.Deputy)).Visits
                .First(v => v is { HasOn: true, State: V1.VisitState.Planned } && string.CompareOrdinal(v.On, "2026-01-13") < 0);
            HeadId = DemoTrust.Input.People.First(p => p.SchoolUrn == Visit.SchoolUrn).Id.ToString();
            await Visits.RecordFindingAsync(Finding(), Host.Deputy);
            Action = (await Visits.AgreeActionAsync(NewAction(), Host.Deputy)).Action;
            var series = (await Meetings.ListMeetingSeriesAsync(new() { SchoolUrn = Visit.SchoolUrn }, Host.Deputy)).Series[0];
            Meeting = (await Meetings.ListMeetingsAsync(new() { SeriesId = series.SeriesId }, Host.Deputy)).Meetings[0];
            Leave = (await Availability.AddLeaveAsync(new() { PersonId = HeadId, From = "2026-07-08", To = "2026-07-08" }, Host.Deputy)).Leave;
            Draft = (await Plans.CreatePlanAsync(new() { AcademicYear = DemoTrust.Year }, Host.Deputy)).Plan;
        }

        private async Task GrantAsync()
        {
            foreach (int? school in new int?[] { Visit.SchoolUrn, null })
            {
                await Host.GrantAsync(OfAYear, Role.DeputyCeo, school, yearGroups: ["4"]);
                await Host.GrantAsync(OfAClass, Role.DeputyCeo, school, classIds: [Guid.CreateVersion7()]);
                await Host.GrantAsync(OfASubject, Role.DeputyCeo, school, subjects: ["reading"]);
            }

            await Host.GrantAsync(OfASchool, Role.DeputyCeo, Visit.SchoolUrn);
            await Host.GrantAsync(Elsewhere, Role.DeputyCeo, 999_999);
            await Host.GrantAsync(OfTheBoard, Role.Board, null);
        }
    }
}
