using GoldenThread.Reviews.Offers;
using GoldenThread.Reviews.Plans.Planning;
using GoldenThread.Reviews.V1;
using GoldenThread.TestSupport;
using GoldenThread.Tracking.Events.V1;

namespace GoldenThread.Reviews.Tests;

/// <summary>Ten schools in all four categories, told to the service as tracking would, the offer and categories through its own door.</summary>
internal static class DemoTrust
{
    public const string Year = GeneratedTrust.Year;
    public const int Schools = 10;

    public static PlanInput Input { get; } = GeneratedTrust.Make(Schools, 42, moving: false) with { People = PlannerTests.Staffed(Schools) };

    public static Guid DeputyId => Input.People.First(p => p.Duties.Contains("deputy-ceo")).Id;

    public static async Task TellAsync(ReviewsHost host)
    {
        foreach (var school in Input.Schools)
        {
            await host.TellAsync(SchoolOf(school, 1));
            await host.TellAsync(CalendarOf(school, 1));
        }

        foreach (var person in Input.People)
        {
            await host.TellAsync(person.Id == DeputyId ? host.DeputyPerson(person.Id) : PersonOf(person, 1));
        }

        await Eventually.Async(async () =>
            await host.CountAsync("select count(*) from school") == Schools
            && await host.CountAsync("select count(*) from calendar") == Schools
            && await host.CountAsync("select count(*) from person") == Input.People.Count, "the copies of tracking are filled");
    }

    public static async Task CategoriseAsync(ReviewsHost host)
    {
        var offers = new OfferService.OfferServiceClient(host.Channel);
        await offers.ReplaceOfferAsync(new() { AcademicYear = "2025-26", Offer = ShippedOffer.AsSent() }, host.Deputy);
        var categories = new CategoryService.CategoryServiceClient(host.Channel);
        foreach (var school in Input.Schools)
        {
            await categories.SetCategoryAsync(new()
            {
                SchoolUrn = school.Urn,
                Category = (V1.Category)school.Category!.Value,
                From = "2025-07-01",
                Reason = "Agreed at the annual review.",
            }, host.Deputy);
        }

        var availability = new AvailabilityService.AvailabilityServiceClient(host.Channel);
        foreach (var person in Input.People)
        {
            await availability.ReplaceAvailabilityAsync(new() { PersonId = person.Id.ToString(), Availability = AvailabilityOf(person) }, host.Deputy);
        }
    }

    public static async Task<V1.Plan> PublishAsync(ReviewsHost host)
    {
        var plans = new PlanService.PlanServiceClient(host.Channel);
        var draft = (await plans.CreatePlanAsync(new() { AcademicYear = Year }, host.Deputy)).Plan;
        return (await plans.PublishPlanAsync(new() { PlanId = draft.PlanId }, host.DeputyIf(draft.Etag))).Plan;
    }

    public static SchoolChanged SchoolOf(PlanSchool school, long version) => new()
    {
        SchoolUrn = school.Urn,
        Version = version,
        Name = $"School {school.Urn}",
        Phase = "primary",
        Locality = school.Locality,
        Memberships = school.Memberships.Select(m => new DatedRange { From = m.From, To = m.To }).ToList(),
        PredecessorUrns = [],
    };

    public static CalendarChanged CalendarOf(PlanSchool school, long version) => new()
    {
        SchoolUrn = school.Urn,
        AcademicYear = Year,
        Version = version,
        Terms = school.Terms.Select((t, index) => new CalendarTerm { Name = $"Term {index + 1}", From = t.From, To = t.To!.Value }).ToList(),
        Closures = school.Closures.Select(c => new CalendarClosure { On = c, Kind = "closure" }).ToList(),
    };

    public static PersonChanged PersonOf(PlanPerson person, long version) => new()
    {
        PersonId = person.Id,
        Version = version,
        Duties = person.Duties,
        SchoolUrn = person.SchoolUrn,
        LeftOn = person.LeftOn,
    };

    private static Availability AvailabilityOf(PlanPerson person)
    {
        var availability = new Availability
        {
            DaysPerWeek = person.DaysPerWeek,
            DaysPerYear = person.DaysPerYear,
            HalfDays = person.HalfDays,
        };
        availability.Weekdays.AddRange(person.Weekdays.Select(d => (Weekday)d));
        return availability;
    }
}
