using GoldenThread.Reviews.Offers;
using GoldenThread.ServiceDefaults;

namespace GoldenThread.Reviews.People;

/// <summary>Availability and leave as the contract has them, and back.</summary>
internal static class AvailabilityMapping
{
    public static Presence PresenceBy(this PersonAvailability person, PlanningRules? rules) =>
        person is { Weekdays: { } weekdays, DaysPerWeek: { } week, DaysPerYear: { } year, HalfDays: { } halfDays }
            ? new(weekdays, week, year, halfDays)
            : AvailabilityRules.Default(rules, person.SchoolUrn is not null);

    public static V1.Availability ToProto(this PersonAvailability person, PlanningRules? rules)
    {
        var presence = person.PresenceBy(rules);
        var answer = new V1.Availability
        {
            PersonId = person.PersonId.ToString(),
            Etag = Etag.Of(person.Version ?? 0),
            DaysPerWeek = presence.DaysPerWeek,
            DaysPerYear = presence.DaysPerYear,
            HalfDays = presence.HalfDays,
            ByDefault = person.Version is null,
        };
        answer.Weekdays.AddRange(presence.Weekdays.Select(d => (V1.Weekday)d));
        answer.Duties.AddRange(person.Duties);
        return answer;
    }

    public static Presence FromProto(this V1.Availability availability)
    {
        var weekdays = availability.Weekdays.Select(d => (short)d).Distinct().Order().ToList();
        if (weekdays.Count == 0 || weekdays.Any(d => d is < 1 or > 5))
        {
            throw Errors.AvailabilityInvalid("availability.weekdays", "Name at least one weekday, Monday to Friday.");
        }

        if (availability.DaysPerWeek is < 0 or > 5)
        {
            throw Errors.AvailabilityInvalid("availability.days_per_week", "Days a week are 0 to 5.");
        }

        return availability.DaysPerYear is < 0 or > 260
            ? throw Errors.AvailabilityInvalid("availability.days_per_year", "Days a year are 0 to 260.")
            : new(weekdays, availability.DaysPerWeek, availability.DaysPerYear, availability.HalfDays);
    }

    public static V1.Leave ToProto(this LeaveEntry leave) => new()
    {
        LeaveId = leave.LeaveId.ToString(),
        PersonId = leave.PersonId.ToString(),
        From = leave.FromOn.Iso(),
        To = leave.ToOn.Iso(),
    };
}
