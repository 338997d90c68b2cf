using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using GoldenThread.Education;
using GoldenThread.Infrastructure;

namespace GoldenThread.EndToEnd.Tests;

/// <summary>Files that are partly wrong are taken but for their bad rows, each told; files that are too large are refused whole. Neither loses anything else.</summary>
public sealed class BadFileTests(BadFileTests.SmallRosters fixture) : IClassFixture<BadFileTests.SmallRosters>
{
    private const string Admin = House.Administrator;
    private const int RowCount = 10_000;

    private static readonly DateOnly Today = DateOnly.FromDateTime(DateTime.UtcNow);

    private readonly House house = fixture.House;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Roster_WithAThousandBadRowsInTenThousand_IsTakenButForThese()
    {
        const int Urn = 900821;
        await house.PutAsync(Admin, $"/v1/schools/{Urn}", Bodies.School("Big Primary School"));
        var faults = new Dictionary<int, string>();
        var upns = new List<string>();
        var file = new StringBuilder("UPN,URN,Forename,Surname,DOB,Sex,Year group\n");
        for (var at = 0; at < RowCount; at++)
        {
            var upn = Upn.FromBody($"8821000{at:00000}").ToString();
            string[] cells = [upn, $"{Urn}", "Pupil", $"Number{at}", $"{Today.Year - 9}-01-15", "F", "4"];
            if (at % 10 == 7)
            {
                faults[at + 2] = SpoilPupil(cells, at / 10);
            }
            else
            {
                upns.Add(upn);
            }

            file.AppendJoin(',', cells).Append('\n');
        }

        var answer = await TakenAsync("/v1/roster:import", file.ToString());

        Assert.Equal((RowCount, 9_000, 1_000), ((int)answer["rows"]!, (int)answer["pupilsAdded"]!, (int)answer["rowsQuarantined"]!));
        Assert.Equal(InOrder(faults).Take(500), answer["problems"]!.AsArray().Select(problem => Told(problem!, "words")));
        var waiting = await AllAsync("/v1/roster/quarantined-rows?page_size=500", "rows");
        Assert.Equal(InOrder(faults), waiting.Where(row => (string)row["importId"]! == (string)answer["importId"]!)
            .Select(row => Told(Assert.Single(row["problems"]!.AsArray())!, "words")).Order());
        var pupils = await AllAsync($"/v1/schools/{Urn}/pupils?page_size=500", "pupils");
        Assert.Equal(upns.Order(), pupils.Select(pupil => (string)pupil["upn"]!).Order());
    }

    [Fact]
    public async Task Results_WithAThousandBadRowsInTenThousand_AreTakenButForThese()
    {
        const int Urn = 900811;
        var trust = new ResultsTrust(house, [Urn], 300, 1);
        await trust.MakeAsync();
        var (text, rows) = trust.FileOf([.. Enumerable.Range(0, 34)]);
        var lines = text.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries).Take(RowCount + 1).ToList();
        var faults = new Dictionary<int, string>();
        for (var line = 8; line <= lines.Count; line += 10)
        {
            var cells = lines[line - 1].Split(',');
            faults[line] = SpoilResult(cells, line / 10);
            lines[line - 1] = string.Join(',', cells);
        }

        var answer = await TakenAsync($"/v1/collections/{trust.CollectionId}/results:import", string.Join('\n', lines));

        Assert.Equal((RowCount, 9_000, 1_000), ((int)answer["rowCount"]!, (int)answer["newCount"]!, (int)answer["quarantinedCount"]!));
        Assert.Equal(InOrder(faults).Take(20), answer["firstFaults"]!.AsArray().Select(fault => Told(fault!, "detail")));
        var waiting = await AllAsync($"/v1/quarantined-rows?import_id={answer["importId"]}&page_size=1000", "rows");
        Assert.Equal(InOrder(faults), waiting.Select(row => Told(row, "detail")).Order());
        var good = rows.Take(RowCount).Where((_, at) => !faults.ContainsKey(at + 2)).Select(row => $"{row.PupilId} {row.SatOn} {row.Score}");
        var results = await AllAsync($"/v1/schools/{Urn}/results?page_size=1000", "results");
        Assert.Equal(good.Order(), results.Select(result => $"{result["pupilId"]} {result["satOn"]} {result["score"]}").Order());
    }

    [Fact]
    public async Task Roster_OfMoreRowsThanAreTaken_IsRefusedWhole()
    {
        const int Urn = 900822;
        const string Header = "URN,Forename,Surname,DOB,Sex,Year group\n";
        var born = $"{Today.Year - 9}-01-15";
        await house.PutAsync(Admin, $"/v1/schools/{Urn}", Bodies.School("Small Primary School"));
        var taken = await TakenAsync("/v1/roster:import", $"{Header}{Urn},Ada,Byron,{born},F,4\n{Urn},Ben,Wrong,{born},Q,4\n");
        Assert.Equal((1, 1), ((int)taken["pupilsAdded"]!, (int)taken["rowsQuarantined"]!));
        var before = await StandingAsync();

        await RefusedAsync(
            "/v1/roster:import", new LongFile($"{Header}{Urn},Cy,Young,{born},M,4\n", $"{Urn},Dee,Grey,{born},F,4\n", RowCount),
            "ROSTER_TOO_LARGE", "A roster has at most 10,000 rows. Send it in parts.");

        Assert.Equal(before, await StandingAsync());
        taken = await TakenAsync("/v1/roster:import", $"{Header}{Urn},Cy,Young,{born},M,4\n");
        Assert.Equal(1, (int)taken["pupilsAdded"]!);

        async Task<string> StandingAsync() => string.Join('\n', [
            .. await AllAsync($"/v1/schools/{Urn}/pupils?page_size=500", "pupils"),
            .. await AllAsync($"/v1/roster/quarantined-rows?school_urn={Urn}", "rows"),
        ]);
    }

    [Fact]
    public async Task LimitOfRosters_ThatCannotBe_StopsTheStart_AndIsNamed()
    {
        var tracking = house.Services["tracking"];
        var settings = new Dictionary<string, string?>(tracking.Settings) { ["Rosters__MostRows"] = "1000001" };

        var outcome = await Command.TryAsync(["dotnet", tracking.ProgramFile], settings, cancellation: Ct);

        Assert.NotEqual(0, outcome.ExitCode);
        Assert.Contains("Rosters:MostRows must be from 1 to 1,000,000", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PublishedFigures_OfMoreThan64Megabytes_AreRefusedWhole()
    {
        const string Header = "measure,breakdown,academic_year_ending,value,unit,release,source\n";
        const string Path = "/v1/benchmarks:import?pack=large";
        const string Kept = "large-kept,all,2025,61,percent,final,https://example.org\n";
        Assert.Equal(1, (int)(await TakenAsync(Path, Header + Kept))["added"]!);
        var before = await StandingAsync();
        var row = "large-new,all,2025,62,percent,final,".PadRight(1023, 'x') + "\n";

        await RefusedAsync(
            Path, new LongFile(Header + Kept.Replace("61", "62", StringComparison.Ordinal), row, 64 * 1024),
            "FILE_TOO_LARGE", "A file of published figures has at most 64 MB. Split it, or leave out what is not needed.");

        Assert.Equal(before, await StandingAsync());
        Assert.Empty(await AllAsync("/v1/benchmarks?measure=large-new", "benchmarks"));
        Assert.Equal(1, (int)(await TakenAsync(Path, Header + Kept))["unchanged"]!);

        async Task<string> StandingAsync() => string.Join('\n', await AllAsync("/v1/benchmarks?measure=large-kept", "benchmarks"));
    }

    private static string SpoilPupil(string[] cells, int at)
    {
        var (cell, value, reason) = (at % 5) switch
        {
            0 => (0, "B000000000000", "UPN_INVALID"),
            1 => (1, "999999", "URN_UNKNOWN"),
            2 => (2, "", "VALUE_MISSING"),
            3 => (4, $"{Today.Year + 1}-01-15", "DOB_IN_FUTURE"),
            _ => (5, "Q", "SEX_UNKNOWN"),
        };
        cells[cell] = value;
        return reason;
    }

    // Columns as ResultsTrust writes them: pupil, URN, test, date, score.
    private static string SpoilResult(string[] cells, int at)
    {
        var (cell, value, reason) = (at % 4) switch
        {
            0 => (2, "no such test", "TEST_NOT_IN_COLLECTION"),
            1 => (3, cells[3] + "x", "DATE_INVALID"),
            2 => (4, "ninety", "NUMBER_INVALID"),
            _ => (4, "141", "SCORE_OUT_OF_RANGE"),
        };
        cells[cell] = value;
        return reason;
    }

    private static IEnumerable<(int Line, string Reason)> InOrder(Dictionary<int, string> faults) => faults.Select(fault => (fault.Key, fault.Value)).Order();

    private static (int Line, string Reason) Told(JsonNode fault, string words)
    {
        Assert.NotEmpty((string)fault[words]!);
        return ((int)fault["line"]!, (string)fault["reason"]!);
    }

    private async Task<JsonNode> TakenAsync(string path, string file)
    {
        using var response = await house.SendAsync(house.TokenOf(Admin), HttpMethod.Post, path, new StringContent(file, Encoding.UTF8, "text/csv"));
        var text = await response.Content.ReadAsStringAsync(Ct);
        Assert.True(response.StatusCode == HttpStatusCode.OK, text);
        return JsonNode.Parse(text)!;
    }

    private async Task RefusedAsync(string path, HttpContent file, string code, string words)
    {
        using var response = await house.SendAsync(house.TokenOf(Admin), HttpMethod.Post, path, file);
        var text = await response.Content.ReadAsStringAsync(Ct);
        Assert.True(response.StatusCode == HttpStatusCode.RequestEntityTooLarge, $"{(int)response.StatusCode} {text}");
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = JsonNode.Parse(text)!;
        Assert.Equal((413, code, words), ((int)problem["status"]!, (string)problem["code"]!, (string)problem["detail"]!));
    }

    /// <summary>A list, page by page.</summary>
    private async Task<List<JsonNode>> AllAsync(string path, string name)
    {
        var found = new List<JsonNode>();
        var token = "";
        do
        {
            var page = await house.GetAsync(Admin, token.Length == 0 ? path : $"{path}&page_token={Uri.EscapeDataString(token)}");
            found.AddRange(page[name]!.AsArray().Select(row => row!));
            token = (string)page["nextPageToken"]!;
        }
        while (token.Length > 0);

        return found;
    }

    /// <summary>A house that takes no more rows than the largest good roster here has.</summary>
    public sealed class SmallRosters : IAsyncLifetime
    {
        public House House { get; } = House.With(new Dictionary<string, string?> { ["Rosters__MostRows"] = $"{RowCount}" });

        public ValueTask InitializeAsync() => House.InitializeAsync();

        public ValueTask DisposeAsync() => House.DisposeAsync();
    }

    /// <summary>A CSV file that is made while it is sent.</summary>
    private sealed class LongFile : HttpContent
    {
        private const int RowsAtOnce = 1000;

        private readonly byte[] head;
        private readonly string row;
        private readonly int rows;

        public LongFile(string head, string row, int rows)
        {
            (this.head, this.row, this.rows) = (Encoding.UTF8.GetBytes(head), row, rows);
            Headers.ContentType = new MediaTypeHeaderValue("text/csv");
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(head);
            for (var left = rows; left > 0; left -= RowsAtOnce)
            {
                await stream.WriteAsync(Encoding.UTF8.GetBytes(new StringBuilder().Insert(0, row, Math.Min(left, RowsAtOnce)).ToString()));
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
