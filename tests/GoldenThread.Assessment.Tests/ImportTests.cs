using System.Text;
using Dapper;
using GoldenThread.Assessment.Events.V1;
using GoldenThread.Assessment.Internal.V1;
using GoldenThread.Assessment.V1;
using GoldenThread.ServiceDefaults;
using GoldenThread.TestSupport;
using GoldenThread.Type.V1;
using Google.Protobuf;
using Grpc.Core;
using static GoldenThread.TestSupport.Refusals;

namespace GoldenThread.Assessment.Tests;

public sealed class ImportTests(AssessmentHouse house)
{
    [Fact]
    public async Task Import_OfGoodAndBadRows_AppliesTheGoodAndQuarantinesTheBad()
    {
        var trust = await Trust.FoundAsync(house);
        var school = AssessmentHouse.NewUrn();
        var pupils = await trust.PupilsAsync(school, 4);
        var left = new TestPupil(school, "4") { To = new DateOnly(2025, 10, 31) };
        await house.EnrolAsync(left);
        await trust.Lead.ImportAsync(trust.Autumn.CollectionId, Trust.File(trust.Line(pupils[0], "90"), trust.Line(pupils[1], "91")));

        var answer = await trust.Lead.ImportAsync(trust.Autumn.CollectionId, Trust.File(
            trust.Line(pupils[0], "90"),
            trust.Line(pupils[1], "95"),
            trust.Line(pupils[2], "100"),
            trust.Line(pupils[3], "", code: "A"),
            trust.Line(left, "100"),
            trust.Line(pupils[2], "141", trust.MathsCode),
            trust.Line(new TestPupil(school, "4"), "99"),
            trust.Line(pupils[2], "", trust.MathsCode, "14/11/2025")));

        Assert.Equal((8, 2, 1, 1, 4), (answer.RowCount, answer.NewCount, answer.ChangedCount, answer.UnchangedCount, answer.QuarantinedCount));
        Assert.Equal(
            [(6, "PUPIL_LEFT"), (7, "SCORE_OUT_OF_RANGE"), (8, "PUPIL_NOT_YET_KNOWN"), (9, "VALUE_MISSING")],
            answer.FirstFaults.Select(f => (f.Line, f.Reason)));
        Assert.All(answer.FirstFaults, f => Assert.EndsWith(".", f.Detail));
        var told = await house.ToldAsync<ResultsRecorded>(e => e.Rows?.Any(r => r.PupilId == pupils[3].PupilId) == true);
        Assert.Equal(3, told.Rows!.Count);
        Assert.Equal("A", told.Rows.Single(r => r.PupilId == pupils[3].PupilId).Code);
    }

    [Fact]
    public async Task Import_OfTheSameFileTwice_ChangesNothing()
    {
        var trust = await Trust.FoundAsync(house);
        var pupils = await trust.PupilsAsync(AssessmentHouse.NewUrn(), 40);
        // A law, so held over drawn files: repeated rows, rows that contradict each other, rows of every kind of fault.
        var random = new Random(20251114);
        for (var round = 0; round < 5; round++)
        {
            var lines = Enumerable.Range(0, 120).Select(_ => random.Next(10) switch
            {
                0 => trust.Line(pupils[random.Next(40)], "141"),
                1 => trust.Line(new TestPupil(pupils[0].SchoolUrn, "4") { Upn = "A801200005001" }, "100"),
                2 => trust.Line(pupils[random.Next(40)], "", code: random.Next(2) == 0 ? "A" : "Q"),
                _ => trust.Line(pupils[random.Next(40)], $"{random.Next(60, 141)}", random.Next(2) == 0 ? trust.MathsCode : null),
            }).ToList();
            var file = Trust.File(lines);

            var first = await trust.Lead.ImportAsync(trust.Autumn.CollectionId, file);
            var before = await StateAsync(trust);
            var second = await trust.Lead.ImportAsync(trust.Autumn.CollectionId, file);

            Assert.Equal(first.RowCount, first.NewCount + first.ChangedCount + first.UnchangedCount + first.QuarantinedCount);
            Assert.Equal((0, 0), (second.NewCount, second.ChangedCount));
            Assert.Equal(first.QuarantinedCount, second.QuarantinedCount);
            Assert.Equal(before, await StateAsync(trust));
        }
    }

    [Fact]
    public async Task Import_AsADryRun_SaysTheSameAndKeepsNothing()
    {
        var trust = await Trust.FoundAsync(house);
        var pupils = await trust.PupilsAsync(AssessmentHouse.NewUrn(), 2);
        var file = Trust.File(trust.Line(pupils[0], "100"), trust.Line(pupils[1], "150"));

        var preview = await trust.Lead.ImportAsync(trust.Autumn.CollectionId, file, dryRun: true);
        var before = await StateAsync(trust);
        var real = await trust.Lead.ImportAsync(trust.Autumn.CollectionId, file);

        Assert.Equal(("", ""), (preview.ImportId, before));
        Assert.True(preview.DryRun);
        preview.ImportId = real.ImportId;
        preview.DryRun = false;
        Assert.Equal(real, preview);
    }

    public static TheoryData<string> Formats => ["plain", "BOM", "semicolons", "tabs", "quotes", "CRLF", "UTF-16", "other headers", "no last line end", "blank lines"];

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task Import_OfEachWritingOfCsv_ReadsTheSame(string format)
    {
        var trust = await Trust.FoundAsync(house);
        var pupil = (await trust.PupilsAsync(AssessmentHouse.NewUrn(), 1))[0];
        var plain = Trust.File(trust.Line(pupil, "104"));
        var file = format switch
        {
            "BOM" => [0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(plain)],
            "semicolons" => Encoding.UTF8.GetBytes(plain.Replace(',', ';')),
            "tabs" => Encoding.UTF8.GetBytes(plain.Replace(',', '\t')),
            "quotes" => Encoding.UTF8.GetBytes("\"" + plain.TrimEnd().Replace(",", "\",\"").Replace("\n", "\"\n\"") + "\"\n"),
            "CRLF" => Encoding.UTF8.GetBytes(plain.Replace("\n", "\r\n")),
            "UTF-16" => [.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes(plain)],
            "other headers" => Encoding.UTF8.GetBytes(plain.Replace(Trust.Header, "Unique Pupil Number,School URN,SUBJECT,Date of sitting,Standardised score,code")),
            "no last line end" => Encoding.UTF8.GetBytes(plain.TrimEnd()),
            "blank lines" => Encoding.UTF8.GetBytes(plain.Replace("\n", "\n\n")),
            _ => Encoding.UTF8.GetBytes(plain),
        };

        var answer = await trust.Lead.ImportAsync(trust.Autumn.CollectionId, file);

        Assert.Equal((1, 1), (answer.RowCount, answer.NewCount));
        var read = await trust.Lead.Results.ListPupilResultsAsync(new() { PupilId = pupil.Id }, trust.Lead.Headers);
        Assert.Equal(("104", "import"), (Assert.Single(read.Results).Score, read.Results[0].Source));
    }

    [Fact]
    public async Task Import_WithFewColumns_TakesSchoolDayAndOutcomeFromElsewhere()
    {
        var trust = await Trust.FoundAsync(house);
        var pupils = await trust.PupilsAsync(AssessmentHouse.NewUrn(), 2);
        var file = $"pupil_id,test,result,Teacher's comment\n{pupils[0].Id},\"{trust.Reading.Name}\",104,fine\n{pupils[1].Id},{trust.Reading.TestId},A,\n";

        var answer = await trust.Lead.ImportAsync(trust.Autumn.CollectionId, file, satOn: Trust.SatOn);

        Assert.Equal((2, 0), (answer.NewCount, answer.QuarantinedCount));
        Assert.Equal(["Teacher's comment"], answer.UnknownHeaders);
        var read = await trust.Lead.Results.ListSchoolResultsAsync(new() { SchoolUrn = pupils[0].SchoolUrn }, trust.Lead.Headers);
        Assert.Equal([("104", ""), ("", "A")], read.Results.OrderBy(r => r.PupilId == pupils[1].Id).Select(r => (r.Score, r.Code)));
        Assert.All(read.Results, r => Assert.Equal(Trust.SatOn, r.SatOn));
    }

    [Fact]
    public async Task Import_BySubject_FindsTheTestOfThePupilsYear()
    {
        var trust = await Trust.FoundAsync(house);
        var (year3, year4) = (await trust.TestAsync(trust.ReadingCode), await trust.TestAsync(trust.ReadingCode));
        var request = new CreateCollectionRequest
        {
            Name = $"Spring {Guid.NewGuid():N}",
            AcademicYear = "2025/26",
            OpensOn = "2026-02-01",
            DueOn = "2026-03-20",
            LocksOn = "2026-03-27",
            Tests =
            {
                new CollectionTest { TestId = year3.TestId, YearGroups = { "3" } },
                new CollectionTest { TestId = year4.TestId, YearGroups = { "4", "5" } },
                new CollectionTest { TestId = trust.Reading.TestId, YearGroups = { "5" } },
            },
        };
        var spring = (await trust.Lead.Collections.CreateCollectionAsync(request, trust.Lead.Headers)).Collection;
        var school = AssessmentHouse.NewUrn();
        TestPupil[] pupils = [.. await trust.PupilsAsync(school, 1, "3"), .. await trust.PupilsAsync(school, 1), .. await trust.PupilsAsync(school, 1, "5")];

        var answer = await trust.Lead.ImportAsync(
            spring.CollectionId, Trust.File(pupils.Select(p => trust.Line(p, "100", trust.ReadingCode.ToUpperInvariant(), "2026-03-02"))));

        Assert.Equal((2, "TEST_NOT_IN_COLLECTION"), (answer.NewCount, Assert.Single(answer.FirstFaults).Reason));
        var read = await trust.Lead.Results.ListSchoolResultsAsync(new() { SchoolUrn = school }, trust.Lead.Headers);
        Assert.Equal(
            [(pupils[0].Id, year3.TestId), (pupils[1].Id, year4.TestId)],
            read.Results.Select(r => (r.PupilId, r.TestId)).OrderBy(r => r.PupilId == pupils[1].Id));
    }

    [Fact]
    public async Task Import_OfAThousandBadRowsInTenThousand_LosesNoGoodOne()
    {
        var trust = await Trust.FoundAsync(house);
        var pupils = await trust.PupilsAsync(AssessmentHouse.NewUrn(), 300);
        var days = Enumerable.Range(0, 15).Select(d => new DateOnly(2025, 11, 3).AddDays(d).ToString("yyyy-MM-dd")).ToArray();
        var lines = from day in days from pupil in pupils from subject in new[] { trust.ReadingCode, trust.MathsCode } select (pupil, subject, day);
        var file = Trust.File(lines.Select(l => trust.Line(l.pupil, "100", l.subject, l.day))
            .Concat(Enumerable.Range(0, 1000).Select(i => trust.Line(pupils[i % 300], $"{141 + i}"))));

        var answer = await trust.Lead.ImportAsync(trust.Autumn.CollectionId, file);

        Assert.Equal((10_000, 9_000, 1_000), (answer.RowCount, answer.NewCount, answer.QuarantinedCount));
        Assert.Equal(20, answer.FirstFaults.Count);
        var kept = new List<int>();
        var page = new ListQuarantinedRowsRequest { ImportId = answer.ImportId, PageSize = 1000 };
        do
        {
            var rows = await trust.Lead.Quarantine.ListQuarantinedRowsAsync(page, trust.Lead.Headers);
            kept.AddRange(rows.Rows.Select(row => row.Line));
            page.PageToken = rows.NextPageToken;
        }
        while (page.PageToken.Length > 0);

        Assert.Equal(Enumerable.Range(9_002, 1_000), kept.Order());
        var told = await house.ToldAsync<ResultsRecorded>(e => e.Count == 9_000 && e.Schools[0].SchoolUrn == pupils[0].SchoolUrn);
        Assert.Null(told.Rows);
        using var stream = house.ServiceCaller().Changes.StreamResults(
            new() { ChangeSetId = told.ChangeSetId.ToString() }, house.ServiceCaller().Headers);
        var streamed = new List<ResultChange>();
        await foreach (var message in stream.ResponseStream.ReadAllAsync(TestContext.Current.CancellationToken))
        {
            streamed.AddRange(message.Results);
        }

        Assert.Equal(9_000, streamed.Select(r => r.ResultId).Distinct().Count());
    }

    public static TheoryData<string, StatusCode, string> Unreadable => new()
    {
        { "empty", StatusCode.InvalidArgument, "HEADER_INCOMPLETE" },
        { "header alone", StatusCode.InvalidArgument, "FILE_EMPTY" },
        { "wrong header", StatusCode.InvalidArgument, "HEADER_INCOMPLETE" },
        { "header twice", StatusCode.InvalidArgument, "HEADER_INCOMPLETE" },
        { "quote never closed", StatusCode.InvalidArgument, "FILE_UNREADABLE" },
        { "endless line", StatusCode.InvalidArgument, "FILE_UNREADABLE" },
        { "unknown collection", StatusCode.NotFound, "COLLECTION_NOT_FOUND" },
        { "collection misspelt", StatusCode.InvalidArgument, "ID_INVALID" },
        { "date misspelt", StatusCode.InvalidArgument, "DATE_INVALID" },
        { "locked", StatusCode.FailedPrecondition, "COLLECTION_LOCKED" },
    };

    [Theory]
    [MemberData(nameof(Unreadable))]
    public async Task Import_OfWhatCannotBeRead_IsRefusedByNameAndKeepsNothing(string fault, StatusCode code, string reason)
    {
        var trust = await Trust.FoundAsync(house);
        var pupil = (await trust.PupilsAsync(AssessmentHouse.NewUrn(), 1))[0];
        var good = Trust.File(trust.Line(pupil, "100"));
        var (file, collection, satOn) = fault switch
        {
            "empty" => ("", trust.Autumn.CollectionId, ""),
            "header alone" => (Trust.File(), trust.Autumn.CollectionId, ""),
            "wrong header" => (good.Replace("UPN", "Name"), trust.Autumn.CollectionId, ""),
            "header twice" => (good.Replace("Code", "Mark"), trust.Autumn.CollectionId, ""),
            "quote never closed" => (good + $"\"{trust.Line(pupil, "101")}\n", trust.Autumn.CollectionId, ""),
            "endless line" => (good + new string('x', 100_000), trust.Autumn.CollectionId, ""),
            "unknown collection" => (good, Guid.NewGuid().ToString(), ""),
            "collection misspelt" => (good, "autumn", ""),
            "date misspelt" => (good, trust.Autumn.CollectionId, "yesterday"),
            _ => (good, trust.Autumn.CollectionId, ""),
        };
        if (fault == "locked")
        {
            await trust.Lead.Collections.LockCollectionAsync(
                new() { CollectionId = collection, AcceptMissing = true, Reason = "end of term" }, trust.Lead.IfMatch(trust.Autumn.Etag));
        }

        await RefusedAsync(code, reason, () => trust.Lead.ImportAsync(collection, file, satOn: satOn));

        Assert.Equal("", await StateAsync(trust));
    }

    [Fact]
    public async Task Import_OfBytesThatAreNotUtf8_IsRefused()
    {
        var trust = await Trust.FoundAsync(house);
        var pupil = (await trust.PupilsAsync(AssessmentHouse.NewUrn(), 1))[0];
        var file = Encoding.Latin1.GetBytes(Trust.File(trust.Line(pupil, "100")).Replace(pupil.Upn, "Zoë"));

        await RefusedAsync(StatusCode.InvalidArgument, "FILE_UNREADABLE", () => trust.Lead.ImportAsync(trust.Autumn.CollectionId, file));
    }

    [Fact]
    public async Task Import_OfMalformedRows_QuarantinesThemAsGiven()
    {
        var trust = await Trust.FoundAsync(house);
        var pupils = await trust.PupilsAsync(AssessmentHouse.NewUrn(), 3);
        var file = Trust.File(
            trust.Line(pupils[0], "100"),
            trust.Line(pupils[1], "10\"0"),
            trust.Line(pupils[2], "100") + ",one too many",
            "\u0000,,,,,",
            "A801200005001,12,,,x,y");

        var answer = await trust.Lead.ImportAsync(trust.Autumn.CollectionId, file);

        Assert.Equal((1, 4), (answer.NewCount, answer.QuarantinedCount));
        Assert.Equal(["ROW_MALFORMED", "ROW_MALFORMED", "UPN_INVALID", "UPN_INVALID"], answer.FirstFaults.Select(f => f.Reason));
    }

    [Fact]
    public async Task Import_OfTheSameRowTwice_TakesTheFirstAndSaysSoOfTheSecond()
    {
        var trust = await Trust.FoundAsync(house);
        var pupil = (await trust.PupilsAsync(AssessmentHouse.NewUrn(), 1))[0];

        var answer = await trust.Lead.ImportAsync(trust.Autumn.CollectionId, Trust.File(trust.Line(pupil, "100"), trust.Line(pupil, "101")));

        Assert.Equal((1, 1), (answer.NewCount, answer.QuarantinedCount));
        Assert.Equal((3, "DUPLICATE_ROW"), (answer.FirstFaults[0].Line, answer.FirstFaults[0].Reason));
    }

    [Fact]
    public async Task Import_OfAValueTooLongToKeep_CutsItBetweenTwoCharacters()
    {
        var trust = await Trust.FoundAsync(house);
        var pupil = (await trust.PupilsAsync(AssessmentHouse.NewUrn(), 1))[0];
        var nines = new string('9', 199);

        var answer = await trust.Lead.ImportAsync(trust.Autumn.CollectionId, Trust.File(trust.Line(pupil, nines + "😀 and more")));

        Assert.Equal((0, 1), (answer.NewCount, answer.QuarantinedCount));
        var rows = await trust.Lead.Quarantine.ListQuarantinedRowsAsync(new() { ImportId = answer.ImportId }, trust.Lead.Headers);
        Assert.Equal(nines, Assert.Single(rows.Rows).Fields.Score);
    }

    [Fact]
    public async Task Import_ThatBreaksOff_LeavesNothing()
    {
        var trust = await Trust.FoundAsync(house);
        var pupils = await trust.PupilsAsync(AssessmentHouse.NewUrn(), 2);
        using var stop = new CancellationTokenSource();
        using var call = trust.Lead.Results.ImportResults(trust.Lead.Headers, cancellationToken: stop.Token);
        await call.RequestStream.WriteAsync(new ImportResultsRequest
        {
            CollectionId = trust.Autumn.CollectionId,
            File = new() { Data = ByteString.CopyFromUtf8(Trust.File(trust.Line(pupils[0], "100"))) },
        }, TestContext.Current.CancellationToken);

        await stop.CancelAsync();

        await Assert.ThrowsAsync<RpcException>(async () => await call);
        await trust.RecordAsync(pupils[1], "100");
        Assert.Equal("manual 100", await StateAsync(trust));
    }

    [Fact]
    public async Task Import_WithAnIdempotencyKey_AnswersTheSameAndRefusesAnotherFile()
    {
        var trust = await Trust.FoundAsync(house);
        var pupil = (await trust.PupilsAsync(AssessmentHouse.NewUrn(), 1))[0];
        var headers = trust.Lead.With("idempotency-key", Guid.NewGuid().ToString());

        var first = await trust.Lead.ImportAsync(trust.Autumn.CollectionId, Trust.File(trust.Line(pupil, "100")), headers: headers);
        var second = await trust.Lead.ImportAsync(trust.Autumn.CollectionId, Trust.File(trust.Line(pupil, "100")), headers: headers);

        Assert.Equal(first, second);
        await RefusedAsync(StatusCode.FailedPrecondition, "IDEMPOTENCY_KEY_REUSED",
            () => trust.Lead.ImportAsync(trust.Autumn.CollectionId, Trust.File(trust.Line(pupil, "101")), headers: headers));
    }

    [Fact]
    public async Task Import_ReachesNoFurtherThanItsCaller()
    {
        var trust = await Trust.FoundAsync(house);
        var school = AssessmentHouse.NewUrn();
        var mine = new TestPupil(school, "4") { ClassId = Guid.NewGuid() };
        var other = new TestPupil(school, "4") { ClassId = Guid.NewGuid() };
        var foreign = new TestPupil(AssessmentHouse.NewUrn(), "4");
        await house.EnrolAsync(mine, other, foreign);
        var teacher = await house.CallerAsync(
            AssessmentHouse.AllScopes, new TestGrant(Role.Teacher) { SchoolUrn = school, ClassIds = [mine.ClassId!.Value] });

        var answer = await teacher.ImportAsync(
            trust.Autumn.CollectionId, Trust.File(trust.Line(mine, "100"), trust.Line(other, "100"), trust.Line(foreign, "100")));

        Assert.Equal(1, answer.NewCount);
        Assert.Equal(["PUPIL_NOT_YET_KNOWN", "SCHOOL_NOT_FOUND"], answer.FirstFaults.Select(f => f.Reason));
    }

    [Fact]
    public async Task Upload_BeyondTheLimit_IsRefused()
    {
        await using var upload = new UploadStream<ImportResultsRequest>(new Pieces(5, 1000), message => message.File, 4_000, Errors.UploadTooLarge);
        await upload.BeginAsync(_ => "", TestContext.Current.CancellationToken);

        await RefusedAsync(StatusCode.ResourceExhausted, "UPLOAD_TOO_LARGE", () => upload.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken));
    }

    /// <summary>The results of the trust's collection and its quarantine, as one text.</summary>
    private async Task<string> StateAsync(Trust trust)
    {
        const string Sql = """
            select coalesce(string_agg(line, '; ' order by line), '') from (
                select source || ' ' || coalesce(score::text, code) || case when version > 1 then ' v' || version else '' end as line
                from result where collection_id = @id
                union all
                select 'waits ' || reason || ' ' || line from quarantined_row where collection_id = @id
            ) state
            """;
        await using var connection = await house.Database.OpenConnectionAsync();
        return (await connection.ExecuteScalarAsync<string>(Sql, new { id = Guid.Parse(trust.Autumn.CollectionId) }))!;
    }

    private sealed class Pieces(int count, int size) : IAsyncStreamReader<ImportResultsRequest>
    {
        private int sent;

        public ImportResultsRequest Current { get; } = new() { File = new() { Data = ByteString.CopyFrom(new byte[size]) } };

        public Task<bool> MoveNext(CancellationToken cancellationToken) => Task.FromResult(sent++ < count);
    }
}
