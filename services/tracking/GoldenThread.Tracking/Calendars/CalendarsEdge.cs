using System.Globalization;
using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Schools;
using GoldenThread.Tracking.V1;
using Grpc.Core;

namespace GoldenThread.Tracking.Calendars;

/// <summary>Terms, INSET days and closures, as callers see them.</summary>
internal sealed class CalendarsEdge(CalendarStore store, SchoolStore schools, Works works) : CalendarService.CalendarServiceBase
{
    // Above every year that is written "2025/26".
    private const string AfterAllYears = "9999";

    public override async Task<PutCalendarResponse> PutCalendar(PutCalendarRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        var year = TrackingFields.AcademicYear(request.AcademicYear, "academic_year");
        await using var work = await works.BeginAsync(context);
        if (!await SchoolStore.IsReachedAsync(work, context.Authority(), request.SchoolUrn, wholeSchool: true, ct))
        {
            throw Errors.SchoolNotFound();
        }

        var wanted = Calendar.From(request.SchoolUrn, year, request.Calendar);
        var known = await CalendarStore.LockAsync(work, wanted.SchoolUrn, wanted.AcademicYear, ct);
        context.DemandIfMatchWhereSent(known?.Version);
        if (known is not null && known.SaysTheSameAs(wanted))
        {
            return await work.CommitAsync(new PutCalendarResponse { Calendar = known.ToProto() });
        }

        var stored = await CalendarStore.PutAsync(work, wanted, ct);
        work.Publish(stored.ToEvent());
        work.Audit("calendar", string.Create(CultureInfo.InvariantCulture, $"{stored.SchoolUrn} {stored.AcademicYear}"), stored.SchoolUrn);
        return await work.CommitAsync(new PutCalendarResponse { Calendar = stored.ToProto() });
    }

    public override async Task<GetCalendarResponse> GetCalendar(GetCalendarRequest request, ServerCallContext context)
    {
        var year = TrackingFields.AcademicYear(request.AcademicYear, "academic_year");
        var calendar = await store.GetAsync(context.Authority(), request.SchoolUrn, year.ToString(), context.CancellationToken)
            ?? throw Errors.CalendarNotFound();
        return new GetCalendarResponse { Calendar = calendar.ToProto() };
    }

    public override async Task<ListCalendarsResponse> ListCalendars(ListCalendarsRequest request, ServerCallContext context)
    {
        var list = string.Create(CultureInfo.InvariantCulture, $"calendars {request.SchoolUrn}");
        var size = Paging.Size(request.PageSize, 20, 100);
        var before = Paging.Keyset(request.PageToken, list, 1)?[0] ?? AfterAllYears;
        if (!await schools.IsReachedAsync(context.Authority(), request.SchoolUrn, context.CancellationToken))
        {
            throw Errors.SchoolNotFound();
        }

        var rows = await store.ListAsync(request.SchoolUrn, before, size + 1, context.CancellationToken);
        var response = new ListCalendarsResponse { NextPageToken = rows.Count > size ? Paging.Token(list, rows[size - 1].AcademicYear) : "" };
        response.Calendars.AddRange(rows.Take(size).Select(c => c.ToProto()));
        return response;
    }
}
