using GoldenThread.Assessment.Events.V1;
using GoldenThread.Assessment.V1;
using GoldenThread.ServiceDefaults;
using GoldenThread.Type.V1;
using Grpc.Core;
using static GoldenThread.TestSupport.Refusals;

namespace GoldenThread.Assessment.Tests;

public sealed class DefinitionTests(AssessmentHouse house)
{
    [Fact]
    public async Task ATest_IsToldOfWithItsScaleBandsAndCodes()
    {
        var trust = await Trust.FoundAsync(house);

        var told = await house.ToldAsync<TestChanged>(e => e.TestId.ToString() == trust.Reading.TestId);

        Assert.Equal((1L, trust.ReadingCode, 60m, 140m), (told.Version, told.Subject, told.LowestScore, told.HighestScore));
        Assert.Equal((100m, 15m, 0.9m), (told.Mean, told.StandardDeviation, told.Reliability));
        Assert.Equal([("Working towards", 60m, true), ("Expected", 93m, false), ("Greater depth", 113m, false)], told.Bands.Select(b => (b.Name, b.From, b.IsLow)));
        Assert.Equal([("A", true), ("L", false)], told.Codes.Select(c => (c.Code, c.CountsAsNotMet)));
    }

    [Fact]
    public async Task UpdateTest_ChangesWhatIsGivenAndNoMore()
    {
        var trust = await Trust.FoundAsync(house);
        var request = new UpdateTestRequest { TestId = trust.Reading.TestId, Reliability = "0.95", ExpectedFrom = "" };

        var changed = (await trust.Lead.Tests.UpdateTestAsync(request, trust.Lead.IfMatch(trust.Reading.Etag))).Test;

        Assert.Equal(("0.95", false, 3, trust.Reading.Name), (changed.Reliability, changed.HasExpectedFrom, changed.Bands.Count, changed.Name));
        Assert.Equal(changed, (await trust.Lead.Tests.GetTestAsync(new() { TestId = changed.TestId }, trust.Lead.Headers)).Test);
        await RefusedAsync(StatusCode.Aborted, "ETAG_MISMATCH", async () => await trust.Lead.Tests.UpdateTestAsync(request, trust.Lead.IfMatch(trust.Reading.Etag)));
        await RefusedAsync(StatusCode.FailedPrecondition, "IF_MATCH_REQUIRED", async () => await trust.Lead.Tests.UpdateTestAsync(request, trust.Lead.Headers));
    }

    [Fact]
    public async Task ATest_IsToldOfAsTheNationalOne_OnlyOnceItIsMarkedSo()
    {
        var trust = await Trust.FoundAsync(house);
        Assert.False(trust.Reading.Statutory);
        Assert.False((await house.ToldAsync<TestChanged>(e => e.TestId.ToString() == trust.Reading.TestId)).Statutory);

        var marked = (await trust.Lead.Tests.UpdateTestAsync(
            new() { TestId = trust.Reading.TestId, Statutory = true }, trust.Lead.IfMatch(trust.Reading.Etag))).Test;
        var renamed = (await trust.Lead.Tests.UpdateTestAsync(
            new() { TestId = trust.Reading.TestId, Reliability = "0.95" }, trust.Lead.IfMatch(marked.Etag))).Test;

        Assert.True(marked.Statutory);
        Assert.True(renamed.Statutory);
        Assert.Equal(renamed, (await trust.Lead.Tests.GetTestAsync(new() { TestId = marked.TestId }, trust.Lead.Headers)).Test);
        await house.ToldAsync<TestChanged>(e => e.TestId.ToString() == trust.Reading.TestId && e.Version == 3 && e.Statutory == true);
        var made = await trust.Lead.Tests.CreateTestAsync(
            new() { Name = $"National {Guid.NewGuid():N}", Subject = trust.ReadingCode, Scale = trust.Scale, Statutory = true }, trust.Lead.Headers);
        Assert.True(made.Test.Statutory);
    }

    [Fact]
    public async Task AScale_CarriesItsChangeToItsTests_AndKeepsWhatWasRecorded()
    {
        var trust = await Trust.FoundAsync(house);
        var pupil = (await trust.PupilsAsync(AssessmentHouse.NewUrn(), 1))[0];
        await trust.RecordAsync(pupil, "70");
        var wider = trust.ScaleRequest();
        wider.HighestScore = "145";

        await trust.Lead.Scales.PutScaleAsync(wider, trust.Lead.Headers);

        await house.ToldAsync<TestChanged>(e => e.TestId.ToString() == trust.Reading.TestId && e.HighestScore == 145m && e.Version == 2);
        var narrower = trust.ScaleRequest();
        narrower.LowestScore = "71";
        await RefusedAsync(StatusCode.FailedPrecondition, "SCALE_IN_USE", async () => await trust.Lead.Scales.PutScaleAsync(narrower, trust.Lead.Headers));
        Assert.Equal("60", (await trust.Lead.Scales.GetScaleAsync(new() { Code = trust.Scale }, trust.Lead.Headers)).Scale.LowestScore);
    }

    [Fact]
    public async Task PutScale_WithIfMatch_ReplacesThatVersionAlone()
    {
        var trust = await Trust.FoundAsync(house);
        var standing = (await trust.Lead.Scales.GetScaleAsync(new() { Code = trust.Scale }, trust.Lead.Headers)).Scale;
        var wider = trust.ScaleRequest();
        wider.HighestScore = "145";
        var another = trust.ScaleRequest();
        another.Code = $"new-{Guid.NewGuid():N}";

        var changed = (await trust.Lead.Scales.PutScaleAsync(wider, trust.Lead.IfMatch(standing.Etag))).Scale;

        Assert.Equal(("145", true), (changed.HighestScore, changed.Etag != standing.Etag));
        await RefusedAsync(StatusCode.Aborted, "ETAG_MISMATCH",
            async () => await trust.Lead.Scales.PutScaleAsync(trust.ScaleRequest(), trust.Lead.IfMatch(standing.Etag)));
        Assert.Equal(changed, (await trust.Lead.Scales.GetScaleAsync(new() { Code = trust.Scale }, trust.Lead.Headers)).Scale);
        await RefusedAsync(StatusCode.Aborted, "ETAG_MISMATCH", async () => await trust.Lead.Scales.PutScaleAsync(another, trust.Lead.IfMatch("\"1\"")));
        await RefusedAsync(StatusCode.NotFound, "SCALE_NOT_FOUND",
            async () => await trust.Lead.Scales.GetScaleAsync(new() { Code = another.Code }, trust.Lead.Headers));
        var ofOneSchool = await house.CallerAsync(Role.DataLead, AssessmentHouse.NewUrn());
        await RefusedAsync(StatusCode.PermissionDenied, "TRUST_GRANT_NEEDED",
            async () => await ofOneSchool.Scales.PutScaleAsync(wider, ofOneSchool.IfMatch(standing.Etag)));
    }

    [Fact]
    public async Task PutSubject_ByTwoWhoReadTheSame_LetsOneOfThemThrough()
    {
        var trust = await Trust.FoundAsync(house);
        var standing = (await trust.Lead.Subjects.GetSubjectAsync(new() { Code = trust.ReadingCode }, trust.Lead.Headers)).Subject;
        async Task<string?> RenameAsync(string name)
        {
            try
            {
                return (await trust.Lead.Subjects.PutSubjectAsync(new() { Code = trust.ReadingCode, Name = name }, trust.Lead.IfMatch(standing.Etag))).Subject.Name;
            }
            catch (RpcException e) when (ReasonOf(e) == "ETAG_MISMATCH")
            {
                return null;
            }
        }

        var written = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => RenameAsync($"Name {i}")));

        var name = Assert.Single(written, n => n is not null);
        Assert.Equal(name, (await trust.Lead.Subjects.GetSubjectAsync(new() { Code = trust.ReadingCode }, trust.Lead.Headers)).Subject.Name);
        await RefusedAsync(StatusCode.Aborted, "ETAG_MISMATCH",
            async () => await trust.Lead.Subjects.PutSubjectAsync(new() { Code = $"new-{Guid.NewGuid():N}", Name = "New" }, trust.Lead.IfMatch(standing.Etag)));
        var ofOneSchool = await house.CallerAsync(Role.DataLead, AssessmentHouse.NewUrn());
        await RefusedAsync(StatusCode.PermissionDenied, "TRUST_GRANT_NEEDED",
            async () => await ofOneSchool.Subjects.PutSubjectAsync(new() { Code = trust.ReadingCode, Name = "Mine" }, ofOneSchool.IfMatch(standing.Etag)));
    }

    public static TheoryData<string, StatusCode, string> TestFaults => new()
    {
        { "bands downwards", StatusCode.InvalidArgument, "TEST_INVALID" },
        { "low band above", StatusCode.InvalidArgument, "TEST_INVALID" },
        { "bands off the scale", StatusCode.InvalidArgument, "TEST_INVALID" },
        { "first band too high", StatusCode.InvalidArgument, "TEST_INVALID" },
        { "expected off the scale", StatusCode.InvalidArgument, "TEST_INVALID" },
        { "reliability of 1", StatusCode.InvalidArgument, "TEST_INVALID" },
        { "year group unknown", StatusCode.InvalidArgument, "YEAR_GROUP_INVALID" },
        { "name missing", StatusCode.InvalidArgument, "TEXT_MISSING" },
        { "name too long", StatusCode.InvalidArgument, "TEXT_TOO_LONG" },
        { "name with NUL", StatusCode.InvalidArgument, "TEXT_INVALID" },
        { "name taken", StatusCode.AlreadyExists, "TEST_NAME_TAKEN" },
        { "subject unknown", StatusCode.NotFound, "SUBJECT_NOT_FOUND" },
        { "scale unknown", StatusCode.NotFound, "SCALE_NOT_FOUND" },
    };

    [Theory]
    [MemberData(nameof(TestFaults))]
    public async Task CreateTest_WithAFault_IsRefusedByName(string fault, StatusCode code, string reason)
    {
        var trust = await Trust.FoundAsync(house);
        var request = new CreateTestRequest { Name = $"Test {Guid.NewGuid():N}", Subject = trust.ReadingCode, Scale = trust.Scale };
        switch (fault)
        {
            case "bands downwards": request.Bands.AddRange([Band("60"), Band("50")]); break;
            case "low band above": request.Bands.AddRange([Band("60"), Band("90", low: true)]); break;
            case "bands off the scale": request.Bands.AddRange([Band("60"), Band("141")]); break;
            case "first band too high": request.Bands.Add(Band("61")); break;
            case "expected off the scale": request.ExpectedFrom = "200"; break;
            case "reliability of 1": request.Reliability = "1"; break;
            case "year group unknown": request.YearGroups.Add("14"); break;
            case "name missing": request.Name = " "; break;
            case "name too long": request.Name = new string('x', 101); break;
            case "name with NUL": request.Name = "a\0b"; break;
            case "name taken": request.Name = trust.Reading.Name; break;
            case "subject unknown": request.Subject = "no-such-subject"; break;
            case "scale unknown": request.Scale = "no-such-scale"; break;
        }

        await RefusedAsync(code, reason, async () => await trust.Lead.Tests.CreateTestAsync(request, trust.Lead.Headers));
    }

    public static TheoryData<string, string> ScaleFaults => new()
    {
        { "kind missing", "SCALE_INVALID" },
        { "kind unknown", "SCALE_INVALID" },
        { "upside down", "SCALE_INVALID" },
        { "too many decimals", "SCALE_INVALID" },
        { "deviation of 0", "SCALE_INVALID" },
        { "a code that is a number", "SCALE_INVALID" },
        { "a code twice", "SCALE_INVALID" },
        { "no number", "NUMBER_INVALID" },
        { "code misspelt", "CODE_INVALID" },
    };

    [Theory]
    [MemberData(nameof(ScaleFaults))]
    public async Task PutScale_WithAFault_IsRefusedByName(string fault, string reason)
    {
        var trust = await Trust.FoundAsync(house);
        var request = trust.ScaleRequest();
        switch (fault)
        {
            case "kind missing": request.Kind = ScaleKind.Unspecified; break;
            case "kind unknown": request.Kind = (ScaleKind)99; break;
            case "upside down": request.LowestScore = "150"; break;
            case "too many decimals": request.Decimals = 9; break;
            case "deviation of 0": request.StandardDeviation = "0"; break;
            case "a code that is a number": request.Codes[0].Code = "5"; break;
            case "a code twice": request.Codes[0].Code = "L"; break;
            case "no number": request.LowestScore = "sixty"; break;
            case "code misspelt": request.Code = "Not a code"; break;
        }

        await RefusedAsync(StatusCode.InvalidArgument, reason, async () => await trust.Lead.Scales.PutScaleAsync(request, trust.Lead.Headers));
    }

    [Fact]
    public async Task PageToken_ThatIsMadeUpByOurOwnRule_IsRefusedAllTheSame()
    {
        var trust = await Trust.FoundAsync(house);
        // Its checksum is no secret.
        var forged = Paging.Token("tests ", "no id");

        await RefusedAsync(StatusCode.InvalidArgument, "PAGE_TOKEN_INVALID",
            async () => await trust.Lead.Tests.ListTestsAsync(new() { PageToken = forged }, trust.Lead.Headers));
    }

    [Fact]
    public async Task Subjects_AreRenamedByTheirCode()
    {
        var trust = await Trust.FoundAsync(house);

        await trust.Lead.Subjects.PutSubjectAsync(new() { Code = trust.ReadingCode, Name = "Reading" }, trust.Lead.Headers);

        Assert.Equal("Reading", (await trust.Lead.Subjects.GetSubjectAsync(new() { Code = trust.ReadingCode }, trust.Lead.Headers)).Subject.Name);
        await RefusedAsync(StatusCode.NotFound, "SUBJECT_NOT_FOUND",
            async () => await trust.Lead.Subjects.GetSubjectAsync(new() { Code = "no-such-subject" }, trust.Lead.Headers));
        var tests = await trust.Lead.Tests.ListTestsAsync(new() { Subject = trust.ReadingCode }, trust.Lead.Headers);
        Assert.Equal(trust.Reading, Assert.Single(tests.Tests));
    }

    private static Band Band(string from, bool low = false) => new() { Name = $"from {from}", FromScore = from, IsLow = low };
}
