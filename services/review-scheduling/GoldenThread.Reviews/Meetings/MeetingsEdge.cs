using System.Globalization;
using GoldenThread.Education;
using GoldenThread.Reviews.V1;
using GoldenThread.ServiceDefaults;
using Grpc.Core;

namespace GoldenThread.Reviews.Meetings;

/// <summary>Meeting series and their meetings.</summary>
internal sealed class MeetingsEdge(MeetingStore store, Works works, TimeProvider clock) : MeetingService.MeetingServiceBase
{
    private const int LongestReason = 2000;

    public override async Task<ListMeetingSeriesResponse> ListMeetingSeries(ListMeetingSeriesRequest request, ServerCallContext context)
    {
        int? school = request.HasSchoolUrn ? request.SchoolUrn : null;
        var year = CallReading.YearFilter(request.AcademicYear);
        var list = $"meeting series {school} {year}";
        var size = Paging.Size(request.PageSize, 100, 500);
        var keyset = Paging.Keyset(request.PageToken, list, 3);
        var after = keyset is null ? (0, "", "") : (Paging.Part<int>(keyset[0]), keyset[1], keyset[2]);
        var series = await store.SeriesAsync(context.Authority(), school, year, clock.Today(), after, size + 1, context.CancellationToken);
        var answer = new ListMeetingSeriesResponse();
        answer.Series.AddRange(series.Take(size).Select(ToProto));
        if (series.Count > size)
        {
            var last = series[size - 1];
            answer.NextPageToken = Paging.Token(list, last.SchoolUrn.ToString(CultureInfo.InvariantCulture), last.AcademicYear, last.Entitlement);
        }

        return answer;
    }

    public override async Task<ListMeetingsResponse> ListMeetings(ListMeetingsRequest request, ServerCallContext context)
    {
        var seriesId = Fields.Id(request.SeriesId, "series_id");
        var list = $"meetings of {seriesId}";
        var size = Paging.Size(request.PageSize, 50, 100);
        var keyset = Paging.Keyset(request.PageToken, list, 1);
        var after = keyset is null ? 0 : Paging.Part<int>(keyset[0]);
        var meetings = await store.MeetingsAsync(context.Authority(), seriesId, after, size + 1, context.CancellationToken)
            ?? throw Errors.SeriesNotFound();
        var answer = new ListMeetingsResponse();
        answer.Meetings.AddRange(meetings.Take(size).Select(ToProto));
        if (meetings.Count > size)
        {
            answer.NextPageToken = Paging.Token(list, meetings[size - 1].Number.ToString(CultureInfo.InvariantCulture));
        }

        return answer;
    }

    public override async Task<HoldMeetingResponse> HoldMeeting(HoldMeetingRequest request, ServerCallContext context)
    {
        await using var work = await works.BeginAsync(context);
        var meeting = await CloseAsync(
            work, context, request.MeetingId, MeetingState.Held, null, clock.Today(), Errors.MeetingNotHoldable);
        return await work.CommitAsync(new HoldMeetingResponse { Meeting = ToProto(meeting) });
    }

    public override async Task<CancelMeetingResponse> CancelMeeting(CancelMeetingRequest request, ServerCallContext context)
    {
        var reason = Fields.Text(request.Reason, "reason", LongestReason);
        await using var work = await works.BeginAsync(context);
        var meeting = await CloseAsync(work, context, request.MeetingId, MeetingState.Cancelled, reason, null, Errors.MeetingClosed);
        return await work.CommitAsync(new CancelMeetingResponse { Meeting = ToProto(meeting) });
    }

    private async Task<MeetingRow> CloseAsync(
        Work work, ServerCallContext context, string meetingId, MeetingState to, string? reason, DateOnly? notAfter, Func<RpcException> refusal)
    {
        var ct = context.CancellationToken;
        var version = context.IfMatch();
        var id = Fields.Id(meetingId, "meeting_id");
        var closed = await store.CloseAsync(work, context.Authority(), id, version, to, reason, notAfter, ct);
        if (closed is null)
        {
            var meeting = await store.FindAsync(work, context.Authority(), id, ct) ?? throw Errors.MeetingNotFound();
            throw meeting.Version == version ? refusal() : Refusal.EtagMismatch();
        }

        work.Audit("meeting", meetingId, closed.SchoolUrn);
        return closed;
    }

    private static V1.MeetingSeries ToProto(SeriesRow series)
    {
        var answer = new V1.MeetingSeries
        {
            SeriesId = series.SeriesId.ToString(),
            SchoolUrn = series.SchoolUrn,
            AcademicYear = series.AcademicYear,
            Entitlement = series.Entitlement,
            Cadence = (MeetingCadence)series.Cadence,
            Owed = series.Owed,
            OwedToDate = series.OwedToDate,
            Held = series.Held,
            Cancelled = series.Cancelled,
        };
        if (series.PersonId is { } person)
        {
            answer.PersonId = person.ToString();
        }

        if (series.OwedKnownUntil is { } until)
        {
            answer.OwedKnownUntil = until.Iso();
        }

        return answer;
    }

    private static V1.Meeting ToProto(MeetingRow meeting)
    {
        var answer = new V1.Meeting
        {
            MeetingId = meeting.MeetingId.ToString(),
            Etag = Etag.Of(meeting.Version),
            SeriesId = meeting.SeriesId.ToString(),
            SchoolUrn = meeting.SchoolUrn,
            Number = meeting.Number,
            Week = meeting.Week.Iso(),
            State = (V1.MeetingState)meeting.State,
        };
        if (meeting.OnDay is { } day)
        {
            answer.On = day.Iso();
        }

        if (meeting.Reason is { } reason)
        {
            answer.Reason = reason;
        }

        return answer;
    }
}
