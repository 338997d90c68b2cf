using System.Text;
using GoldenThread.Tracking.Internal.V1;
using GoldenThread.Tracking.V1;
using Google.Protobuf;
using Grpc.Core;

namespace GoldenThread.Tracking.Tests;

/// <summary>A caller with a token, at the door of the service.</summary>
public sealed class TestCaller(ChannelBase channel, string token)
{
    public required string Subject { get; init; }

    public Metadata Headers { get; } = new() { { "authorization", $"Bearer {token}" } };

    public SchoolService.SchoolServiceClient Schools { get; } = new(channel);

    public CalendarService.CalendarServiceClient Calendars { get; } = new(channel);

    public PersonService.PersonServiceClient People { get; } = new(channel);

    public GrantService.GrantServiceClient Grants { get; } = new(channel);

    public ClassService.ClassServiceClient Classes { get; } = new(channel);

    public PupilService.PupilServiceClient Pupils { get; } = new(channel);

    public RosterService.RosterServiceClient Rosters { get; } = new(channel);

    public GroupService.GroupServiceClient Groups { get; } = new(channel);

    public ProgressService.ProgressServiceClient Progress { get; } = new(channel);

    public GapService.GapServiceClient Gaps { get; } = new(channel);

    public ThreadService.ThreadServiceClient Threads { get; } = new(channel);

    public PupilFeedService.PupilFeedServiceClient Feed { get; } = new(channel);

    public ChangeFeedService.ChangeFeedServiceClient Changes { get; } = new(channel);

    /// <summary>The headers with one more.</summary>
    public Metadata With(string name, string value)
    {
        var headers = new Metadata { { name, value } };
        foreach (var header in Headers)
        {
            headers.Add(header);
        }

        return headers;
    }

    /// <summary>The headers with the version that is to be changed.</summary>
    public Metadata IfMatch(string etag) => With("if-match", etag);

    /// <summary>Imports a roster in pieces.</summary>
    public Task<ImportRosterResponse> ImportAsync(string csv, bool dryRun = false, string from = "2025-09-01", Metadata? headers = null) =>
        ImportAsync(Encoding.UTF8.GetBytes(csv), dryRun, from, headers);

    /// <summary>Imports a roster in pieces that cut wherever they fall.</summary>
    public async Task<ImportRosterResponse> ImportAsync(
        byte[] csv, bool dryRun = false, string from = "2025-09-01", Metadata? headers = null, int piece = 7919)
    {
        using var call = Rosters.ImportRoster(headers ?? Headers);
        var message = new ImportRosterRequest { DryRun = dryRun, From = from };
        try
        {
            foreach (var chunk in csv.Chunk(piece).DefaultIfEmpty([]))
            {
                message.File = new() { ContentType = "text/csv", Data = ByteString.CopyFrom(chunk) };
                await call.RequestStream.WriteAsync(message);
                message = new ImportRosterRequest();
            }

            await call.RequestStream.CompleteAsync();
        }
        catch (RpcException)
        {
            // The answer came before the end of the file: the call itself says why.
        }

        return await call;
    }

    /// <summary>The one pupil of a school with this surname on a day.</summary>
    public async Task<Pupil> PupilAsync(int schoolUrn, string surname, string on = "2025-10-01") =>
        Assert.Single((await ListAsync(schoolUrn, on)), p => p.Surname == surname);

    /// <summary>The pupils of a school on a day.</summary>
    public async Task<List<Pupil>> ListAsync(int schoolUrn, string on = "2025-10-01", string group = "")
    {
        var pupils = new List<Pupil>();
        var request = new ListPupilsRequest { SchoolUrn = schoolUrn, On = on, Group = group, PageSize = 500 };
        do
        {
            var page = await Pupils.ListPupilsAsync(request, Headers);
            pupils.AddRange(page.Pupils);
            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);
        return pupils;
    }
}
