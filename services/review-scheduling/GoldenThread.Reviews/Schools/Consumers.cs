using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Events.V1;
using MassTransit;

namespace GoldenThread.Reviews.Schools;

/// <summary>Keeps the copy of schools.</summary>
internal sealed class SchoolChangedConsumer(Inbox inbox) : IConsumer<SchoolChanged>
{
    public Task Consume(ConsumeContext<SchoolChanged> context) => inbox.HandleOnceAsync(context, "school-changed", TrackingCopy.ApplyAsync);
}

/// <summary>Keeps the copy of calendars.</summary>
internal sealed class CalendarChangedConsumer(Inbox inbox) : IConsumer<CalendarChanged>
{
    public Task Consume(ConsumeContext<CalendarChanged> context) => inbox.HandleOnceAsync(context, "calendar-changed", TrackingCopy.ApplyAsync);
}

/// <summary>Keeps the copy of people.</summary>
internal sealed class PersonChangedConsumer(Inbox inbox) : IConsumer<PersonChanged>
{
    public Task Consume(ConsumeContext<PersonChanged> context) => inbox.HandleOnceAsync(context, "person-changed", TrackingCopy.ApplyAsync);
}
