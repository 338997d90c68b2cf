using System.Text;
using GoldenThread.Reporting.V1;
using GoldenThread.ServiceDefaults;
using GoldenThread.TestSupport;
using GoldenThread.Tracking.Events.V1;
using GoldenThread.Type.V1;
using Grpc.Core;

namespace GoldenThread.Tests;

/// <summary>Published figures: imported through the door, never mended, never zero where the publisher gave none.</summary>
public sealed class BenchmarkTests(ReportingHouse house)
{
    private const string ImportScopes = "benchmarks.read benchmarks.write reports.read";
    private const string Header = "measure,breakdown,academic_year_ending,value,unit,release,source\n";

    [Fact]
    public async Task Pack_IsImportedWhole_AndTheSameFileAgainChangesNothing()
    {
        var lead = await LeadAsync();
        var file = await File.ReadAllBytesAsync(Repository.File("packs/national-averages/national-averages.csv"), TestContext.Current.CancellationToken);
        var lines = Encoding.UTF8.GetString(file).Trim().Split('\n').Length - 1;

        var first = await lead.ImportAsync("national-averages", file);
        var second = await lead.ImportAsync("national-averages", file);

        Assert.Equal((lines, lines, 0), (first.Lines, first.Figures, first.Refused));
        Assert.Equal((0, 0, lines), (second.Added, second.Changed, second.Unchanged));
        Assert.Empty(first.UnmappedColumns);
        var answer = await lead.Benchmarks.ListBenchmarksAsync(
            new() { Measure = "ks2_reading_expected", Breakdown = "all", AcademicYearEnding = 2025, Geography = Geography.National }, lead.Headers);
        var reading = Assert.Single(answer.Benchmarks);
        Assert.Equal((75.0, "percent", "final"), (reading.Figure.Value, reading.Unit, reading.Release));
        Assert.NotEmpty(reading.Source);
    }

    [Fact]
    public async Task Attainment_OfYearSix_StandsBesideTheNationalFigure_WithItsYearAndCautions()
    {
        await PackAsync();
        var cohort = new Cohort { YearGroup = "6", Scale = "scaled", Statutory = true };
        await cohort.TellAsync(house, 40, 12, inGroup: 15);
        var lead = await LeadAsync();

        var rows = await Eventually.Async(async () =>
        {
            var all = await lead.AttainmentAsync(new() { CollectionId = cohort.CollectionId.ToString() });
            Assert.Equal(40, all.Single(r => !r.HasGroup).Figures.Pupils.Value);
            return all;
        });

        var whole = rows.Single(r => !r.HasGroup).Benchmarks.Single(b => b.Benchmark.Unit == "percent");
        Assert.Equal(("ks2_reading_expected", "all", 2025), (whole.Benchmark.Measure, whole.Benchmark.Breakdown, whole.Benchmark.AcademicYearEnding));
        Assert.Equal(-45, whole.Difference.Estimate.Point, 6);
        Assert.Equal(BenchmarkRelation.Below, whole.Relation);
        // The collection is of 2025/26, for which nothing is published yet.
        Assert.Contains("2024/25", Assert.Single(whole.Cautions), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(40, 30, BenchmarkRelation.NotDifferent)]
    [InlineData(40, 40, BenchmarkRelation.Above)]
    [InlineData(10, 10, BenchmarkRelation.TooFew)]
    public async Task Relation_ToANationalConstant_ComesFromTheSchoolsOwnInterval(int pupils, int met, BenchmarkRelation relation)
    {
        await PackAsync();
        var cohort = new Cohort { YearGroup = "6", Scale = "scaled", Statutory = true };
        await cohort.TellAsync(house, pupils, met);
        var lead = await LeadAsync();

        await Eventually.Async(async () =>
        {
            var row = Assert.Single(await lead.AttainmentAsync(new() { CollectionId = cohort.CollectionId.ToString(), Group = "all" }));
            Assert.Equal(pupils, row.Figures.Pupils.Value);
            Assert.Equal(relation, row.Benchmarks.Single(b => b.Benchmark.Unit == "percent").Relation);
        });
    }

    [Fact]
    public async Task NationalFigure_IsForResultsOnTheMeasuresOwnScale_AndForNoOthers()
    {
        await PackAsync();
        var standardised = new Cohort { YearGroup = "6", Statutory = true };
        await standardised.TellAsync(house, 40, 20);
        var mixed = new Cohort { YearGroup = "6", Scale = "scaled", Statutory = true };
        await mixed.TellAsync(house, 39, 20);
        var other = new Cohort { YearGroup = "6", Statutory = true, SchoolUrn = mixed.SchoolUrn, CollectionId = mixed.CollectionId };
        await house.PublishAsync(other.Test());
        await house.PublishAsync(other.Enrol(1));
        await house.PublishAsync(other.Results(1));

        foreach (var cohort in new[] { standardised, mixed })
        {
            await house.SettledAsync();
            var row = await WholeAsync(cohort, 40);
            Assert.Empty(row.Benchmarks);
            var overview = await OverviewOfAsync(cohort);
            Assert.Empty(Assert.Single(overview.Subjects).National);
        }

        var scaled = new Cohort { YearGroup = "6", Scale = "scaled", Statutory = true };
        await scaled.TellAsync(house, 40, 20);
        Assert.Equal(
            ["ks2_reading_expected", "ks2_reading_mean_scaled"],
            (await WholeAsync(scaled, 40)).Benchmarks.Select(b => b.Benchmark.Measure).Order(StringComparer.Ordinal));
        Assert.Equal(2, Assert.Single(Assert.Single((await OverviewOfAsync(scaled)).Subjects).National).Benchmarks.Count);
    }

    [Fact]
    public async Task NationalFigure_IsForTheNationalTest_AndForNoPracticePaperOnItsScale()
    {
        await PackAsync();
        var national = new Cohort { YearGroup = "6", Scale = "scaled", Statutory = true };
        var practice = new Cohort { YearGroup = "6", Scale = "scaled", CollectionId = national.CollectionId };
        await national.TellAsync(house, 40, 20);
        await practice.TellAsync(house, 30, 20);
        await house.SettledAsync();

        Assert.Equal(2, (await WholeAsync(national, 40)).Benchmarks.Count);
        Assert.Empty((await WholeAsync(practice, 30)).Benchmarks);
        Assert.NotEmpty(Assert.Single((await OverviewOfAsync(national)).Subjects).National);
        Assert.Empty(Assert.Single((await OverviewOfAsync(practice)).Subjects).National);
        var lead = await LeadAsync();
        var trust = new ListAttainmentRequest { CollectionId = national.CollectionId.ToString(), Level = AttainmentLevel.Trust, Group = "all" };
        Assert.Empty(Assert.Single(await lead.AttainmentAsync(trust)).Benchmarks);

        // What says nothing of it leaves it as it is.
        await house.PublishAsync(national.Test(version: 2) with { Statutory = null });
        await house.PublishAsync(practice.Test(version: 2) with { Statutory = true });
        await house.SettledAsync();

        Assert.Equal(2, (await WholeAsync(national, 40)).Benchmarks.Count);
        Assert.Equal(2, (await WholeAsync(practice, 30)).Benchmarks.Count);
        Assert.Equal(2, Assert.Single(await lead.AttainmentAsync(trust)).Benchmarks.Count);
    }

    [Fact]
    public async Task NationalPercentage_StandsBesideACohortWithoutAnyScore_BecauseTheTestsScaleIsKnown()
    {
        await PackAsync();
        var cohort = new Cohort { YearGroup = "6", Subject = "writing", Scale = "ks2-teacher-assessment", Statutory = true };
        await cohort.TellAsync(house, 0, 0);
        await house.PublishAsync(cohort.Enrol(12));
        await house.PublishAsync(Cohort.Recorded([.. cohort.Pupils.Select(id => cohort.Result(id, null, "A"))]));

        var benchmark = Assert.Single((await WholeAsync(cohort, 12)).Benchmarks);

        Assert.Equal(("ks2_writing_ta_expected", BenchmarkRelation.Below), (benchmark.Benchmark.Measure, benchmark.Relation));
    }

    [Theory]
    [InlineData(3, BenchmarkRelation.TooFew, false)]
    [InlineData(10, BenchmarkRelation.TooFew, false)]
    [InlineData(11, BenchmarkRelation.Above, true)]
    public async Task Mean_OfFewScoresAmongManyPupils_BearsNoRelation(int scored, BenchmarkRelation relation, bool largeEnough)
    {
        await PackAsync();
        var cohort = new Cohort { YearGroup = "6", Scale = "scaled", Statutory = true };
        await cohort.TellAsync(house, 0, 0);
        await house.PublishAsync(cohort.Enrol(13));
        await house.PublishAsync(Cohort.Recorded([.. cohort.Pupils.Select((id, i) => i < scored ? cohort.Result(id, 118 + (i % 3)) : cohort.Result(id, null, "A"))]));

        var row = await WholeAsync(cohort, 13);

        Assert.Equal(relation, row.Benchmarks.Single(b => b.Benchmark.Unit == "scaled_score").Relation);
        Assert.NotEqual(BenchmarkRelation.TooFew, row.Benchmarks.Single(b => b.Benchmark.Unit == "percent").Relation);
        Assert.Equal(largeEnough, row.LargeEnoughToJudge);
    }

    [Fact]
    public async Task Mean_OfScoresThatAreAllEqual_BearsNoRelation_SinceItHasNoInterval()
    {
        await PackAsync();
        var cohort = new Cohort { YearGroup = "6", Scale = "scaled", Statutory = true };
        await cohort.TellAsync(house, 20, 20);

        var row = await WholeAsync(cohort, 20);

        Assert.Equal(BenchmarkRelation.Unspecified, row.Benchmarks.Single(b => b.Benchmark.Unit == "scaled_score").Relation);
        Assert.Equal(BenchmarkRelation.Above, row.Benchmarks.Single(b => b.Benchmark.Unit == "percent").Relation);
    }

    [Fact]
    public async Task Csv_TellsOfABenchmarkItsRelationAndCautions_AndWhetherThePupilsAreEnough()
    {
        await PackAsync();
        var cohort = new Cohort { YearGroup = "6", Scale = "scaled", Statutory = true };
        await cohort.TellAsync(house, 40, 12);
        var few = new Cohort { YearGroup = "6", Scale = "scaled", Statutory = true, CollectionId = cohort.CollectionId, TestId = cohort.TestId };
        await house.PublishAsync(few.School("Yew"));
        await house.PublishAsync(few.Enrol(9));
        await house.PublishAsync(few.Results(5));
        await WholeAsync(cohort, 40);
        await WholeAsync(few, 9);

        Assert.Equal("below", await CellAsync(cohort, "benchmark_relation"));
        Assert.Contains("2024/25", await CellAsync(cohort, "benchmark_cautions"), StringComparison.Ordinal);
        Assert.Equal("yes", await CellAsync(cohort, "large_enough_to_judge"));
        Assert.Equal("too few", await CellAsync(few, "benchmark_relation"));
        Assert.Equal("no", await CellAsync(few, "large_enough_to_judge"));
    }

    [Theory]
    [InlineData("2016/17", "2018/19", false)]
    [InlineData("2017/18", "2018/19", true)]
    public async Task Years_AcrossABreak_AreFlagged(string published, string asked, bool comparable)
    {
        var lead = await LeadAsync();
        var subject = $"rwm-{Guid.NewGuid():N}";
        var measure = $"ks2_rwm_{Guid.NewGuid():N}";
        await using (var command = house.Database.CreateCommand($"insert into benchmark_use values ('{measure}', '{subject}', '6', 'percent_met', 'standardised')"))
        {
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        var ending = 2000 + int.Parse(published[5..], System.Globalization.CultureInfo.InvariantCulture);
        await lead.ImportAsync("one", Encoding.UTF8.GetBytes($"{Header}{measure},all,{ending},61,percent,final,DfE\n"));
        var cohort = new Cohort { YearGroup = "6", Subject = subject, Statutory = true };
        await cohort.TellAsync(house, 20, 10);
        await house.PublishAsync(cohort.Collection(version: 2) with { AcademicYear = asked });

        await Eventually.Async(async () =>
        {
            var row = Assert.Single(await lead.AttainmentAsync(new() { CollectionId = cohort.CollectionId.ToString(), Group = "all" }));
            var benchmark = Assert.Single(row.Benchmarks);
            Assert.Contains(benchmark.Cautions, c => c.Contains(published, StringComparison.Ordinal));
            Assert.Equal(comparable, !benchmark.Cautions.Any(c => c.Contains("framework changed in 2018", StringComparison.Ordinal)));
        });
    }

    [Fact]
    public async Task BetterRelease_OfTheSameFigure_IsTheOneThatCounts()
    {
        var lead = await LeadAsync();
        var subject = $"gps-{Guid.NewGuid():N}";
        var measure = $"m-{Guid.NewGuid():N}";
        await using (var command = house.Database.CreateCommand($"insert into benchmark_use values ('{measure}', '{subject}', '6', 'percent_met', 'standardised')"))
        {
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        await lead.ImportAsync("one", Encoding.UTF8.GetBytes(
            $"{Header}{measure},all,2026,70,percent,final,DfE\n{measure},all,2026,60,percent,provisional,DfE\n"));
        var cohort = new Cohort { YearGroup = "6", Subject = subject, Statutory = true };
        await cohort.TellAsync(house, 20, 10);

        await Eventually.Async(async () =>
        {
            var row = Assert.Single(await lead.AttainmentAsync(new() { CollectionId = cohort.CollectionId.ToString(), Group = "all" }));
            var benchmark = Assert.Single(row.Benchmarks);
            Assert.Equal((70.0, "final"), (benchmark.Benchmark.Figure.Value, benchmark.Benchmark.Release));
            Assert.Empty(benchmark.Cautions);
        });
    }

    [Fact]
    public async Task Figure_InAnotherUnitThanPercent_StandsBesideNoPercentage()
    {
        var lead = await LeadAsync();
        var subject = $"gps-{Guid.NewGuid():N}";
        var measure = $"m-{Guid.NewGuid():N}";
        await using (var command = house.Database.CreateCommand($"insert into benchmark_use values ('{measure}', '{subject}', '6', 'percent_met', 'standardised')"))
        {
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        // A later file gives shares of 1: 60% is not 59 points above 0.75.
        await lead.ImportAsync("one", Encoding.UTF8.GetBytes($"{Header}{measure},all,2025,70,percent,final,DfE\n{measure},all,2026,0.75,share,final,DfE\n"));
        var cohort = new Cohort { YearGroup = "6", Subject = subject, Statutory = true };
        await cohort.TellAsync(house, 20, 12);

        var benchmark = Assert.Single((await WholeAsync(cohort, 20)).Benchmarks);

        Assert.Equal((2025, "percent"), (benchmark.Benchmark.AcademicYearEnding, benchmark.Benchmark.Unit));
        Assert.Equal(-10, benchmark.Difference.Estimate.Point, 6);
    }

    [Theory]
    [InlineData("SUPP", "SUPPRESSED_AT_SOURCE")]
    [InlineData("NA", "NOT_APPLICABLE")]
    [InlineData("NEW", "NEW_SCHOOL")]
    [InlineData("LOWCOV", "LOW_COVERAGE")]
    [InlineData("x", "NOT_AVAILABLE")]
    [InlineData("z", "NOT_APPLICABLE")]
    public async Task Marker_IsRedactedWithItsReason_NeverZero(string marker, string reason)
    {
        var lead = await LeadAsync();
        var measure = $"marker-{Guid.NewGuid():N}";

        var import = await lead.ImportAsync("markers", Encoding.UTF8.GetBytes($"{Header}{measure},all,2025,{marker},percent,final,DfE\n"));

        Assert.Equal((1, 1, 0), (import.Figures, import.Withheld, import.Refused));
        var figure = Assert.Single((await lead.Benchmarks.ListBenchmarksAsync(new() { Measure = measure }, lead.Headers)).Benchmarks).Figure;
        Assert.Equal(Figure.ShownOneofCase.Redacted, figure.ShownCase);
        Assert.Equal(reason, figure.Redacted.Reason);
    }

    [Fact]
    public async Task BadLines_AreCountedAndTold_AndTheGoodOnesAreTaken()
    {
        var lead = await LeadAsync();
        var measure = $"bad-{Guid.NewGuid():N}";
        string[] bad = ["all,2025,nine,percent,final,DfE", "all,2025,101,percent,final,DfE", "all,25,61,percent,final,DfE", "all,2025,61,percent,late,DfE", "all,2025,61"];
        var file = Header + string.Concat(Enumerable.Range(0, 300).Select(i =>
            i < 250 ? $"{measure},part={i},2025,{i % 100},percent,final,DfE\r\n" : $"{measure},{bad[i % bad.Length]}\r\n"));

        var import = await lead.ImportAsync("bad", Encoding.UTF8.GetBytes("\uFEFF" + file.Replace(',', ';')));

        Assert.Equal((300, 250, 250, 50, 50), (import.Lines, import.Figures, import.Added, import.Refused, import.Errors.Count));
        Assert.Equal(252, import.Errors[0].Line);
        Assert.Contains(import.Errors, e => e is { Column: "value", Message: "\"nine\" is neither a number nor a marker such as SUPP, NA, NEW, LOWCOV, x or z." });
    }

    [Fact]
    public async Task LinesThatStandTwice_CountOnceWhereTheyAreAlike_AndTheFirstIsTakenWhereTheyAreNot()
    {
        var lead = await LeadAsync();
        var measure = $"twice-{Guid.NewGuid():N}";

        var import = await lead.ImportAsync("twice", Encoding.UTF8.GetBytes(Header
            + $"{measure},all,2025,61,percent,final,DfE\n{measure},all,2025,61.0,percent,final,DfE\n{measure},all,2025,62,percent,final,DfE\n"
            + $"{measure},all,2024,nine,percent,final,DfE\n{measure},all,2025,63,percent,final,DfE\n{measure},all,2023,SUPP,percent,final,DfE\n"));

        Assert.Equal((6, 2, 2, 1, 3), (import.Lines, import.Figures, import.Added, import.Withheld, import.Refused));
        Assert.Equal(
            [(4, ""), (5, "value"), (6, "")],
            import.Errors.Select(e => (e.Line, e.Column)));
        Assert.Equal($"{measure} (all, 2025) stands twice in the file with different figures; the first was taken.", import.Errors[0].Message);
        var kept = (await lead.Benchmarks.ListBenchmarksAsync(new() { Measure = measure, AcademicYearEnding = 2025 }, lead.Headers)).Benchmarks;
        Assert.Equal(61, Assert.Single(kept).Figure.Value);
    }

    [Fact]
    public async Task Figures_GoOnToTheDatabase_WhileTheFileStillComes()
    {
        var lead = await LeadAsync();
        var measure = $"stream-{Guid.NewGuid():N}";
        using var call = lead.Benchmarks.ImportBenchmarks(lead.Headers);
        await call.RequestStream.WriteAsync(Part(Header), TestContext.Current.CancellationToken);
        for (var part = 0; part < 20; part++)
        {
            await call.RequestStream.WriteAsync(
                Part(string.Concat(Enumerable.Range(part * 1000, 1000).Select(i => $"{measure},part={i},2025,{i % 100},percent,final,DfE\n"))),
                TestContext.Current.CancellationToken);
        }

        await Eventually.Async(async () =>
        {
            await using var command = house.Database.CreateCommand(
                "select coalesce(max(tuples_processed), 0) from pg_stat_progress_copy where datname = current_database()");
            Assert.True((long)(await command.ExecuteScalarAsync())! > 5_000);
        });
        await call.RequestStream.CompleteAsync();

        var import = await call;
        Assert.Equal((20_000, 20_000, 20_000, 0), (import.Lines, import.Figures, import.Added, import.Refused));

        static ImportBenchmarksRequest Part(string text) =>
            new() { Pack = "stream", File = new() { ContentType = "text/csv", Data = Google.Protobuf.ByteString.CopyFromUtf8(text) } };
    }

    [Theory]
    [InlineData("99999999999", "98%", "ELIGIBLE")]
    [InlineData("-3", "98%", "ELIGIBLE")]
    [InlineData("50", "79228162514264337593543950335", "COVERED")]
    public async Task FigureBehindWhichNoSuchNumberOfPupilsCanStand_IsRefusedInWords(string eligible, string covered, string column)
    {
        var lead = await LeadAsync();
        var measure = $"many-{Guid.NewGuid():N}";
        var mapping = new BenchmarkMapping
        {
            AcademicYearEnding = 2017,
            Source = "DfE",
            Release = "final",
            Areas = { new MappedArea { Geography = Geography.LocalAuthority, AreaColumn = "AREA" } },
            Measures = { new MappedMeasure { Column = "PROG", Measure = measure, Unit = "points", PupilsColumn = "ELIGIBLE", CoverageColumn = "COVERED" } },
        };
        await lead.Benchmarks.SetBenchmarkMappingAsync(new() { MappingId = measure, Mapping = mapping }, lead.Headers);

        var import = await lead.ImportAsync("many", Encoding.UTF8.GetBytes($"AREA,PROG,ELIGIBLE,COVERED\n850,1.2,{eligible},{covered}\n851,1.3,50,98%\n"), measure);

        Assert.Equal((2, 1, 1), (import.Lines, import.Figures, import.Refused));
        Assert.Equal((2, column), (import.Errors[0].Line, import.Errors[0].Column));
    }

    [Fact]
    public async Task Line_WithAKeyTooLongToKeep_IsRefusedAlone()
    {
        var lead = await LeadAsync();
        var measure = $"long-{Guid.NewGuid():N}";
        var random = new Random(20261122);
        var part = string.Concat(Enumerable.Range(0, 9000).Select(_ => (char)('a' + random.Next(26))));

        var import = await lead.ImportAsync("long", Encoding.UTF8.GetBytes(
            $"{Header}{measure},{part},2025,61,percent,final,DfE\n{measure},all,2025,61,percent,final,DfE\n"));

        Assert.Equal((2, 1, 1), (import.Lines, import.Figures, import.Refused));
    }

    [Theory]
    [InlineData("-2147483648")]
    [InlineData("2147483647")]
    [InlineData("x")]
    public async Task PageToken_ThatSomebodyMadeUp_IsRefused(string year)
    {
        var lead = await LeadAsync();
        var urn = ReportingHouse.NewUrn();
        var ofSchool = Paging.Token($"published {urn}  0", year, "m", "all", "final", $"{urn}");
        var ofAll = Paging.Token("benchmarks   0 Unspecified", "m", "all", year, "final", "1", "");

        foreach (var refused in new[]
        {
            await Assert.ThrowsAsync<RpcException>(async () =>
                await lead.Benchmarks.ListPublishedMeasuresAsync(new() { SchoolUrn = urn, PageToken = ofSchool }, lead.Headers)),
            await Assert.ThrowsAsync<RpcException>(async () => await lead.Benchmarks.ListBenchmarksAsync(new() { PageToken = ofAll }, lead.Headers)),
        })
        {
            Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
            Assert.Contains("PAGE_TOKEN_INVALID", Encoding.UTF8.GetString(refused.Trailers.GetValueBytes("grpc-status-details-bin")!), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("", "FILE_UNREADABLE")]
    [InlineData("colour,size\nred,1\n", "FILE_UNREADABLE")]
    [InlineData("measure,breakdown,academic_year_ending,value,unit,release,source\n\"m,all,2025,1,percent,final,DfE", "FILE_UNREADABLE")]
    [InlineData("measure,breakdown,academic_year_ending,value,unit,release,source\nm\0,all,2025,1,percent,final,DfE", "FILE_UNREADABLE")]
    public async Task File_ThatIsNoPack_IsRefusedAsAWhole(string text, string reason)
    {
        var lead = await LeadAsync();
        var refused = await Assert.ThrowsAsync<RpcException>(() => lead.ImportAsync("none", Encoding.UTF8.GetBytes(text)));
        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        Assert.Contains(reason, Encoding.UTF8.GetString(refused.Trailers.GetValueBytes("grpc-status-details-bin")!), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Line_WithAQuoteInTheMiddle_IsRefusedAlone()
    {
        var lead = await LeadAsync();
        var import = await lead.ImportAsync("quotes", Encoding.UTF8.GetBytes(
            Header + "quoted,\"a\"ll,2025,1,percent,final,DfE\nquoted,all,2025,61,percent,final,DfE\n"));
        Assert.Equal((2, 1, 1), (import.Lines, import.Figures, import.Refused));
        Assert.Contains("quote in the middle", Assert.Single(import.Errors).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Import_NeedsItsScopeAndRole_AndAMappingThatExists()
    {
        var file = Encoding.UTF8.GetBytes(Header);
        var head = await house.CallerAsync(ImportScopes, new TestGrant(Role.Headteacher));
        var reader = await house.CallerAsync("benchmarks.read", new TestGrant(Role.DataLead));
        var lead = await LeadAsync();

        Assert.Equal(StatusCode.PermissionDenied, (await Assert.ThrowsAsync<RpcException>(() => head.ImportAsync("p", file))).StatusCode);
        Assert.Equal(StatusCode.PermissionDenied, (await Assert.ThrowsAsync<RpcException>(() => reader.ImportAsync("p", file))).StatusCode);
        Assert.Equal(StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(() => lead.ImportAsync("p", file, "no-such-mapping"))).StatusCode);
        Assert.Equal(StatusCode.InvalidArgument, (await Assert.ThrowsAsync<RpcException>(() => lead.ImportAsync("", file))).StatusCode);
        var wrong = new SetBenchmarkMappingRequest { MappingId = "wrong", Mapping = new() { AcademicYearEnding = 2017, Source = "DfE", Release = "final" } };
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await lead.Benchmarks.SetBenchmarkMappingAsync(wrong, lead.Headers));
        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
    }

    [Fact]
    public async Task PublishedFigures_AndHowTheyAreRead_TakeAGrantForTheWholeTrust()
    {
        var lead = await LeadAsync();
        var (id, measure) = ($"whole-{Guid.NewGuid():N}", $"whole-{Guid.NewGuid():N}");
        var file = Encoding.UTF8.GetBytes($"{Header}{measure},all,2025,61,percent,final,DfE\n");
        var mapping = new SetBenchmarkMappingRequest
        {
            MappingId = id,
            Mapping = new()
            {
                AcademicYearEnding = 2025,
                Source = "Invented",
                Release = "final",
                Areas = { new MappedArea { Geography = Geography.National } },
                Measures = { new MappedMeasure { Column = "MET", Measure = measure, Unit = "percent" } },
            },
        };
        TestGrant[] limited =
        [
            new(Role.DataLead) { SchoolUrn = ReportingHouse.NewUrn() }, new(Role.DataLead) { Subjects = ["reading"] },
            new(Role.DataLead) { YearGroups = ["6"] }, new(Role.DeputyCeo) { ClassIds = [Guid.NewGuid()] },
        ];

        foreach (var grant in limited)
        {
            var caller = await house.CallerAsync(ImportScopes, grant, new TestGrant(Role.Board));
            foreach (var refused in new[]
            {
                await Assert.ThrowsAsync<RpcException>(() => caller.ImportAsync("p", file)),
                await Assert.ThrowsAsync<RpcException>(async () => await caller.Benchmarks.SetBenchmarkMappingAsync(mapping, caller.Headers)),
            })
            {
                Assert.Equal(StatusCode.PermissionDenied, refused.StatusCode);
                Assert.Contains("TRUST_GRANT_NEEDED", Encoding.UTF8.GetString(refused.Trailers.GetValueBytes("grpc-status-details-bin")!), StringComparison.Ordinal);
            }
        }

        Assert.Empty((await lead.Benchmarks.ListBenchmarksAsync(new() { Measure = measure }, lead.Headers)).Benchmarks);
        var none = await Assert.ThrowsAsync<RpcException>(async () => await lead.Benchmarks.GetBenchmarkMappingAsync(new() { MappingId = id }, lead.Headers));
        Assert.Equal(StatusCode.NotFound, none.StatusCode);
    }

    [Fact]
    public async Task SetMapping_WithIfMatch_ReplacesThatVersionAlone()
    {
        var lead = await LeadAsync();
        var mapping = new BenchmarkMapping
        {
            AcademicYearEnding = 2025,
            Source = "Invented",
            Release = "final",
            Areas = { new MappedArea { Geography = Geography.Trust, AreaColumn = "TRUST" } },
            Measures = { new MappedMeasure { Column = "MET", Measure = "ks2_rwm_expected", Unit = "percent" } },
        };
        var request = new SetBenchmarkMappingRequest { MappingId = $"etag-{Guid.NewGuid():N}", Mapping = mapping };
        async Task<BenchmarkMapping> SetAsync(string? etag = null)
        {
            Metadata headers = etag is null ? lead.Headers : [lead.Headers[0], new Metadata.Entry("if-match", etag)];
            return (await lead.Benchmarks.SetBenchmarkMappingAsync(request, headers)).Mapping;
        }

        var none = await Assert.ThrowsAsync<RpcException>(() => SetAsync("\"1\""));
        var first = await SetAsync();
        Assert.Equal(first, await SetAsync(first.Etag));
        request.Mapping = first.Clone();
        request.Mapping.Source = "Another";
        var second = await SetAsync(first.Etag);
        request.Mapping.Source = "A third";
        var stale = await Assert.ThrowsAsync<RpcException>(() => SetAsync(first.Etag));

        Assert.NotEqual(first.Etag, second.Etag);
        Assert.Equal((StatusCode.Aborted, StatusCode.Aborted), (none.StatusCode, stale.StatusCode));
        Assert.Equal(second, (await lead.Benchmarks.GetBenchmarkMappingAsync(new() { MappingId = request.MappingId }, lead.Headers)).Mapping);
        Assert.Equal("A third", (await SetAsync()).Source);
    }

    [Fact]
    public async Task Import_RepeatedUnderItsIdempotencyKey_GetsTheSameAnswer_AndOtherContentIsRefused()
    {
        var lead = await LeadAsync();
        var measure = $"idem-{Guid.NewGuid():N}";
        var headers = new Metadata { lead.Headers[0], { "idempotency-key", Guid.NewGuid().ToString() } };
        var file = Encoding.UTF8.GetBytes($"{Header}{measure},all,2025,61,percent,final,DfE\n");

        var first = await lead.ImportAsync("p", file, headers: headers);
        var again = await lead.ImportAsync("p", file, headers: headers);
        var other = await Assert.ThrowsAsync<RpcException>(() => lead.ImportAsync("p", [.. file, (byte)'\n'], headers: headers));

        Assert.Equal(1, first.Added);
        Assert.Equal(first, again);
        Assert.Equal(StatusCode.FailedPrecondition, other.StatusCode);
    }

    [Fact]
    public async Task PublishersFile_IsReadByItsMapping_LineByLineAsItsKindSays()
    {
        var lead = await LeadAsync();
        var (urn, measure) = (ReportingHouse.NewUrn(), $"mapped-{Guid.NewGuid():N}");
        var mapping = new BenchmarkMapping
        {
            AcademicYearEnding = 2017,
            Source = "DfE",
            Release = "final",
            Areas =
            {
                new MappedArea { Geography = Geography.School, WhenColumn = "KIND", WhenValues = { "1", "2" }, AreaColumn = "AREA", NameColumn = "NAME" },
                new MappedArea { Geography = Geography.LocalAuthority, WhenColumn = "KIND", WhenValues = { "3" }, AreaColumn = "AREA", NameColumn = "NAME" },
            },
            Measures =
            {
                new MappedMeasure { Column = "EXP", Measure = measure, Breakdown = "language=eal", Unit = "percent" },
                new MappedMeasure
                {
                    Column = "PROG", Measure = measure, Unit = "points", LowColumn = "LOW", HighColumn = "HIGH",
                    PupilsColumn = "ELIGIBLE", CoverageColumn = "COVERED", NationalStandardDeviation = 6.23,
                },
            },
        };
        var set = await lead.Benchmarks.SetBenchmarkMappingAsync(new() { MappingId = measure, Mapping = mapping }, lead.Headers);
        Assert.Equal(set.Mapping, (await lead.Benchmarks.GetBenchmarkMappingAsync(new() { MappingId = measure }, lead.Headers)).Mapping);

        var import = await lead.ImportAsync("mapped", Encoding.UTF8.GetBytes(
            $"KIND,AREA,NAME,EXP,PROG,LOW,HIGH,ELIGIBLE,COVERED,MORE\n2,{urn},Elm,SUPP,1.2,-0.5,2.9,50,98%,x\n3,850,Hampshire,61%\n4,,,62%\n"), measure);

        Assert.Equal((3, 3, 1, 0, "MORE"), (import.Lines, import.Figures, import.Withheld, import.Refused, Assert.Single(import.UnmappedColumns)));
        var school = (await lead.Benchmarks.ListPublishedMeasuresAsync(new() { SchoolUrn = urn }, lead.Headers)).Measures;
        Assert.Equal("SUPPRESSED_AT_SOURCE", school.Single(m => m.Breakdown == "language=eal").Published.Redacted.Reason);
        var progress = school.Single(m => m.Breakdown == "all");
        Assert.Equal((-0.5, 1.2, 2.9, 49), (progress.Published.Estimate.Low, progress.Published.Estimate.Point, progress.Published.Estimate.High, progress.Pupils));
        Assert.Equal(1.2 - (1.96 * 6.23 / 7), progress.Recomputed.Estimate.Low, 1e-3);
        var authority = Assert.Single((await lead.Benchmarks.ListBenchmarksAsync(new() { Measure = measure }, lead.Headers)).Benchmarks);
        Assert.Equal(("850", "Hampshire", 61.0), (authority.Area, authority.AreaName, authority.Figure.Value));
    }

    [Fact]
    public async Task SchoolThatReplacedAnother_AnswersUnderEitherUrn_WithinTheReachOfItsHead()
    {
        var (present, old, foreign) = (ReportingHouse.NewUrn(), ReportingHouse.NewUrn(), ReportingHouse.NewUrn());
        await house.PublishAsync(new SchoolChanged
        {
            SchoolUrn = present,
            Version = 1,
            Name = "Elm Primary Academy",
            Phase = "primary",
            Memberships = [new DatedRange { From = new(2021, 4, 1) }],
            PredecessorUrns = [old],
        });
        await (await LeadAsync()).ImportAsync("lineage", Encoding.UTF8.GetBytes($"""
            measure,breakdown,academic_year_ending,value,unit,release,source,geography,area
            progress,all,2019,-1.6,points,final,DfE,school,{old}
            expected,all,2025,64,percent,final,DfE,school,{present}
            expected,all,2025,50,percent,final,DfE,school,{foreign}
            """));
        var head = await house.CallerAsync(ImportScopes, new TestGrant(Role.Headteacher) { SchoolUrn = present });

        foreach (var urn in new[] { present, old })
        {
            await Eventually.Async(async () =>
            {
                var measures = (await head.Benchmarks.ListPublishedMeasuresAsync(new() { SchoolUrn = urn }, head.Headers)).Measures;
                Assert.Equal([(present, present, 64.0), (present, old, -1.6)], measures.Select(m => (m.SchoolUrn, m.PublishedUrn, m.Published.Value)));
            });
        }

        var refused = await Assert.ThrowsAsync<RpcException>(async () =>
            await head.Benchmarks.ListPublishedMeasuresAsync(new() { SchoolUrn = foreign }, head.Headers));
        Assert.Equal(StatusCode.NotFound, refused.StatusCode);
    }

    private async Task<Attainment> WholeAsync(Cohort cohort, int pupils)
    {
        var lead = await LeadAsync();
        return await Eventually.Async(async () =>
        {
            var row = Assert.Single(await lead.AttainmentAsync(new() { CollectionId = cohort.CollectionId.ToString(), SchoolUrn = cohort.SchoolUrn, Group = "all" }));
            Assert.Equal(pupils, row.Figures.Pupils.Value);
            return row;
        });
    }

    private async Task<SchoolOverview> OverviewOfAsync(Cohort cohort)
    {
        var lead = await LeadAsync();
        var answer = await lead.Overview.GetTrustOverviewAsync(new() { CollectionId = cohort.CollectionId.ToString() }, lead.Headers);
        return answer.Overview.Schools.Single(s => s.SchoolUrn == cohort.SchoolUrn);
    }

    /// <summary>A cell of the line of a school's whole cohort, by the name of its column. The texts asked for hold no comma.</summary>
    private async Task<string> CellAsync(Cohort cohort, string column)
    {
        var lead = await LeadAsync();
        using var call = lead.Attainment.DownloadAttainment(
            new() { CollectionId = cohort.CollectionId.ToString(), SchoolUrn = cohort.SchoolUrn, Group = "all" }, lead.Headers);
        var file = new StringBuilder();
        await foreach (var part in call.ResponseStream.ReadAllAsync())
        {
            file.Append(part.Data.ToStringUtf8());
        }

        var lines = file.ToString().Trim().Split("\r\n");
        var (header, cells) = (lines[0].Split(','), System.Text.RegularExpressions.Regex.Matches(Assert.Single(lines[1..]), "(?<=^|,)(\"[^\"]*\"|[^,]*)"));
        return cells[Array.IndexOf(header, column)].Value;
    }

    private Task<TestCaller> LeadAsync() => house.CallerAsync(ImportScopes, new TestGrant(Role.DataLead));

    private async Task PackAsync() => await (await LeadAsync()).ImportAsync(
        "national-averages", await File.ReadAllBytesAsync(Repository.File("packs/national-averages/national-averages.csv")));
}
