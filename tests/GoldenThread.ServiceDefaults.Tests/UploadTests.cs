using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using GoldenThread.TestSupport;
using GoldenThread.Tracking.V1;
using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;

namespace GoldenThread.ServiceDefaults.Tests;

/// <summary>Senders that stop in the middle of a file keep nobody but other uploads waiting, and these not for long.</summary>
public sealed class UploadTests
{
    // More than there are connections to the database.
    private const int Senders = 24;
    private const int TakenAtOnce = 4;
    private const int Urn = 300_061;
    private const string Header = "URN,Forename,Surname,DOB,Sex,Year group\n";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task StalledUploads_LeaveOthersTheService_AndTheNextIsToldToComeAgain()
    {
        await using var specimen = await Specimen.StartedAsync("--Service:UploadPatience=00:10:00");
        await using var gateway = await GatewayAsync(specimen);
        await specimen.PutSchoolAsync(Urn);
        var pupil = await specimen.AddPupilAsync(Urn);
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

        using (var refused = await PostAsync(specimen, gateway, Row("Ida")))
        {
            Assert.Equal((503, "application/problem+json"), ((int)refused.StatusCode, refused.Content.Headers.ContentType?.MediaType));
            Assert.Equal(TimeSpan.FromSeconds(10), refused.Headers.RetryAfter?.Delta);
            Assert.Equal("UPLOADS_FULL", (string?)JsonNode.Parse(await refused.Content.ReadAsStringAsync(Ct))!["code"]);
        }

        stalled.First(call => !call.ResponseAsync.IsCompleted).Dispose();
        Assert.Equal(1, await Eventually.Async(() => AddedAsync(specimen, "Kofi")));
        stalled.ForEach(call => call.Dispose());
    }

    [Fact]
    public async Task StalledUploads_AreGivenUp_AndTheirPlacesGoToOthers()
    {
        await using var specimen = await Specimen.StartedAsync("--Service:UploadPatience=00:00:02");
        await using var gateway = await GatewayAsync(specimen);
        await specimen.PutSchoolAsync(Urn);

        var native = await Task.WhenAll(Enumerable.Range(0, TakenAtOnce).Select(_ => SendAsync(specimen, Header + Line("Lost"))));
        foreach (var call in native)
        {
            var refused = await Refusals.RefusedAsync(StatusCode.Aborted, "UPLOAD_STALLED", () => call.ResponseAsync.WaitAsync(Eventually.Patience, Ct));
            Assert.Equal("Less than 4,096 bytes of the file came within 2 seconds, so it was given up and nothing of it was done. Send the whole file again.", refused.Status.Detail);
            call.Dispose();
        }

        Assert.Equal(1, await AddedAsync(specimen, "Kofi"));

        var sockets = await Task.WhenAll(Enumerable.Range(0, TakenAtOnce).Select(_ => HalfSentAsync(specimen, gateway, Header + Line("Lost"), 4_000_000)));
        foreach (var socket in sockets)
        {
            var (head, problem) = await AnswerAsync(socket);
            Assert.StartsWith("HTTP/1.1 408 ", head[0], StringComparison.Ordinal);
            Assert.Contains("Connection: close", head);
            Assert.Equal(("UPLOAD_STALLED", 408), ((string?)problem["code"], (int?)problem["status"]));
            socket.Dispose();
        }

        using var next = await PostAsync(specimen, gateway, Row("Ida"));
        Assert.Equal(200, (int)next.StatusCode);
        Assert.Equal(0, await specimen.ScalarAsync<long>("select count(*) from pupil where forename = 'Lost'"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    public async Task TrickledUpload_HoldsItsPlaceNoLongerThanAStalledOne(string piece)
    {
        await using var specimen = await Specimen.StartedAsync("--Service:UploadPatience=00:00:03");
        await specimen.PutSchoolAsync(Urn);
        using var done = CancellationTokenSource.CreateLinkedTokenSource(Ct);

        using var call = await SendAsync(specimen, Header + Line("Lost"));
        var trickle = TrickleAsync(call, piece, done.Token);

        await Refusals.RefusedAsync(StatusCode.Aborted, "UPLOAD_STALLED", () => call.ResponseAsync.WaitAsync(TimeSpan.FromSeconds(15), Ct));
        await done.CancelAsync();
        await trickle;
        Assert.Equal(0, await specimen.ScalarAsync<long>("select count(*) from pupil where forename = 'Lost'"));
    }

    [Fact]
    public async Task SlowUpload_ThatGoesOn_IsWaitedFor()
    {
        const int PieceLength = 10_000;
        const int Pieces = 14;
        await using var specimen = await Specimen.StartedAsync("--Service:UploadPatience=00:00:03");
        await using var gateway = await GatewayAsync(specimen);
        await specimen.PutSchoolAsync(Urn);
        // A school's slow line, 20 kB each second, for longer than the service waits for the least that must come. Blank lines are passed over.
        var file = Encoding.UTF8.GetBytes(Row("Ida").PadRight(PieceLength * Pieces, '\n'));
        var clock = Stopwatch.StartNew();

        using var socket = await HalfSentAsync(specimen, gateway, "", file.Length);
        foreach (var piece in file.Chunk(PieceLength))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(500), Ct);
            await socket.GetStream().WriteAsync(piece, Ct);
        }

        var (head, answer) = await AnswerAsync(socket);
        Assert.StartsWith("HTTP/1.1 200 ", head[0], StringComparison.Ordinal);
        Assert.Equal(1, (int?)answer["pupilsAdded"]);
        Assert.True(clock.Elapsed > TimeSpan.FromSeconds(6), $"it was no slow upload: {clock.Elapsed}");
    }

    // A little now and then, until it is refused or enough.
    private static async Task TrickleAsync(AsyncClientStreamingCall<ImportRosterRequest, ImportRosterResponse> call, string piece, CancellationToken ct)
    {
        var message = new ImportRosterRequest();
        if (piece.Length > 0)
        {
            message.File = new() { Data = ByteString.CopyFromUtf8(piece) };
        }

        try
        {
            while (true)
            {
                await call.RequestStream.WriteAsync(message, ct);
                await Task.Delay(TimeSpan.FromMilliseconds(250), ct);
            }
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException or InvalidOperationException)
        {
            // The call is over.
        }
    }

    private static string Line(string forename) => $"{Urn},{forename},Wren,2018-02-03,M,2\n";

    private static string Row(string forename) => Header + Line(forename);

    private static Task<GatewayProcess> GatewayAsync(Specimen specimen) =>
        GatewayProcess.StartAsync(typeof(Gateway.Program).Assembly.Location, "Tracking", specimen.Address, specimen.Issuer);

    private static async Task<int> AddedAsync(Specimen specimen, string forename)
    {
        using var whole = await SendAsync(specimen, Row(forename));
        await whole.RequestStream.CompleteAsync();
        return (await whole.ResponseAsync).PupilsAdded;
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

    private static async Task<HttpResponseMessage> PostAsync(Specimen specimen, GatewayProcess gateway, string file)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/roster:import") { Content = new StringContent(file, Encoding.UTF8, "text/csv") };
        request.Headers.TryAddWithoutValidation("Authorization", specimen.Lead.GetValue("authorization"));
        return await gateway.Http.SendAsync(request, Ct);
    }

    // Says how long the file is, and sends the beginning of it.
    private static async Task<TcpClient> HalfSentAsync(Specimen specimen, GatewayProcess gateway, string piece, int length)
    {
        var socket = new TcpClient { NoDelay = true };
        await socket.ConnectAsync(gateway.Rest.Host, gateway.Rest.Port, Ct);
        string[] head =
        [
            "POST /v1/roster:import HTTP/1.1", "Host: gateway", "Content-Type: text/csv",
            string.Create(CultureInfo.InvariantCulture, $"Content-Length: {length}"), $"Authorization: {specimen.Lead.GetValue("authorization")}",
        ];
        await socket.GetStream().WriteAsync(Encoding.UTF8.GetBytes($"{string.Join("\r\n", head)}\r\n\r\n{piece}"), Ct);
        return socket;
    }

    private static async Task<(List<string> Head, JsonNode Body)> AnswerAsync(TcpClient socket)
    {
        const string Length = "Content-Length: ";
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        limit.CancelAfter(Eventually.Patience);
        var reader = new StreamReader(socket.GetStream(), Encoding.UTF8);
        var head = new List<string>();
        while (await reader.ReadLineAsync(limit.Token) is { Length: > 0 } line)
        {
            head.Add(line);
        }

        var body = new char[int.Parse(head.Single(line => line.StartsWith(Length, StringComparison.Ordinal))[Length.Length..], CultureInfo.InvariantCulture)];
        await reader.ReadBlockAsync(body, limit.Token);
        return (head, JsonNode.Parse(new string(body))!);
    }
}
