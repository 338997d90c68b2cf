using GoldenThread.TestSupport;
using GoldenThread.Tracking.V1;
using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;

namespace GoldenThread.ServiceDefaults.Tests;

/// <summary>Senders that stop in the middle of a file keep nobody but other uploads waiting.</summary>
public sealed class UploadTests
{
    // More than there are connections to the database.
    private const int Senders = 24;
    private const int TakenAtOnce = 4;
    private const string Header = "URN,Forename,Surname,DOB,Sex,Year group\n";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task StalledUploads_LeaveOthersTheService_AndTheNextIsToldToComeAgain()
    {
        await using var specimen = await Specimen.StartedAsync();
        var urn = await specimen.PutSchoolAsync(300_061);
        var pupil = await specimen.AddPupilAsync(urn);
        var stalled = new List<AsyncClientStreamingCall<ImportRosterRequest, ImportRosterResponse>>();
        for (var sender = 0; sender < Senders; sender++)
        {
            stalled.Add(await SendAsync(specimen, Header));
        }

        await Eventually.Async(() => Task.FromResult(stalled.Count(call => call.ResponseAsync.IsCompleted) == Senders - TakenAtOnce), "the others are refused");
        await specimen.TrueAsync($"select count(*) = {TakenAtOnce} from pg_stat_activity where datname = current_database() and state = 'idle in transaction'");
        await specimen.ReadPupilAsync(pupil);
        await specimen.PutSchoolAsync(300_062);
        Assert.Equal("ready", await specimen.ReadyWordsAsync());
        foreach (var call in stalled.Where(call => call.ResponseAsync.IsCompleted))
        {
            var refused = await Refusals.RefusedAsync(StatusCode.Unavailable, "UPLOADS_FULL", () => call.ResponseAsync);
            Assert.Equal("As many files are on their way as are taken at once. Nothing of yours was read; send it again soon.", refused.Status.Detail);
            Assert.Equal(10, Refusals.Detail<RetryInfo>(refused)?.RetryDelay.Seconds);
        }

        stalled.First(call => !call.ResponseAsync.IsCompleted).Dispose();
        var added = await Eventually.Async(async () =>
        {
            using var whole = await SendAsync(specimen, $"{Header}{urn},Kofi,Wren,2018-02-03,M,2\n");
            await whole.RequestStream.CompleteAsync();
            return (await whole.ResponseAsync).PupilsAdded;
        });
        Assert.Equal(1, added);
        stalled.ForEach(call => call.Dispose());
    }

    private static async Task<AsyncClientStreamingCall<ImportRosterRequest, ImportRosterResponse>> SendAsync(Specimen specimen, string piece)
    {
        var call = specimen.Rosters.ImportRoster(specimen.Lead, cancellationToken: Ct);
        try
        {
            await call.RequestStream.WriteAsync(new() { File = new() { ContentType = "text/csv", Data = ByteString.CopyFromUtf8(piece) } }, Ct);
        }
        catch (RpcException)
        {
            // Refused before it was sent: its answer says why.
        }

        return call;
    }
}
