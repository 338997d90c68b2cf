using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Events.V1;
using GoldenThread.Tracking.Internal.V1;

namespace GoldenThread.Tracking.Calendars;

/// <summary>Calendars as contracts and events show them.</summary>
internal static class CalendarProto
{
    public static V1.Calendar ToProto(this Calendar calendar)
    {
        var message = new V1.Calendar
        {
            SchoolUrn = calendar.SchoolUrn,
            AcademicYear = calendar.AcademicYear,
            Etag = Etag.Of(calendar.Version),
        };
        message.Terms.AddRange(calendar.Terms.Select(t => new V1.Term { Name = t.Name, From = t.From.Text(), To = t.To.Text() }));
        message.Closures.AddRange(calendar.Closures.Select(ToProto));
        return message;
    }

    public static CalendarChanged ToEvent(this Calendar calendar) => new()
    {
        SchoolUrn = calendar.SchoolUrn,
        AcademicYear = calendar.AcademicYear,
        Version = calendar.Version,
        Terms = calendar.Terms,
        Closures = calendar.Closures.Select(c => new CalendarClosure { On = c.On, Kind = c.Kind }).ToList(),
    };

    public static CalendarSnapshot ToSnapshot(this Calendar calendar)
    {
        var message = new CalendarSnapshot
        {
            SchoolUrn = calendar.SchoolUrn,
            AcademicYear = calendar.AcademicYear,
            Version = calendar.Version,
        };
        message.Terms.AddRange(calendar.Terms.Select(t => new TermSnapshot { Name = t.Name, From = t.From.Text(), To = t.To.Text() }));
        message.Closures.AddRange(calendar.Closures.Select(c => new ClosureSnapshot { On = c.On.Text(), Kind = c.Kind }));
        return message;
    }

    private static V1.Closure ToProto(Closure closure)
    {
        var message = new V1.Closure
        {
            On = closure.On.Text(),
            Kind = closure.Kind == "inset" ? V1.ClosureKind.Inset : V1.ClosureKind.Closure,
        };
        if (closure.Name is not null)
        {
            message.Name = closure.Name;
        }

        return message;
    }
}
