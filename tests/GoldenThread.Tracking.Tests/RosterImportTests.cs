using System.Text;
using GoldenThread.TestSupport;
using GoldenThread.Tracking.Events.V1;
using GoldenThread.Tracking.V1;
using GoldenThread.Type.V1;
using Grpc.Core;
using static GoldenThread.TestSupport.Refusals;

namespace GoldenThread.Tracking.Tests;

/// <summary>A roster is dirty: its good rows are applied, its bad rows wait, and the same file twice changes nothing.</summary>
public sealed class RosterImportTests(TrackingHouse house)
{
    private const string Header = "UPN,URN,Forename,Surname,DOB,Sex,Year group,Class,FSM,SEN,EAL,Ethnicity,Looked after,attr:social_class";

    [Fact]
    public async Task Import_OfASheetWhoseUpnsWereSortedAlone_AsksInsteadOfMakingOneChildAnother()
    {
        var urn = await house.SchoolAsync();
        var upns = Enumerable.Range(0, 3).Select(_ => TrackingHouse.NewUpn()).ToList();
        string[] children = [$"Ada,Alder {urn},2016-01-01,F,5", $"Ben,Birch {urn},2017-02-02,M,4", $"Cem,Cedar {urn},2018-03-03,M,3"];
        const string Columns = "UPN,URN,Forename,Surname,DOB,Sex,Year group";
        await house.Lead.ImportAsync($"{Columns}\n{string.Join('\n', upns.Zip(children, (upn, child) => $"{upn},{urn},{child}"))}\n");

        var shifted = children.Select((child, at) => $"{upns[(at + 1) % 3]},{urn},{child}");
        var answer = await house.Lead.ImportAsync($"{Columns}\n{string.Join('\n', shifted)}\n");

        Assert.Equal((0, 0, 3), (answer.PupilsAdded, answer.PupilsChanged, answer.RowsQuarantined));
        Assert.All(answer.Problems, problem => Assert.Equal("NEEDS_CONFIRMATION", problem.Reason));
        foreach (var (surname, upn) in new[] { "Alder", "Birch", "Cedar" }.Zip(upns))
        {
            Assert.Equal(upn, (await house.Lead.PupilAsync(urn, $"{surname} {urn}")).Upn);
        }

        // A child adopted, with a new name, is known by the birthday; one whose birthday was wrong, by the name.
        answer = await house.Lead.ImportAsync($"{Columns}\n{upns[0]},{urn},Ida,Maple {urn},2016-01-01,F,5\n{upns[1]},{urn},Ben,Birch {urn},2017-12-02,M,4\n");
        Assert.Equal((0, 2, 0), (answer.PupilsAdded, answer.PupilsChanged, answer.RowsQuarantined));
    }

    [Fact]
    public async Task Import_OfGoodRows_EnrolsWithFactsAndGroups()
    {
        var urn = await house.SchoolAsync();
        var upn = TrackingHouse.NewUpn();

        var answer = await house.Lead.ImportAsync($"{Header}\n{upn},{urn},Ada,Byron,2016-05-10,F,5,5A,Y,K,N,BAFR,Y,manual\n");

        Assert.Equal((1, 1, 0, 0), (answer.Rows, answer.PupilsAdded, answer.RowsUnchanged, answer.RowsQuarantined));
        var pupil = await house.Lead.PupilAsync(urn, "Byron");
        Assert.Equal((upn, "5", "5A"), (pupil.Upn, pupil.Enrolments[0].YearGroup, pupil.Classes[0].Name));
        Assert.Equal(
            ["attr:social_class=manual", "ethnicity=BAFR", "fsm=yes", "looked-after=yes", "sen=K"],
            pupil.Facts.Select(f => $"{f.Fact}={f.Value}"));
        Assert.Equal(
            ["disadvantaged", "ethnic-black", "fsm", "girls", "lac-plac", "looked-after", "sen-support", "send", "summer-born"],
            pupil.Groups.Where(g => !g.StartsWith("trust-", StringComparison.Ordinal)));
        var told = await house.ToldAsync<PupilsChanged>(e => e.Rows?.Any(r => r.PupilId.ToString() == pupil.PupilId) == true);
        Assert.Equal(new DateOnly(2025, 9, 1), told.Rows!.Single().Groups.Single(g => g.Group == "girls").From);
        var identifiers = await house.ToldAsync<PupilIdentifiersChanged>(e => e.Rows?.Any(r => r.Upn == upn) == true);
        Assert.Equal(pupil.PupilId, identifiers.Rows!.Single().PupilId.ToString());
    }

    [Fact]
    public async Task Import_OfTheSameFileTwice_ChangesNothing()
    {
        var urn = await house.SchoolAsync();
        var file = $"{Header}\n{TrackingHouse.NewUpn()},{urn},Ada,Twice,2016-05-10,F,5,5A,Y,K,N,BAFR,N,manual\n"
            + $",{urn},Baby,Twice,2021-05-10,M,N2,Nursery,,,,,,\nX,{urn},Bad,Row,2016-01-01,F,5,,,,,,,\n";
        await house.Lead.ImportAsync(file);
        var before = (await house.Lead.ListAsync(urn)).Select(p => (p.PupilId, p.Etag)).ToList();

        var again = await house.Lead.ImportAsync(file);

        Assert.Equal((3, 0, 0, 2, 1), (again.Rows, again.PupilsAdded, again.PupilsChanged, again.RowsUnchanged, again.RowsQuarantined));
        Assert.Equal(before, (await house.Lead.ListAsync(urn)).Select(p => (p.PupilId, p.Etag)));
        var waiting = await house.Lead.Rosters.ListQuarantinedRowsAsync(new() { SchoolUrn = urn }, house.Lead.Headers);
        Assert.Single(waiting.Rows);
    }

    [Fact]
    public async Task Import_OfANewYear_KeepsTheOldOne()
    {
        var urn = await house.SchoolAsync();
        var upn = TrackingHouse.NewUpn();
        await house.Lead.ImportAsync($"{Header}\n{upn},{urn},Ada,Next,2016-05-10,F,4,4A,Y,K,,,,\n", from: "2024-09-01");
        await house.Lead.ImportAsync($"{Header}\n{upn},{urn},Ada,Next,2016-05-10,F,5,5A,N,E,,,,\n", from: "2025-09-01");

        var last = await house.Lead.PupilAsync(urn, "Next", "2025-07-01");
        var now = await house.Lead.PupilAsync(urn, "Next", "2025-10-01");

        Assert.Equal(("4", "2025-08-31", "4A"), (last.Enrolments.Single().YearGroup, last.Enrolments[0].To, last.Classes.Single().Name));
        Assert.Equal(["fsm=yes", "sen=K"], last.Facts.Select(f => $"{f.Fact}={f.Value}"));
        Assert.Equal(("5", false, "5A"), (now.Enrolments.Single().YearGroup, now.Enrolments[0].HasTo, now.Classes.Single().Name));
        Assert.Equal(["sen=E"], now.Facts.Select(f => $"{f.Fact}={f.Value}"));
        Assert.Contains("disadvantaged", now.Groups);
        Assert.DoesNotContain("fsm", now.Groups);
    }

    [Fact]
    public async Task Import_OfAnEmptyCell_SaysNothing()
    {
        var urn = await house.SchoolAsync();
        var upn = TrackingHouse.NewUpn();
        await house.Lead.ImportAsync($"{Header}\n{upn},{urn},Ada,Empty,2016-05-10,F,4,4A,Y,K,Y,BAFR,,a\n");

        var answer = await house.Lead.ImportAsync($"{Header}\n{upn},{urn},Ada,Empty,2016-05-10,F,4,,,,,,,\n", from: "2025-11-01");

        Assert.Equal(1, answer.RowsUnchanged);
        Assert.Equal(5, (await house.Lead.PupilAsync(urn, "Empty", "2025-12-01")).Facts.Count);
    }

    [Fact]
    public async Task DryRun_ShowsTheDifferences_AndChangesNothing()
    {
        var urn = await house.SchoolAsync();
        var upn = TrackingHouse.NewUpn();
        await house.Lead.ImportAsync($"{Header}\n{upn},{urn},Ada,Dry,2016-05-10,F,4,4A,,,,,,\n");

        var file = $"{Header}\n{upn},{urn},Ada,Wet,2016-05-10,F,4,4B,,K,,,,\n{TrackingHouse.NewUpn()},{urn},New,Dry,2016-01-01,M,4,4A,,,,,,\n";
        var answer = await house.Lead.ImportAsync(file, dryRun: true, from: "2025-10-01");

        Assert.Equal((true, "", 1, 1), (answer.DryRun, answer.ImportId, answer.PupilsAdded, answer.PupilsChanged));
        Assert.Contains(answer.Differences, d => d is { Line: 2, What: "name", Before: "Ada Dry", After: "Ada Wet" });
        Assert.Contains(answer.Differences, d => d is { Line: 2, What: "class", Before: "4A" });
        Assert.Contains(answer.Differences, d => d is { Line: 2, What: "sen", Before: "", After: "K" });
        Assert.Contains(answer.Differences, d => d is { Line: 3, What: "pupil", PupilId: "", After: "New Dry" });
        Assert.Equal("Dry", Assert.Single(await house.Lead.ListAsync(urn)).Surname);
    }

    public static TheoryData<string, string> BadRows => new()
    {
        { "A801200005001,{urn},A,B,2016-01-01,F,5", "UPN_INVALID" },
        { "{upn},999999,A,B,2016-01-01,F,5", "URN_UNKNOWN" },
        { "{upn},12,A,B,2016-01-01,F,5", "URN_UNKNOWN" },
        { "{upn},{urn},,B,2016-01-01,F,5", "VALUE_MISSING" },
        { "{upn},{urn},A,B,2999-01-01,F,5", "DOB_IN_FUTURE" },
        { "{upn},{urn},A,B,2016-02-30,F,5", "DOB_INVALID" },
        { "{upn},{urn},A,B,1950-02-03,F,5", "DOB_INVALID" },
        { "{upn},{urn},A,B,2016-01-01,X,5", "SEX_UNKNOWN" },
        { "{upn},{urn},A,B,2016-01-01,F,14", "YEAR_GROUP_UNKNOWN" },
        { "{upn},{urn},A\0,B,2016-01-01,F,5", "TEXT_INVALID" },
        { "{upn},{urn},A\uFFFE,B,2016-01-01,F,5", "TEXT_INVALID" },
        { "{upn},{urn},{long},B,2016-01-01,F,5", "VALUE_TOO_LONG" },
        { "{upn},{urn},A,B,2016-01-01,F", "CELLS_COUNT" },
        { "{upn},{urn},A,B,2016-01-01,F,5,more,and more", "CELLS_COUNT" },
    };

    [Theory]
    [MemberData(nameof(BadRows))]
    public async Task Import_OfABadRow_QuarantinesItAndAppliesTheOthers(string row, string reason)
    {
        var urn = await house.SchoolAsync();
        var text = row.Replace("{urn}", $"{urn}").Replace("{upn}", TrackingHouse.NewUpn()).Replace("{long}", new string('x', 101));
        var file = $"UPN,URN,Forename,Surname,DOB,Sex,Year group\n{text}\n{TrackingHouse.NewUpn()},{urn},Good,Row {urn},2016-01-01,F,5\n";

        var answer = await house.Lead.ImportAsync(file);

        Assert.Equal((2, 1, 1), (answer.Rows, answer.PupilsAdded, answer.RowsQuarantined));
        var problem = Assert.Single(answer.Problems);
        Assert.Equal((2, reason), (problem.Line, problem.Reason));
        Assert.NotEmpty(problem.Words);
        Assert.Equal($"Row {urn}", Assert.Single(await house.Lead.ListAsync(urn)).Surname);
    }

    [Theory]
    [InlineData("01/01/1900")]
    [InlineData("1850-09-01")]
    [InlineData("2200-09-01")]
    public async Task Import_OfADayThatNoSchoolYearHolds_QuarantinesItsRow(string day)
    {
        var urn = await house.SchoolAsync();
        const string Columns = "URN,Forename,Surname,DOB,Sex,Year group,From,Leaving date";

        var answer = await house.Lead.ImportAsync(
            $"{Columns}\n{urn},A,From {urn},2016-01-01,F,5,{day},\n{urn},A,Left {urn},2016-01-01,F,5,,{day}\n{urn},A,Good {urn},2016-01-01,F,5,,\n");

        Assert.Equal((3, 1, 2), (answer.Rows, answer.PupilsAdded, answer.RowsQuarantined));
        Assert.All(answer.Problems, problem => Assert.Equal("DATE_INVALID", problem.Reason));
        await RefusedAsync(StatusCode.InvalidArgument, "DATE_INVALID", () => house.Lead.ImportAsync($"{Columns}\n", from: day));
    }

    [Fact]
    public async Task Import_OfOneThousandBadRowsInTenThousand_AppliesNineThousand()
    {
        var urn = await house.SchoolAsync();
        var file = new StringBuilder("UPN,URN,Forename,Surname,DOB,Sex,Year group\n");
        for (var i = 0; i < 10_000; i++)
        {
            var upn = i % 10 == 0 ? "B000000000000" : TrackingHouse.NewUpn();
            file.Append($"{upn},{urn},Pupil,Number {i},2016-01-01,F,5\n");
        }

        var answer = await house.Lead.ImportAsync(file.ToString());

        Assert.Equal((10_000, 9_000, 1_000, 500), (answer.Rows, answer.PupilsAdded, answer.RowsQuarantined, answer.Problems.Count));
        var told = await house.ToldAsync<PupilsChanged>(e => e is { Count: 9000, Rows: null });
        var service = house.ServiceCaller();
        using var stream = service.Feed.StreamPupils(new() { ChangeSetId = told.ChangeSetId.ToString() }, service.Headers);
        var streamed = await stream.ResponseStream.ReadAllAsync(TestContext.Current.CancellationToken).Select(r => r.Pupil).ToListAsync(TestContext.Current.CancellationToken);
        Assert.Equal(9_000, streamed.Select(p => p.PupilId).Distinct().Count());
        Assert.All(streamed, p => Assert.Equal(urn, p.Enrolments.Single().SchoolUrn));
    }

    [Theory]
    [InlineData("bom", true)]
    [InlineData("semicolons", true)]
    [InlineData("tabs", true)]
    [InlineData("crlf", true)]
    [InlineData("one byte at a time", false)]
    public async Task Import_OfACsvDialect_ReadsIt(string dialect, bool whole)
    {
        var urn = await house.SchoolAsync();
        var text = $"upn ,URN,Forename,SURNAME,date of birth,Gender,NC Year\n{TrackingHouse.NewUpn()},{urn},\"Zoë, \"\"Zo\"\"\",Łukasz-{urn}-Ñ,10/05/2016,female,Year 5\n\n";
        text = dialect switch
        {
            "bom" => "\uFEFF" + text,
            "semicolons" => text.Replace(",\"", ";\"").Replace("\",", "\";").Replace("upn ,URN,Forename,SURNAME,date of birth,Gender,NC Year", "upn ;URN;Forename;SURNAME;date of birth;Gender;NC Year").Replace($",{urn}", $";{urn}").Replace("Ñ,", "Ñ;").Replace("2016,", "2016;").Replace("female,", "female;"),
            "tabs" => text.Replace("\"Zoë, \"\"Zo\"\"\"", "\"Zoë@ \"\"Zo\"\"\"").Replace(',', '\t').Replace('@', ','),
            "crlf" => text.Replace("\n", "\r\n"),
            _ => text,
        };

        var answer = await house.Lead.ImportAsync(Encoding.UTF8.GetBytes(text), piece: whole ? 1 << 20 : 1);

        Assert.Empty(answer.Problems);
        Assert.Equal(1, answer.PupilsAdded);
        Assert.Equal("Zoë, \"Zo\"", (await house.Lead.PupilAsync(urn, $"Łukasz-{urn}-Ñ")).Forename);
    }

    [Fact]
    public async Task Import_WithAnUnknownHeader_ShowsIt()
    {
        var urn = await house.SchoolAsync();
        var answer = await house.Lead.ImportAsync($"URN,Forename,Surname,DOB,Sex,Year group,Favourite colour\n{urn},A,Colour,2016-01-01,F,5,blue\n");

        Assert.Equal("Favourite colour", Assert.Single(answer.UnknownHeaders));
        Assert.Equal(1, answer.PupilsAdded);
    }

    [Theory]
    [InlineData("", "ROSTER_UNREADABLE")]
    [InlineData("URN,Forename,Surname,DOB,Sex,Year group\n", "ROSTER_UNREADABLE")]
    [InlineData("Name,Colour\na,b\n", "ROSTER_HEADER_INVALID")]
    [InlineData("URN,URN,Forename,Surname,DOB,Sex,Year group\n1,1,a,b,c,d,e\n", "ROSTER_HEADER_INVALID")]
    [InlineData("URN,Forename,Surname,DOB,Sex,Year group\n1,\"open,a\n", "ROSTER_UNREADABLE")]
    public async Task Import_OfAFileThatCannotBeRead_IsRefused(string file, string reason) =>
        await RefusedAsync(StatusCode.InvalidArgument, reason, () => house.Lead.ImportAsync(file));

    [Fact]
    public async Task Import_OfARowWithAQuoteInTheMiddle_QuarantinesItAlone()
    {
        var urn = await house.SchoolAsync();
        var answer = await house.Lead.ImportAsync(
            $"URN,Forename,Surname,DOB,Sex,Year group\n{urn},\"A\"b,Broken,2016-01-01,F,5\n{urn},A,Whole,2016-01-01,F,5\n");

        Assert.Equal((2, 1, 1), (answer.Rows, answer.PupilsAdded, answer.RowsQuarantined));
        Assert.Equal((2, "ROW_MALFORMED"), (Assert.Single(answer.Problems).Line, answer.Problems[0].Reason));
    }

    [Fact]
    public async Task Import_OfAnEndlessRow_IsRefused() =>
        await RefusedAsync(StatusCode.InvalidArgument, "ROSTER_UNREADABLE", () =>
            house.Lead.ImportAsync($"URN,Forename,Surname,DOB,Sex,Year group\n1,{new string('a', 3 << 20)},b,2016-01-01,F,5\n"));

    [Fact]
    public async Task Import_OfBytesThatAreNotUtf8_IsRefused() =>
        await RefusedAsync(StatusCode.InvalidArgument, "ROSTER_UNREADABLE", () =>
            house.Lead.ImportAsync(Encoding.Latin1.GetBytes("URN,Forename,Surname,DOB,Sex,Year group\n1,Zoë,a,b,c,d\n")));

    [Fact]
    public async Task Import_ThatIsCutOff_LeavesNothing()
    {
        var urn = await house.SchoolAsync();
        using var call = house.Lead.Rosters.ImportRoster(house.Lead.Headers, cancellationToken: TestContext.Current.CancellationToken);
        var text = $"URN,Forename,Surname,DOB,Sex,Year group\n{urn},A,Cut,2016-01-01,F,5\n";
        await call.RequestStream.WriteAsync(
            new ImportRosterRequest { File = new() { Data = Google.Protobuf.ByteString.CopyFromUtf8(text) } }, TestContext.Current.CancellationToken);
        call.Dispose();

        Assert.Empty(await house.Lead.ListAsync(urn));
        // The next one is not kept waiting.
        Assert.Equal(1, (await house.Lead.ImportAsync(text)).PupilsAdded);
    }

    [Fact]
    public async Task QuarantinedRow_ShowsSensitiveCells_OnlyToThoseWhoMaySeeThem()
    {
        var urn = await house.SchoolAsync();
        await house.Lead.ImportAsync(
            $"UPN,URN,Forename,Surname,DOB,Sex,Year group,Looked after,Ethnicity,Adopted\nB000000000000,{urn},A,Hidden,2016-01-01,F,5,Y,unheard of,yes\n");
        async Task<QuarantinedRow> SeenByAsync(Role role)
        {
            var caller = await house.CallerAsync(role, urn);
            return Assert.Single((await caller.Rosters.ListQuarantinedRowsAsync(new() { SchoolUrn = urn }, caller.Headers)).Rows);
        }

        var head = await SeenByAsync(Role.Headteacher);
        Assert.Equal(("Y", "yes"), (head.Cells["Looked after"], head.Cells["Adopted"]));
        foreach (var role in new[] { Role.SeniorLeader, Role.Partner })
        {
            var seen = await SeenByAsync(role);
            Assert.Equal(["DOB", "Forename", "Sex", "Surname", "UPN", "URN", "Year group"], seen.Cells.Keys.Order());
            Assert.Equal(head.Problems.Select(p => (p.Column, p.Reason)), seen.Problems.Select(p => (p.Column, p.Reason)));
            Assert.Contains("not for you to see", seen.Problems.Single(p => p.Column == "Ethnicity").Words, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Import_OfARowTwice_QuarantinesTheSecond()
    {
        var urn = await house.SchoolAsync();
        var row = $"{TrackingHouse.NewUpn()},{urn},A,Double,2016-01-01,F,5";
        var answer = await house.Lead.ImportAsync($"UPN,URN,Forename,Surname,DOB,Sex,Year group\n{row}\n{row}\n");

        var problem = Assert.Single(answer.Problems);
        Assert.Equal((3, "DUPLICATE_ROW"), (problem.Line, problem.Reason));
        Assert.Contains("line 2", problem.Words);
    }

    [Fact]
    public async Task Import_ByFormerUpn_FindsThePupil()
    {
        var urn = await house.SchoolAsync();
        var (former, present) = (TrackingHouse.NewUpn(), TrackingHouse.NewUpn());
        await house.Lead.ImportAsync($"UPN,URN,Forename,Surname,DOB,Sex,Year group\n{former},{urn},A,Former,2016-01-01,F,5\n");
        var pupil = await house.Lead.PupilAsync(urn, "Former");
        await house.Lead.Pupils.UpdatePupilAsync(new() { PupilId = pupil.PupilId, Pupil = new() { Upn = present } }, house.Lead.IfMatch(pupil.Etag));

        var answer = await house.Lead.ImportAsync($"UPN,URN,Forename,Surname,DOB,Sex,Year group\n{former},{urn},A,Former,2016-01-01,F,5\n");

        Assert.Equal((0, 1), (answer.PupilsAdded, answer.RowsUnchanged));
        var now = await house.Lead.PupilAsync(urn, "Former");
        Assert.Equal((present, former), (now.Upn, Assert.Single(now.FormerUpns)));
        var service = house.ServiceCaller();
        var resolved = await service.Feed.ResolvePupilsAsync(new() { Upns = { former, TrackingHouse.NewUpn() } }, service.Headers);
        Assert.Equal((pupil.PupilId, present), (Assert.Single(resolved.Pupils).PupilId, resolved.Pupils[0].Upn));
    }

    [Fact]
    public async Task Import_ByNameAndBirthday_NeedsAPersonsWord_AndAsksOnce()
    {
        var urn = await house.SchoolAsync();
        var upn = TrackingHouse.NewUpn();
        await house.Lead.ImportAsync($"UPN,URN,Forename,Surname,DOB,Sex,Year group\n,{urn},Ann,Unsure,2021-01-01,F,N2\n");
        var pupil = await house.Lead.PupilAsync(urn, "Unsure");
        var file = $"UPN,URN,Forename,Surname,DOB,Sex,Year group\n{upn},{urn},ann,unsure,2021-01-01,F,R\n";

        var answer = await house.Lead.ImportAsync(file, from: "2026-09-01");
        Assert.Equal("NEEDS_CONFIRMATION", Assert.Single(answer.Problems).Reason);
        var row = Assert.Single((await house.Lead.Rosters.ListQuarantinedRowsAsync(new() { SchoolUrn = urn }, house.Lead.Headers)).Rows);
        Assert.Equal(pupil.PupilId, Assert.Single(row.CandidatePupilIds));

        var mended = await house.Lead.Rosters.MendQuarantinedRowAsync(new() { RowId = row.RowId, PupilId = pupil.PupilId }, house.Lead.IfMatch(row.Etag));
        Assert.Equal("mended", mended.Row.ClosedBecause);
        var now = await house.Lead.PupilAsync(urn, "unsure", "2026-10-01");
        Assert.Equal((pupil.PupilId, upn, "R"), (now.PupilId, now.Upn, now.Enrolments.Single().YearGroup));

        var again = await house.Lead.ImportAsync(file, from: "2026-09-01");
        Assert.Equal((0, 1), (again.RowsQuarantined, again.RowsUnchanged));
    }

    [Fact]
    public async Task Mend_WithTheWordThatThePupilIsNew_AddsAnother()
    {
        var urn = await house.SchoolAsync();
        var file = "UPN,URN,Forename,Surname,DOB,Sex,Year group\n";
        await house.Lead.ImportAsync($"{file}{TrackingHouse.NewUpn()},{urn},Ann,Namesake,2016-01-01,F,5\n");
        var second = $"{file}{TrackingHouse.NewUpn()},{urn},Ann,Namesake,2016-01-01,F,5\n";
        await house.Lead.ImportAsync(second);
        var row = Assert.Single((await house.Lead.Rosters.ListQuarantinedRowsAsync(new() { SchoolUrn = urn }, house.Lead.Headers)).Rows);

        await house.Lead.Rosters.MendQuarantinedRowAsync(new() { RowId = row.RowId, NewPupil = true }, house.Lead.IfMatch(row.Etag));

        Assert.Equal(2, (await house.Lead.ListAsync(urn)).Count);
        Assert.Equal(1, (await house.Lead.ImportAsync(second)).RowsUnchanged);
    }

    [Fact]
    public async Task ManyMendsAtOnce_DoNotWaitForEachOther()
    {
        // Twice as many as there are connections to the database.
        const int Many = 40;
        var urn = await house.SchoolAsync();
        var lines = Enumerable.Range(0, Many).Select(at => $",{urn},A,Mend{at},2016-01-01,Z,5");
        await house.Lead.ImportAsync($"UPN,URN,Forename,Surname,DOB,Sex,Year group\n{string.Join('\n', lines)}\n");
        var rows = (await house.Lead.Rosters.ListQuarantinedRowsAsync(new() { SchoolUrn = urn, PageSize = 500 }, house.Lead.Headers)).Rows;
        Assert.Equal(Many, rows.Count);

        await Task.WhenAll(rows.Select(row => RefusedAsync(StatusCode.InvalidArgument, "ROW_INVALID", () => MendAsync(row, "Shoe size"))));
        var mended = await Task.WhenAll(rows.Select(row => MendAsync(row, "Sex")));

        Assert.All(mended, answer => Assert.Equal("mended", answer.Row.ClosedBecause));

        Task<MendQuarantinedRowResponse> MendAsync(QuarantinedRow row, string column) => house.Lead.Rosters.MendQuarantinedRowAsync(
            new() { RowId = row.RowId, Cells = { [column] = "F" } }, house.Lead.IfMatch(row.Etag)).ResponseAsync;
    }

    [Fact]
    public async Task Mend_OfACell_TriesTheRowAgain()
    {
        var urn = await house.SchoolAsync();
        await house.Lead.ImportAsync($"UPN,URN,Forename,Surname,DOB,Sex,Year group\n,{urn},A,Mend,2016-01-01,Z,15\n");
        var row = Assert.Single((await house.Lead.Rosters.ListQuarantinedRowsAsync(new() { SchoolUrn = urn }, house.Lead.Headers)).Rows);
        Assert.Equal(["SEX_UNKNOWN", "YEAR_GROUP_UNKNOWN"], row.Problems.Select(p => p.Reason));

        var half = (await house.Lead.Rosters.MendQuarantinedRowAsync(
            new() { RowId = row.RowId, Cells = { ["Sex"] = "F" } }, house.Lead.IfMatch(row.Etag))).Row;
        Assert.Equal((false, "YEAR_GROUP_UNKNOWN"), (half.HasClosedBecause, Assert.Single(half.Problems).Reason));
        await RefusedAsync(StatusCode.Aborted, "ETAG_MISMATCH", () => house.Lead.Rosters.MendQuarantinedRowAsync(
            new() { RowId = row.RowId, Cells = { ["Year group"] = "5" } }, house.Lead.IfMatch(row.Etag)).ResponseAsync);
        await RefusedAsync(StatusCode.FailedPrecondition, "IF_MATCH_REQUIRED", () => house.Lead.Rosters.MendQuarantinedRowAsync(
            new() { RowId = row.RowId }, house.Lead.Headers).ResponseAsync);
        await RefusedAsync(StatusCode.InvalidArgument, "ROW_INVALID", () => house.Lead.Rosters.MendQuarantinedRowAsync(
            new() { RowId = row.RowId, Cells = { ["Shoe size"] = "5" } }, house.Lead.IfMatch(half.Etag)).ResponseAsync);

        var whole = (await house.Lead.Rosters.MendQuarantinedRowAsync(
            new() { RowId = row.RowId, Cells = { ["Year group"] = "5" } }, house.Lead.IfMatch(half.Etag))).Row;
        Assert.Equal("mended", whole.ClosedBecause);
        Assert.Equal("5", (await house.Lead.PupilAsync(urn, "Mend")).Enrolments.Single().YearGroup);
        await RefusedAsync(StatusCode.FailedPrecondition, "ROW_CLOSED", () => house.Lead.Rosters.CloseQuarantinedRowAsync(
            new() { RowId = row.RowId, Reason = "no" }, house.Lead.IfMatch(whole.Etag)).ResponseAsync);
    }

    [Fact]
    public async Task Close_OfARow_TakesItOffTheList()
    {
        var urn = await house.SchoolAsync();
        await house.Lead.ImportAsync($"UPN,URN,Forename,Surname,DOB,Sex,Year group\n,{urn},A,Close,2016-01-01,Z,5\n");
        var row = Assert.Single((await house.Lead.Rosters.ListQuarantinedRowsAsync(new() { SchoolUrn = urn }, house.Lead.Headers)).Rows);

        await house.Lead.Rosters.CloseQuarantinedRowAsync(new() { RowId = row.RowId, Reason = "a test pupil" }, house.Lead.IfMatch(row.Etag));

        Assert.Empty((await house.Lead.Rosters.ListQuarantinedRowsAsync(new() { SchoolUrn = urn }, house.Lead.Headers)).Rows);
        var closed = await house.Lead.Rosters.ListQuarantinedRowsAsync(new() { SchoolUrn = urn, IncludeClosed = true }, house.Lead.Headers);
        Assert.Equal("a test pupil", Assert.Single(closed.Rows).ClosedBecause);
    }

    [Fact]
    public async Task Import_ByAHead_ReachesTheirOwnSchoolOnly()
    {
        var (own, other) = (await house.SchoolAsync(), await house.SchoolAsync());
        var head = await house.CallerAsync(Role.Headteacher, own);
        var taken = TrackingHouse.NewUpn();
        await house.Lead.ImportAsync($"UPN,URN,Forename,Surname,DOB,Sex,Year group\n{taken},{other},A,There,2016-01-01,F,5\n");

        var answer = await head.ImportAsync(
            $"UPN,URN,Forename,Surname,DOB,Sex,Year group\n{TrackingHouse.NewUpn()},{own},A,Here,2016-01-01,F,5\n"
            + $"{TrackingHouse.NewUpn()},{other},B,Foreign,2016-01-01,F,5\n{TrackingHouse.NewUpn()},999999,C,Unknown,2016-01-01,F,5\n"
            + $"{taken},{own},A,There,2016-01-01,F,5\n", from: "2025-10-01");

        Assert.Equal(1, answer.PupilsAdded);
        Assert.Equal(["URN_UNKNOWN", "URN_UNKNOWN", "ON_ROLL_ELSEWHERE"], answer.Problems.Select(p => p.Reason));
        Assert.Equal(answer.Problems[0].Words, answer.Problems[1].Words);
        Assert.Empty((await (await house.CallerAsync(Role.Headteacher, other)).Rosters.ListQuarantinedRowsAsync(
            new(), (await house.CallerAsync(Role.Headteacher, other)).Headers)).Rows);
        Assert.Equal(3, (await head.Rosters.ListQuarantinedRowsAsync(new(), head.Headers)).Rows.Count);
    }

    [Fact]
    public async Task Import_OfAMoveInsideTheTrust_LosesNothing()
    {
        var (from, to) = (await house.SchoolAsync(), await house.SchoolAsync());
        var upn = TrackingHouse.NewUpn();
        await house.Lead.ImportAsync($"{Header}\n{upn},{from},A,Mover,2016-01-01,F,5,5A,,K,,,,\n");

        await house.Lead.ImportAsync($"UPN,URN,Forename,Surname,DOB,Sex,Year group,From\n{upn},{to},A,Mover,2016-01-01,F,5,2026-01-05\n");

        var before = await house.Lead.PupilAsync(from, "Mover", "2025-12-19");
        var after = await house.Lead.PupilAsync(to, "Mover", "2026-01-06");
        Assert.Equal((before.PupilId, "2026-01-04"), (after.PupilId, before.Enrolments.Single().To));
        Assert.Equal("sen=K", after.Facts.Select(f => $"{f.Fact}={f.Value}").Single());
        Assert.Empty(after.Classes);
        Assert.Empty(await house.Lead.ListAsync(from, "2026-01-06"));
    }

    [Fact]
    public async Task Import_OfALeaver_EndsEnrolmentAndClass()
    {
        var urn = await house.SchoolAsync();
        var upn = TrackingHouse.NewUpn();
        await house.Lead.ImportAsync($"{Header}\n{upn},{urn},A,Leaver,2016-01-01,F,5,5A,,,,,,\n");
        var file = $"UPN,URN,Forename,Surname,DOB,Sex,Year group,Left on\n{upn},{urn},A,Leaver,2016-01-01,F,5,19/12/2025\n";

        var answer = await house.Lead.ImportAsync(file);

        Assert.Equal(1, answer.PupilsChanged);
        Assert.Empty(await house.Lead.ListAsync(urn, "2026-01-06"));
        var last = await house.Lead.PupilAsync(urn, "Leaver", "2025-12-19");
        Assert.Equal(("2025-12-19", "2025-12-19"), (last.Enrolments.Single().To, last.Classes.Single().To));
        Assert.Equal(1, (await house.Lead.ImportAsync(file)).RowsUnchanged);
    }

    [Fact]
    public async Task Import_OfADualRegistration_CountsOnceAtTheMainSchool()
    {
        var (main, other) = (await house.SchoolAsync(), await house.SchoolAsync());
        var upn = TrackingHouse.NewUpn();
        await house.Lead.ImportAsync("UPN,URN,Forename,Surname,DOB,Sex,Year group,Subsidiary\n"
            + $"{upn},{other},A,Dual,2016-01-01,F,5,Y\n{upn},{main},A,Dual,2016-01-01,F,5,\n");

        var pupil = await house.Lead.PupilAsync(other, "Dual");
        Assert.Equal([(main, false), (other, true)], pupil.Enrolments.Select(e => (e.SchoolUrn, e.Subsidiary)));
    }

    [Fact]
    public async Task Import_WithAnIdempotencyKey_IsAnsweredOnce()
    {
        var urn = await house.SchoolAsync();
        var headers = house.Lead.With("idempotency-key", $"{Guid.NewGuid()}");
        var file = $"UPN,URN,Forename,Surname,DOB,Sex,Year group\n,{urn},A,Key,2016-01-01,F,5\n";
        var first = await house.Lead.ImportAsync(file, headers: headers);

        Assert.Equal(first, await house.Lead.ImportAsync(file, headers: headers));
        await RefusedAsync(StatusCode.FailedPrecondition, "IDEMPOTENCY_KEY_REUSED", () => house.Lead.ImportAsync(file + file, headers: headers));
    }

    [Fact]
    public async Task Import_AnyOrderOfDays_LeavesNoOverlap()
    {
        var urn = await house.SchoolAsync();
        var random = new Random(20251101);
        var upn = TrackingHouse.NewUpn();
        for (var i = 0; i < 25; i++)
        {
            var from = new DateOnly(2024, 9, 1).AddDays(random.Next(600));
            var sen = new[] { "K", "E", "N", "" }[random.Next(4)];
            var year = random.Next(3, 6);
            await house.Lead.ImportAsync(
                $"UPN,URN,Forename,Surname,DOB,Sex,Year group,Class,SEN,From\n{upn},{urn},A,Order,2016-01-01,F,{year},C{random.Next(3)},{sen},{from:yyyy-MM-dd}\n");
        }

        const string Overlaps = """
            select (select count(*) from enrolment a join enrolment b using (pupil_id, school_urn)
                    where a.enrolment_id < b.enrolment_id and a.superseded_at is null and b.superseded_at is null
                      and daterange(a.from_on, a.to_on, '[]') && daterange(b.from_on, b.to_on, '[]') and school_urn = @urn)
                 + (select count(*) from class_membership a join class_membership b using (pupil_id, school_urn)
                    where a.membership_id < b.membership_id and a.superseded_at is null and b.superseded_at is null
                      and daterange(a.from_on, a.to_on, '[]') && daterange(b.from_on, b.to_on, '[]') and school_urn = @urn)
                 + (select count(*) from pupil_fact a join pupil_fact b using (pupil_id, fact)
                    where a.fact_id < b.fact_id and a.superseded_at is null and b.superseded_at is null
                      and daterange(a.from_on, a.to_on, '[]') && daterange(b.from_on, b.to_on, '[]'))
            """;
        Assert.Equal(0, await house.ScalarAsync<long>(Overlaps, new { urn }));
    }

    [Fact]
    public async Task Imports_AtOnce_AddAPupilOnce()
    {
        var urn = await house.SchoolAsync();
        var file = $"UPN,URN,Forename,Surname,DOB,Sex,Year group\n{TrackingHouse.NewUpn()},{urn},A,Race,2016-01-01,F,5\n";

        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => house.Lead.ImportAsync(file)));

        Assert.Equal(1, answers.Sum(a => a.PupilsAdded));
        Assert.Single(await house.Lead.ListAsync(urn));
    }
}
