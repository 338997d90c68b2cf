using GoldenThread.ServiceDefaults;
using Google.Protobuf.WellKnownTypes;

namespace GoldenThread.Reviews.Offers;

/// <summary>Offers as the contract has them, and back.</summary>
internal static class OfferMapping
{
    public static V1.Offer ToProto(this Offer offer)
    {
        var answer = new V1.Offer
        {
            AcademicYear = offer.AcademicYear,
            Version = offer.Version,
            Etag = Etag.Of(offer.Version),
            Planning = offer.Planning.ToProto(),
            Source = offer.Source,
            WrittenAt = Timestamp.FromDateTimeOffset(offer.WrittenAt),
        };
        answer.Rows.AddRange(offer.Rows.Select(ToProto));
        answer.Categories.AddRange(offer.Categories.Select(ToProto));
        return answer;
    }

    /// <summary>What was sent; whether it can stand is for <see cref="OfferRules"/> to say.</summary>
    public static Offer FromProto(this V1.Offer offer, string academicYear) => new()
    {
        AcademicYear = academicYear,
        Source = Fields.OptionalText(offer.Source, "offer.source", 1000),
        Rows = offer.Rows.Select(FromProto).ToList(),
        Categories = offer.Categories.Select(FromProto).ToList(),
        Planning = FromProto(offer.Planning ?? new V1.PlanningRules()),
    };

    private static V1.OfferRow ToProto(OfferRow row)
    {
        var answer = new V1.OfferRow
        {
            Code = row.Code,
            Title = row.Title,
            Kind = (V1.EntitlementKind)row.Kind,
            HalfDays = row.HalfDays,
            ImprovementDay = row.ImprovementDay,
            ProRata = row.ProRata,
            FirstWeek = row.FirstWeek,
            LastWeek = row.LastWeek,
            ToleranceWeeks = row.ToleranceWeeks,
            WeekWeight = row.WeekWeight,
            UnplacedCost = row.UnplacedCost,
        };
        answer.Cells.AddRange(row.Cells.Select(ToProto));
        return answer;
    }

    private static OfferRow FromProto(V1.OfferRow row) => new()
    {
        Code = row.Code,
        Title = row.Title,
        Kind = (EntitlementKind)row.Kind,
        HalfDays = row.HalfDays,
        ImprovementDay = row.ImprovementDay,
        ProRata = row.ProRata,
        FirstWeek = row.FirstWeek == 0 ? 1 : row.FirstWeek,
        LastWeek = row.LastWeek,
        ToleranceWeeks = row.ToleranceWeeks,
        WeekWeight = row.WeekWeight,
        UnplacedCost = row.UnplacedCost,
        Cells = row.Cells.Select(FromProto).ToList(),
    };

    private static V1.OfferCell ToProto(OfferCell cell)
    {
        var answer = new V1.OfferCell
        {
            Category = (V1.Category)cell.Category,
            Count = cell.Count,
            Cadence = (V1.MeetingCadence)cell.Cadence,
            Words = cell.Words,
        };
        answer.Team.AddRange(cell.Team.Select(slot => new V1.TeamSlot { Duties = { slot.Duties } }));
        return answer;
    }

    private static OfferCell FromProto(V1.OfferCell cell) => new()
    {
        Category = (Category)cell.Category,
        Count = cell.Count,
        Cadence = (Cadence)cell.Cadence,
        Words = cell.Words,
        Team = cell.Team.Select(slot => new TeamSlot { Duties = slot.Duties.ToList() }).ToList(),
    };

    private static V1.CategoryTerms ToProto(CategoryTerms terms)
    {
        var answer = new V1.CategoryTerms { Category = (V1.Category)terms.Category, TypicalEvidence = terms.TypicalEvidence };
        if (terms is { DueMonths: { } due, OverdueMonths: { } overdue })
        {
            answer.DueMonths = due;
            answer.OverdueMonths = overdue;
        }

        return answer;
    }

    private static CategoryTerms FromProto(V1.CategoryTerms terms) => new()
    {
        Category = (Category)terms.Category,
        TypicalEvidence = terms.TypicalEvidence,
        DueMonths = terms.HasDueMonths ? terms.DueMonths : null,
        OverdueMonths = terms.HasOverdueMonths ? terms.OverdueMonths : null,
    };

    private static V1.PlanningRules ToProto(this PlanningRules rules) => new()
    {
        LeastImprovementDays = rules.LeastImprovementDays,
        ReviewWithinWeeks = rules.ReviewWithinWeeks,
        ReviewCode = rules.ReviewCode,
        VisitsPerSchoolWeek = rules.VisitsPerSchoolWeek,
        MeetingsPerHalfDay = rules.MeetingsPerHalfDay,
        SchoolStaffDaysPerWeek = rules.SchoolStaffDaysPerWeek,
        SchoolStaffDaysPerYear = rules.SchoolStaffDaysPerYear,
        CentralDaysPerWeek = rules.CentralDaysPerWeek,
        CentralDaysPerYear = rules.CentralDaysPerYear,
        TripCost = rules.TripCost,
        SecondVisitCost = rules.SecondVisitCost,
        PartnerChangeCost = rules.PartnerChangeCost,
    };

    private static PlanningRules FromProto(V1.PlanningRules rules) => new()
    {
        LeastImprovementDays = rules.LeastImprovementDays,
        ReviewWithinWeeks = rules.ReviewWithinWeeks,
        ReviewCode = rules.ReviewCode,
        VisitsPerSchoolWeek = rules.VisitsPerSchoolWeek,
        MeetingsPerHalfDay = rules.MeetingsPerHalfDay,
        SchoolStaffDaysPerWeek = rules.SchoolStaffDaysPerWeek,
        SchoolStaffDaysPerYear = rules.SchoolStaffDaysPerYear,
        CentralDaysPerWeek = rules.CentralDaysPerWeek,
        CentralDaysPerYear = rules.CentralDaysPerYear,
        TripCost = rules.TripCost,
        SecondVisitCost = rules.SecondVisitCost,
        PartnerChangeCost = rules.PartnerChangeCost,
    };
}
