using GoldenThread.Reporting.Attainment;
using GoldenThread.Reporting.Benchmarks;
using GoldenThread.Reporting.Disclosure;
using GoldenThread.Reporting.V1;
using GoldenThread.TestSupport;
using GoldenThread.Tracking.Events.V1;
using GoldenThread.Type.V1;
using Grpc.Core;
using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Double;

namespace GoldenThread.Tests;

/// <summary>What aggregate-only roles see can never be turned back into a small number.</summary>
public sealed class DisclosureTests(ReportingHouse house)
{
    private static readonly Reach Board = new([new ReachRow { Clear = false, Sensitive = false }]);
    private static readonly Reach Lead = new([new ReachRow { Clear = true, Sensitive = true }]);

    private static readonly Role[] AggregateRoles = [Role.Board, Role.Ceo, Role.Committee, Role.Governor, Role.Reviewer, Role.Partner];

    [Fact]
    public void Suppression_CannotBeUndone_ByAddingAndSubtractingWhatIsShown()
    {
        for (var seed = 0; seed < 150; seed++)
        {
            var table = RandomTable(new Random(seed));
            foreach (var (name, hidden, isSensitive, value) in Attack(table))
            {
                Assert.False(isSensitive, $"seed {seed}: {name} of {hidden} can be worked out to be {value}");
            }
        }
    }

    [Fact]
    public void Suppression_CannotBeUndone_ByOneWhoSeesSomeCellsInFull()
    {
        var (seen, seenByBoard) = (0, 0);
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var table = RandomTable(random);
            var reach = RandomMixedReach(random, table);
            foreach (var (name, hidden, isSensitive, value) in Attack(table, reach))
            {
                Assert.False(isSensitive, $"seed {seed}: {name} of {hidden} can be worked out to be {value}");
            }

            var others = ShownIn(table, reach).Where(s => reach.Of(s.Key.SchoolUrn, s.Key.YearGroup, "reading") == Sight.Suppressed).ToList();
            var toBoard = ShownIn(table);
            seen += others.Count(s => s.Value.Pupils.HasNumber());
            seenByBoard += others.Count(s => toBoard[s.Key].Pupils.HasNumber());
        }

        // Nor is all hidden instead.
        Assert.InRange(seen, seenByBoard * 0.8, seenByBoard * 1.2);
    }

    [Fact]
    public void OneSchoolSeenInFull_LeavesAnotherAsTheSiblingOfASmallOne()
    {
        var table = new AttainmentTable(
            [Sums(1, "4", "", 30, 15), Sums(2, "4", "", 4, 2), Sums(3, "4", "", 50, 25), Sums(4, "4", "", 70, 35)], [], new HashSet<int> { 1, 2, 3, 4 },
            new HashSet<string>());
        var headOfOne = new Reach([new ReachRow { Clear = false, Sensitive = false }, new ReachRow { SchoolUrn = 1, Clear = true, Sensitive = false }]);

        Assert.Equal([1, 2], Hidden(Board));
        Assert.Equal([2, 3], Hidden(headOfOne));

        IEnumerable<int> Hidden(Reach reach) =>
            FixedRows(table, reach).Where(r => r is { HasSchoolUrn: true, YearGroup: "4" } && r.Figures.Pupils.Redacted is not null).Select(r => r.SchoolUrn);
    }

    [Fact]
    public void TrustRow_IsTheSame_HoweverTheVeiledSchoolsShareTheirSum()
    {
        var (one, other) = (Table(3, 2, 10, 6), Table(5, 3, 8, 5));
        Assert.Equal(FixedRows(one).Where(r => r.HasSchoolUrn), FixedRows(other).Where(r => r.HasSchoolUrn));
        Assert.All([1, 2], urn => Assert.True(one.VeilOf(CellKey.Whole(urn, "4")).Figures));

        var (seen, instead) = (TrustRows(one, Board), TrustRows(other, Board));

        Assert.Equal(seen, instead);
        Assert.All(seen, r => Assert.NotNull(r.Figures.PercentMet.Estimate));
        Assert.All(seen, r => Assert.NotNull(r.Figures.MeanScore.Estimate));
        Assert.All(seen.Where(r => r.HasGroup), r => Assert.NotNull(r.Comparator.PercentagePoints.Estimate));
        Assert.All(TrustRows(one, Lead).Zip(TrustRows(other, Lead)), pair => Assert.NotEqual(pair.First.Figures.PercentMet, pair.Second.Figures.PercentMet));
        Assert.All(TrustRows(one, Lead).Zip(TrustRows(other, Lead)), pair => Assert.NotEqual(pair.First.Figures.MeanScore, pair.Second.Figures.MeanScore));

        static List<Attainment> TrustRows(AttainmentTable table, Reach reach) => [.. FixedRows(table, reach).Where(r => !r.HasSchoolUrn)];

        static AttainmentTable Table(int met1, int metInGroup1, int met2, int metInGroup2) => new(
            [
                Sums(1, "4", "", 20, met1), Sums(1, "4", "g", 8, metInGroup1), Sums(2, "4", "", 20, met2), Sums(2, "4", "g", 8, metInGroup2),
                Sums(3, "4", "", 60, 30), Sums(3, "4", "g", 25, 9), Sums(4, "4", "", 60, 38), Sums(4, "4", "g", 25, 12),
            ],
            ["g"], new HashSet<int> { 1, 2, 3, 4 }, new HashSet<string> { "g" });
    }

    [Fact]
    public void TrustRow_TellsOfVeiledSchoolsNoMoreThanTheirSum()
    {
        var compared = 0;
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var schools = Enumerable.Range(1, random.Next(3, 7)).Select(_ => random.Next(6, 40)).Select(n => (N: n, Met: random.Next(n + 1))).ToList();
            var table = Table(schools);
            var veiled = Enumerable.Range(0, schools.Count).Where(i => table.VeilOf(CellKey.Whole(i + 1, "4")).Figures).ToList();
            if (veiled.Count < 2 || schools[veiled[0]].Met == 0 || schools[veiled[1]].Met == schools[veiled[1]].N)
            {
                continue;
            }

            schools[veiled[0]] = schools[veiled[0]] with { Met = schools[veiled[0]].Met - 1 };
            schools[veiled[1]] = schools[veiled[1]] with { Met = schools[veiled[1]].Met + 1 };
            var (before, after) = (FixedRows(table), FixedRows(Table(schools)));
            if (before.Where(r => r.HasSchoolUrn).SequenceEqual(after.Where(r => r.HasSchoolUrn)))
            {
                compared++;
                Assert.Equal(before, after);
            }
        }

        Assert.InRange(compared, 50, 300);

        static AttainmentTable Table(List<(int N, int Met)> schools) => new(
            schools.Select((s, i) => Sums(i + 1, "4", "", s.N, s.Met)), [], Enumerable.Range(1, schools.Count).ToHashSet(), new HashSet<string>());
    }

    [Fact]
    public void TrustRow_WithEverySchoolVeiled_HasNoInterval_AndNoWordOnChance()
    {
        var table = new AttainmentTable(
            [Sums(1, "4", "", 10, 4), Sums(2, "4", "", 10, 6), Sums(3, "4", "", 10, 7)], [], new HashSet<int> { 1, 2, 3 }, new HashSet<string>());

        var row = FixedRows(table).Single(r => r is { HasSchoolUrn: false, YearGroup: "4" });
        var clear = FixedRows(table, Lead).Single(r => r is { HasSchoolUrn: false, YearGroup: "4" });

        Assert.Equal(Figure.ShownOneofCase.Value, row.Figures.PercentMet.ShownCase);
        Assert.Equal(100 * 17 / 30.0, row.Figures.PercentMet.Value, 9);
        Assert.Equal(Figure.ShownOneofCase.Value, row.Figures.MeanScore.ShownCase);
        Assert.NotNull(clear.Figures.PercentMet.Estimate);
        var far = new NationalFigure("reading", "4", NationalFigure.PercentMet, "standardised", new BenchmarkRow
        {
            Geography = 1,
            Area = "",
            Measure = "m",
            Breakdown = "all",
            AcademicYearEnding = 2025,
            Release = "final",
            AreaName = "England",
            Value = 1,
            Unit = "percent",
            Source = "s",
        }, []);
        Assert.Equal(BenchmarkRelation.Unspecified, AttainmentFigures.Against(table, CellKey.Whole(null, "4"), row.Figures, far).Relation);
        Assert.Equal(BenchmarkRelation.Above, AttainmentFigures.Against(table, CellKey.Whole(null, "4"), clear.Figures, far).Relation);
    }

    [Fact]
    public void Gap_WhereOneSideHasATestWithoutAnExpectedStandard_IsNotTold()
    {
        // Year 4 sat a test without a standard, and nobody of it is in the group: of year 6 three fifths of either side met theirs.
        var table = new AttainmentTable(
            [
                Sums(1, "6", "", 60, 36), Sums(1, "6", "g", 20, 12), Without(Sums(1, "4", "", 60, 0)),
                Sums(2, "6", "", 60, 36), Sums(2, "6", "g", 20, 12), Without(Sums(2, "4", "", 60, 0)),
            ],
            ["g"], new HashSet<int> { 1, 2 }, new HashSet<string> { "g" });

        foreach (var (reach, urn) in from reach in new[] { Lead, Board } from urn in new int?[] { 1, null } select (reach, urn))
        {
            var rows = FixedRows(table, reach).Where(r => r.HasGroup && (urn is null ? !r.HasSchoolUrn : r.SchoolUrn == urn)).ToList();
            var all = rows.Single(r => r.YearGroup == "all").Comparator;
            var year6 = rows.Single(r => r.YearGroup == "6").Comparator;
            Assert.Equal(("NO_EXPECTED_STANDARD", "NO_EXPECTED_STANDARD"), (all.PercentagePoints.Redacted?.Reason, all.WholePupils.Redacted?.Reason));
            Assert.NotEqual("NO_EXPECTED_STANDARD", year6.PercentagePoints.Redacted?.Reason);
        }

        Assert.Equal(0, FixedRows(table, Lead).Single(r => r is { HasGroup: true, SchoolUrn: 1, YearGroup: "6" }).Comparator.WholePupils.Value);

        static SchoolSums Without(SchoolSums sums) => sums with { Sums = sums.Sums with { HasExpected = false } };
    }

    [Fact]
    public void SmallCountsAndSmallComplements_AreNeverShown()
    {
        for (var seed = 0; seed < 150; seed++)
        {
            var table = RandomTable(new Random(seed));
            Assert.All(ShownIn(table).Where(s => s.Value.MeanScore.HasNumber()), s => Assert.False(FixedTable.IsSmall(table[s.Key].Scored), $"seed {seed}: {s}"));
            foreach (var row in FixedRows(table))
            {
                foreach (var figures in new[] { row.Figures, row.Comparator?.Figures }.OfType<CohortFigures>())
                {
                    Assert.False(FixedTable.IsSmall((long)figures.Pupils.Value), $"seed {seed}: {row}");
                    if (figures.PercentMet.Estimate is { } percent && figures.Pupils.ShownCase == Figure.ShownOneofCase.Value)
                    {
                        var met = (long)Math.Round(percent.Point * figures.Pupils.Value / 100);
                        Assert.False(FixedTable.TellsTooMuch(met, (long)figures.Pupils.Value), $"seed {seed}: {row}");
                    }
                }

                Assert.True(row.Comparator is null || row.Comparator.PercentagePoints.HasNumber() is false
                    || (row.Figures.PercentMet.HasNumber() && row.Comparator.Figures.PercentMet.HasNumber()), $"seed {seed}: {row}");
                Assert.True(row.Comparator is null || row.Comparator.Points.HasNumber() is false
                    || (row.Figures.MeanScore.HasNumber() && row.Comparator.Figures.MeanScore.HasNumber()), $"seed {seed}: {row}");
                Assert.True(row.LargeEnoughToJudge is false || row.Figures.Pupils.Value >= 11);
            }
        }
    }

    [Fact]
    public void Ranges_LeaveEveryCountOpen_InEverySum()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var table = RandomTable(random);
            if (seed % 2 == 0)
            {
                var reach = RandomMixedReach(random, table);
                table = table.ForOneWhoSees(key => reach.Of(key.SchoolUrn, key.YearGroup, "reading") == Sight.Clear);
            }

            foreach (var sum in SumsOf(table))
            {
                var unknown = sum.Where(t => table.VeilOf(t.Key).Figures).ToList();
                if (!unknown.Any(t => table.VeilOf(t.Key).Range is not null))
                {
                    continue;
                }

                // The sum says: Σ sign × met = 0. Bounds of one cell follow from the bounds of all the others.
                foreach (var (key, sign) in unknown)
                {
                    var known = sum.Where(t => !table.VeilOf(t.Key).Figures).Sum(t => t.Sign * (long)table[t.Key].Met);
                    long low = -known, high = -known;
                    foreach (var other in unknown.Where(t => t.Key != key))
                    {
                        var range = table.VeilOf(other.Key).Range ?? new CountRange(0, table[other.Key].N);
                        low -= other.Sign > 0 ? range.High : -range.Low;
                        high -= other.Sign > 0 ? range.Low : -range.High;
                    }

                    var (from, to) = sign > 0 ? (low, high) : (-high, -low);
                    var own = table.VeilOf(key).Range ?? new CountRange(0, table[key].N);
                    Assert.True(Math.Min(to, own.High) - Math.Max(from, own.Low) >= Math.Min(3, own.High - own.Low), $"seed {seed}: {key} lies between {from} and {to}, and in {own}");
                }
            }
        }
    }

    [Fact]
    public void TableOfAHundredSchools_IsVeiledWithinSeconds()
    {
        var random = new Random(1);
        var sums = new List<SchoolSums>();
        string[] groups = [.. Enumerable.Range(0, 8).Select(g => $"group-{g}")];
        foreach (var (school, year) in Enumerable.Range(1, 100).SelectMany(s => Enumerable.Range(1, 6).Select(y => (s, $"{y}"))))
        {
            var n = random.Next(15, 90);
            sums.Add(Sums(school, year, "", n, random.Next(n + 1)));
            sums.AddRange(groups.Select(g => random.Next(1, n)).Select((k, g) => Sums(school, year, groups[g], k, Math.Min(k, sums[^1].Sums.Met) / 2)));
        }

        var clock = System.Diagnostics.Stopwatch.StartNew();
        var table = new AttainmentTable(sums, groups, Enumerable.Range(1, 100).ToHashSet(), groups.ToHashSet());
        _ = table.VeilOf(CellKey.Whole(1, "1"));
        TestContext.Current.TestOutputHelper?.WriteLine($"{clock.ElapsedMilliseconds} ms");
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), $"it took {clock.Elapsed}");
    }

    [Fact]
    public void AllOrNoneOfSixToTen_IsShownAsARange_ThatSmallCountsShare()
    {
        var all = Row(n: 8, met: 8);
        var nearly = Row(n: 8, met: 6);
        var none = Row(n: 8, met: 0);

        Assert.Equal("RANGE_ONLY", all.Figures.PercentMet.Redacted.Reason);
        Assert.Equal("Between 3 and 8 of 8 pupils.", all.Figures.PercentMet.Redacted.Detail);
        Assert.Equal(all.Figures.PercentMet, nearly.Figures.PercentMet);
        Assert.Equal("Between 0 and 5 of 8 pupils.", none.Figures.PercentMet.Redacted.Detail);
        Assert.Equal(8, all.Figures.Pupils.Value);

        static Attainment Row(int n, int met) => FixedRows(new AttainmentTable(
            [Sums(1, "4", "", n, met), Sums(2, "4", "", 9, 4), Sums(3, "4", "", 60, 30)], [], new HashSet<int> { 1, 2, 3 }, new HashSet<string>()))
            .Single(r => r is { SchoolUrn: 1, YearGroup: "4" });
    }

    [Fact]
    public void Sibling_ThatIsTheNextSmallest_IsRedactedToo()
    {
        var table = new AttainmentTable(
            [Sums(1, "4", "", 4, 2), Sums(2, "4", "", 30, 15), Sums(3, "4", "", 50, 25), Sums(4, "4", "", 70, 35)], [], new HashSet<int> { 1, 2, 3, 4 },
            new HashSet<string>());

        var hidden = FixedRows(table).Where(r => r is { HasSchoolUrn: true, YearGroup: "4" } && r.Figures.Pupils.Redacted is not null);

        Assert.Equal([1, 2], hidden.Select(r => r.SchoolUrn));
    }

    [Fact]
    public void MeanOfOneScoreAmongMany_IsNotShown_NorLeftAsARemainder()
    {
        var table = new AttainmentTable(
            [Sums(1, "4", "", 20, 0, scored: 1), Sums(2, "4", "", 30, 12), Sums(3, "4", "", 50, 25), Sums(4, "4", "", 70, 35)], [],
            new HashSet<int> { 1, 2, 3, 4 }, new HashSet<string>());

        var rows = FixedRows(table).Where(r => r is { HasSchoolUrn: true, YearGroup: "4" }).ToList();

        Assert.All(rows, r => Assert.True(r.Figures.Pupils.ShownCase == Figure.ShownOneofCase.Value));
        Assert.Equal([1, 2], rows.Where(r => r.Figures.MeanScore.Redacted?.Reason == "SMALL_NUMBER").Select(r => r.SchoolUrn));
    }

    [Fact]
    public void Mean_OfAFixedTable_DoesNotTellByItsFractionHowManyHaveAScore()
    {
        // 19 and 20 scores among 21 pupils: 100 11⁄19 and 100 12⁄20. The fraction would say that two, or one, have a code in place of a score.
        var (nineteen, twenty) = (Mean(19, 11), Mean(20, 12));

        Assert.Equal(nineteen.Board.Point, twenty.Board.Point);
        Assert.Equal(100.6, nineteen.Board.Point, 9);
        Assert.Equal(100 + (11 / 19.0), nineteen.Lead.Point, 9);
        Assert.True(nineteen.Board.Low <= nineteen.Lead.Low && nineteen.Board.High >= nineteen.Lead.High);
        for (var seed = 0; seed < 50; seed++)
        {
            var rows = FixedRows(RandomTable(new Random(seed)));
            Assert.All(
                rows.SelectMany(r => new[] { r.Figures.MeanScore, r.Comparator?.Figures.MeanScore, r.Comparator?.Points }).OfType<Figure>().Where(f => f.HasNumber()),
                f => Assert.True(f.Estimate is { } e ? Beyond(e) < 1e-6 : Math.Abs((f.Value * 10) - Math.Round(f.Value * 10)) < 1e-6, $"seed {seed}: {f}"));
        }

        static double Beyond(Estimate e) => new[] { e.Low, e.Point, e.High }.Max(x => Math.Abs((x * 10) - Math.Round(x * 10)));

        static (Estimate Board, Estimate Lead) Mean(int scored, int over)
        {
            var table = new AttainmentTable(
                [Sums(1, "4", "", 21, 10) with { Sums = Sums(1, "4", "", 21, 10).Sums with { Scored = scored, Sum = (100 * scored) + over, SumOfSquares = (10_000 * scored) + (200 * over) + 500 } },
                    Sums(2, "4", "", 40, 20), Sums(3, "4", "", 60, 30)], [], new HashSet<int> { 1, 2, 3 }, new HashSet<string>());
            return (In(Board), In(Lead));

            Estimate In(Reach reach) => FixedRows(table, reach).Single(r => r is { SchoolUrn: 1, YearGroup: "4" }).Figures.MeanScore.Estimate;
        }
    }

    [Fact]
    public async Task EveryAggregateRole_SeesTheSameRedactions_WhateverItAsksFor()
    {
        var (collection, small) = await TrustWithASmallGroupAsync();
        var whole = new ListAttainmentRequest { CollectionId = collection.ToString() };
        var narrow = new ListAttainmentRequest(whole) { SchoolUrn = small.SchoolUrn, YearGroup = "4", Subject = "reading", Group = "disadvantaged" };

        foreach (var role in AggregateRoles)
        {
            var caller = await house.CallerAsync(role);
            var rows = await caller.AttainmentAsync(whole);
            var row = rows.Single(r => r.SchoolUrn == small.SchoolUrn && r.Group == "disadvantaged" && r.YearGroup == "4");
            Assert.Equal("SMALL_NUMBER", row.Figures.Pupils.Redacted.Reason);
            Assert.Equal("SMALL_NUMBER", row.Figures.PercentMet.Redacted.Reason);
            Assert.Equal("SMALL_NUMBER", row.Comparator.Figures.Pupils.Redacted.Reason);
            Assert.Equal("SMALL_NUMBER", row.Comparator.WholePupils.Redacted.Reason);
            Assert.Equal("NOT_IN_FIXED_TABLE", row.Figures.Excluded.Redacted.Reason);
            Assert.False(row.LargeEnoughToJudge);
            Assert.Equal(row, Assert.Single(await caller.AttainmentAsync(narrow)));

            var ofSchool = await house.CallerAsync(role, small.SchoolUrn);
            Assert.Equal(row, Assert.Single(await ofSchool.AttainmentAsync(narrow)));
            Assert.DoesNotContain(await ofSchool.AttainmentAsync(whole), r => r.SchoolUrn != small.SchoolUrn);
        }
    }

    [Fact]
    public async Task RolesWithPupilAccess_SeeEveryFigureWithinReach_AndNoneBeyond()
    {
        var (collection, small) = await TrustWithASmallGroupAsync();
        var request = new ListAttainmentRequest { CollectionId = collection.ToString(), Group = "disadvantaged" };
        Role[] ofTrust = [Role.DataLead, Role.DeputyCeo];
        Role[] ofSchool = [Role.Headteacher, Role.SeniorLeader, Role.SubjectLeader, Role.Senco, Role.DesignatedTeacher, Role.SafeguardingLead];

        foreach (var role in ofTrust.Concat(ofSchool))
        {
            var caller = await house.CallerAsync(role, ofTrust.Contains(role) ? null : small.SchoolUrn);
            var rows = await caller.AttainmentAsync(request);
            var row = rows.Single(r => r.SchoolUrn == small.SchoolUrn && r.YearGroup == "4");
            Assert.Equal(3, row.Figures.Pupils.Value);
            Assert.Equal(0, row.Figures.Excluded.Value);
            Assert.False(row.LargeEnoughToJudge);
            Assert.Equal(ofTrust.Contains(role) ? 3 : 1, rows.Select(r => r.SchoolUrn).Distinct().Count());
        }
    }

    [Fact]
    public async Task ACallerWithTwoRoles_SeesOneSchoolClearAndTheOthersRedacted()
    {
        var (collection, small) = await TrustWithASmallGroupAsync();
        var both = await house.CallerAsync(
            ReportingHouse.ReadScopes, new TestGrant(Role.Governor), new TestGrant(Role.Headteacher) { SchoolUrn = small.SchoolUrn });

        var rows = await both.AttainmentAsync(new() { CollectionId = collection.ToString(), Group = "disadvantaged" });

        Assert.Equal(3, rows.Single(r => r.SchoolUrn == small.SchoolUrn).Figures.Pupils.Value);
        Assert.All(rows.Where(r => r.SchoolUrn != small.SchoolUrn), r => Assert.Equal("NOT_IN_FIXED_TABLE", r.Figures.Excluded.Redacted.Reason));
    }

    [Fact]
    public async Task GroupsThatAddUpToOneAnother_AreNotInTheFixedTableTogether()
    {
        var cohort = new Cohort();
        await cohort.TellAsync(house, 0, 0);
        await house.PublishAsync(cohort.Enrol(40));
        // SEN support 17, EHC plans 3, SEND both: 20 − 17 would tell of the three.
        await house.PublishAsync(Cohort.Roster([.. cohort.Pupils.Select((id, i) => cohort.Pupil(id, 2, i switch
        {
            < 17 => ["send", "sen-support"],
            < 20 => ["send", "ehc-plan"],
            _ => [],
        }))]));
        await house.PublishAsync(cohort.Results(20));
        await house.SettledAsync();
        var (lead, board) = (await house.CallerAsync(Role.DataLead), await house.CallerAsync(Role.Board));
        var request = new ListAttainmentRequest { CollectionId = cohort.CollectionId.ToString(), SchoolUrn = cohort.SchoolUrn };

        await Eventually.Async(async () => Assert.Equal(
            [3, 17, 20],
            (await lead.AttainmentAsync(request)).Where(r => r.Group is "send" or "sen-support" or "ehc-plan").Select(r => r.Figures.Pupils.Value).Order()));

        var seen = (await board.AttainmentAsync(request)).Select(r => r.Group).ToList();
        Assert.Contains("send", seen);
        Assert.DoesNotContain("sen-support", seen);
        Assert.DoesNotContain("ehc-plan", seen);
        Assert.Empty(await board.AttainmentAsync(new(request) { Group = "ehc-plan" }));
    }

    [Fact]
    public async Task SensitiveGroup_IsNotThereForThoseWhoMayNotSeeWhoIsInIt()
    {
        var told = $"told-{Guid.NewGuid():N}";
        var cohort = await CohortInAsync("looked-after", told, "girls");
        Role[] permitted = [Role.Headteacher, Role.DesignatedTeacher, Role.SafeguardingLead];
        Role[] others = [Role.SeniorLeader, Role.SubjectLeader, Role.Senco, .. AggregateRoles];
        var request = new ListAttainmentRequest { CollectionId = cohort.CollectionId.ToString() };

        foreach (var role in permitted)
        {
            var seen = (await (await house.CallerAsync(role, cohort.SchoolUrn)).AttainmentAsync(request)).Select(r => r.Group).ToHashSet();
            Assert.Superset(new HashSet<string> { "looked-after", told, "girls" }, seen);
        }

        foreach (var role in others)
        {
            var caller = await house.CallerAsync(role, cohort.SchoolUrn);
            var seen = (await caller.AttainmentAsync(request)).Select(r => r.Group).ToHashSet();
            Assert.Contains("girls", seen);
            Assert.DoesNotContain(seen, g => g == told || g.Contains("looked-after", StringComparison.Ordinal) || g.StartsWith("ethnic", StringComparison.Ordinal));
            foreach (var group in new[] { "looked-after", told, "no-such-group" })
            {
                Assert.Empty(await caller.AttainmentAsync(new(request) { Group = group }));
                Assert.Equal(AttainmentCsv.Header, await DownloadAsync(caller, cohort.CollectionId, group));
            }
        }
    }

    [Fact]
    public async Task Group_IsSensitive_UntilAndUnlessItsDefinitionSaysOtherwise()
    {
        var told = $"told-{Guid.NewGuid():N}";
        var cohort = await CohortInAsync(told);
        var senco = await house.CallerAsync(Role.Senco, cohort.SchoolUrn);
        var request = new ListAttainmentRequest { CollectionId = cohort.CollectionId.ToString(), Group = told };
        var defined = new GroupDefined { Group = told, DefinitionVersion = 1, Name = "Told", ComparatorName = "Not told", Sensitive = false };
        Assert.Empty(await senco.AttainmentAsync(request));

        await house.PublishAsync(defined);
        await Eventually.Async(async () => Assert.Equal(6, Assert.Single(await senco.AttainmentAsync(request)).Figures.Pupils.Value));

        await house.PublishAsync(defined with { DefinitionVersion = 2, Sensitive = true });
        await Eventually.Async(async () => Assert.Empty(await senco.AttainmentAsync(request)));
    }

    [Fact]
    public async Task Group_ThatOpens_StaysSensitive_UntilNobodyIsCountedByTheOlderDefinition()
    {
        var told = $"told-{Guid.NewGuid():N}";
        var cohort = await CohortInAsync(told);
        var senco = await house.CallerAsync(Role.Senco, cohort.SchoolUrn);
        var request = new ListAttainmentRequest { CollectionId = cohort.CollectionId.ToString(), Group = told };
        await house.PublishAsync(Defined(told, 1, true));
        await house.SettledAsync();

        // Who is in it now is not told yet; then of two of the six it is.
        await house.PublishAsync(Defined(told, 2, false));
        await GroupsHadATurnAsync();
        Assert.Empty(await senco.AttainmentAsync(request));
        await house.PublishAsync(Cohort.Roster([.. cohort.Pupils.Take(2).Select(id => Member(cohort, id, 3, told, 2))]));
        await GroupsHadATurnAsync();
        Assert.Empty(await senco.AttainmentAsync(request));

        await house.PublishAsync(Cohort.Roster([.. cohort.Pupils.Skip(2).Select((id, i) => i < 4 ? cohort.Pupil(id, 4, []) : Member(cohort, id, 4, told, 2))]));
        var shown = new HashSet<double>();
        await Eventually.Async(async () =>
        {
            shown.UnionWith((await senco.AttainmentAsync(request)).Select(r => r.Figures.Pupils.Value));
            Assert.NotEmpty(shown);
        });
        Assert.Equal([36.0], shown);
    }

    [Fact]
    public async Task Group_WhoseMembersComeByANewerDefinition_IsSensitiveUntilThatIsTold()
    {
        var told = $"told-{Guid.NewGuid():N}";
        var cohort = await CohortInAsync(told);
        var senco = await house.CallerAsync(Role.Senco, cohort.SchoolUrn);
        var request = new ListAttainmentRequest { CollectionId = cohort.CollectionId.ToString(), Group = told };
        await house.PublishAsync(Defined(told, 1, false));
        await Eventually.Async(async () => Assert.Equal(6, Assert.Single(await senco.AttainmentAsync(request)).Figures.Pupils.Value));

        await house.PublishAsync(Cohort.Roster([.. cohort.Pupils.Select((id, i) => i is >= 6 and < 14 ? Member(cohort, id, 3, told, 2) : cohort.Pupil(id, 3, []))]));
        await GroupsHadATurnAsync();
        Assert.Empty(await senco.AttainmentAsync(request));
        await house.PublishAsync(Defined(told, 2, true));
        await GroupsHadATurnAsync();
        Assert.Empty(await senco.AttainmentAsync(request));

        // An older word comes last and changes nothing.
        await house.PublishAsync(Defined(told, 1, false));
        await GroupsHadATurnAsync();
        Assert.Empty(await senco.AttainmentAsync(request));
    }

    [Fact]
    public async Task ASensitiveGrantOfAnotherYearGroup_OpensNoSensitiveGroup()
    {
        var cohort = await CohortInAsync("looked-after");
        var both = await house.CallerAsync(
            ReportingHouse.ReadScopes,
            new TestGrant(Role.Senco) { SchoolUrn = cohort.SchoolUrn },
            new TestGrant(Role.DesignatedTeacher) { SchoolUrn = cohort.SchoolUrn, YearGroups = ["5"] });

        var rows = await both.AttainmentAsync(new() { CollectionId = cohort.CollectionId.ToString() });

        Assert.Contains(rows, r => r.Group == "girls");
        Assert.DoesNotContain(rows, r => r.Group == "looked-after");
    }

    [Fact]
    public async Task ADayOfOnesOwnChoice_IsForRolesWithPupilAccess()
    {
        var (collection, small) = await TrustWithASmallGroupAsync();
        var request = new ListAttainmentRequest { CollectionId = collection.ToString(), On = "2025-12-01", Group = "all" };
        var governor = await house.CallerAsync(Role.Governor, small.SchoolUrn);
        var both = await house.CallerAsync(
            ReportingHouse.ReadScopes, new TestGrant(Role.Board), new TestGrant(Role.Headteacher) { SchoolUrn = small.SchoolUrn });

        var refused = await Assert.ThrowsAsync<RpcException>(async () => await governor.Attainment.ListAttainmentAsync(request, governor.Headers));

        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        Assert.Equal([small.SchoolUrn], (await both.AttainmentAsync(request)).Select(r => r.SchoolUrn));
    }

    [Fact]
    public async Task Download_IsRedactedAsTheListIs_AndHoldsNoFormula()
    {
        var (collection, small) = await TrustWithASmallGroupAsync();
        await house.PublishAsync(small.School("=HYPERLINK(\"http://x\")", 2));
        var board = await house.CallerAsync(Role.Board);
        var lead = await house.CallerAsync(Role.DataLead);

        var redacted = await Eventually.Async(async () =>
        {
            var csv = await DownloadAsync(board, collection, "disadvantaged");
            Assert.Contains("HYPERLINK", csv, StringComparison.Ordinal);
            return csv;
        });
        var clear = await DownloadAsync(lead, collection, "disadvantaged");

        var line = redacted.Split("\r\n").Single(l => l.Contains($",{small.SchoolUrn},", StringComparison.Ordinal) && l.Contains(",disadvantaged,", StringComparison.OrdinalIgnoreCase));
        Assert.Contains(",\"'=HYPERLINK(\"\"http://x\"\")\",4,reading,", line, StringComparison.Ordinal);
        Assert.Contains(",[SMALL_NUMBER],[NOT_IN_FIXED_TABLE],[SMALL_NUMBER],,,[SMALL_NUMBER],", line, StringComparison.Ordinal);
        Assert.StartsWith("collection_id,school_urn,school,year_group,subject,group,pupils,", redacted, StringComparison.Ordinal);
        Assert.Equal(redacted.Split("\r\n").Length, clear.Split("\r\n").Length);
        // Of three pupils the lead has all figures but a percentage.
        Assert.Contains(
            ",Disadvantaged,3,0,\"[SMALL_NUMBER] 3 of 3 pupils: so few are told as a count, not as a percentage.\",,,105,", clear, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("+44", "'+44")]
    [InlineData("-2", "'-2")]
    [InlineData("@SUM(A1)", "'@SUM(A1)")]
    [InlineData("\t=1", "'\t=1")]
    [InlineData("St Mary, Ash", "\"St Mary, Ash\"")]
    [InlineData("St Mary's", "St Mary's")]
    public void CsvText_IsSafeToOpen(string text, string written) => Assert.Equal(written, AttainmentCsv.Text(text));

    private static async Task<string> DownloadAsync(TestCaller caller, Guid collection, string group)
    {
        using var call = caller.Attainment.DownloadAttainment(new() { CollectionId = collection.ToString(), Group = group }, caller.Headers);
        var text = new System.Text.StringBuilder();
        await foreach (var part in call.ResponseStream.ReadAllAsync())
        {
            Assert.Equal("text/csv; charset=utf-8", part.ContentType);
            text.Append(part.Data.ToStringUtf8());
        }

        return text.ToString();
    }

    private static GroupDefined Defined(string group, int version, bool sensitive) =>
        new() { Group = group, DefinitionVersion = version, Name = "Told", ComparatorName = "Not told", Sensitive = sensitive };

    private static PupilSnapshot Member(Cohort cohort, Guid pupilId, long version, string group, int definitionVersion) => cohort.Pupil(pupilId, version, []) with
    {
        Groups = [new PupilGroup { Group = group, DefinitionVersion = definitionVersion, From = new(2025, 9, 1) }],
    };

    /// <summary>Waits until all that was told so far has had its effect, and a group without members that is defined after it is open.</summary>
    private async Task GroupsHadATurnAsync()
    {
        await house.SettledAsync();
        var empty = $"empty-{Guid.NewGuid():N}";
        await house.PublishAsync(Defined(empty, 1, false));
        await Eventually.Async(async () =>
        {
            await using var command = house.Database.CreateCommand("select count(*) from group_definition where group_code = $1 and not sensitive");
            command.Parameters.Add(new() { Value = empty });
            Assert.Equal(1L, await command.ExecuteScalarAsync());
        });
    }

    /// <summary>One school where six of 40 pupils are in each of the groups; waits for the sums.</summary>
    private async Task<Cohort> CohortInAsync(params string[] groups)
    {
        var cohort = new Cohort();
        await cohort.TellAsync(house, 0, 0);
        await house.PublishAsync(cohort.Enrol(40));
        await house.PublishAsync(Cohort.Roster([.. cohort.Pupils.Select((id, i) => cohort.Pupil(id, 2, i < 6 ? groups : []))]));
        await house.PublishAsync(cohort.Results(20));
        var lead = await house.CallerAsync(Role.DataLead);
        foreach (var group in groups)
        {
            var request = new ListAttainmentRequest { CollectionId = cohort.CollectionId.ToString(), Group = group };
            await Eventually.Async(async () => Assert.Equal(
                (6, 34), Assert.Single((await lead.AttainmentAsync(request)).Select(r => (r.Figures.Pupils.Value, r.Comparator.Figures.Pupils.Value)))));
        }

        return cohort;
    }

    /// <summary>Three schools; at one of them three of 30 pupils are in the group.</summary>
    private async Task<(Guid Collection, Cohort Small)> TrustWithASmallGroupAsync()
    {
        var small = new Cohort();
        await small.TellAsync(house, 30, 15, inGroup: 3);
        Cohort[] others = [new() { CollectionId = small.CollectionId, TestId = small.TestId }, new() { CollectionId = small.CollectionId, TestId = small.TestId }];
        foreach (var other in others)
        {
            await house.PublishAsync(other.School("Beech"));
            await house.PublishAsync(other.Enrol(40, inGroup: 18));
            await house.PublishAsync(other.Results(20));
        }

        var lead = await house.CallerAsync(Role.DataLead);
        await Eventually.Async(async () =>
        {
            var rows = await lead.AttainmentAsync(new() { CollectionId = small.CollectionId.ToString(), Group = "disadvantaged" });
            Assert.Equal([3, 18, 18], rows.Where(r => r.HasSchoolName).Select(r => r.Figures.Pupils.Value).Order());
            Assert.Equal([27, 22, 22], rows.OrderBy(r => r.Figures.Pupils.Value).Select(r => r.Comparator.Figures.Pupils.Value));
        });
        return (small.CollectionId, small);
    }

    /// <summary>Pupils at random: schools small and large, some outside the trust, groups that overlap.</summary>
    private static AttainmentTable RandomTable(Random random)
    {
        var schools = Enumerable.Range(1, random.Next(1, 6)).ToList();
        var groups = Enumerable.Range(0, random.Next(0, 4)).Select(g => $"group-{g}").ToList();
        var (chanceOfMet, chanceOfGroup, chanceOfCode) = (random.NextDouble(), random.NextDouble(), random.Next(2) * random.NextDouble());
        var sums = new List<SchoolSums>();
        foreach (var school in schools)
        {
            foreach (var year in Enumerable.Range(1, random.Next(1, 5)))
            {
                var pupils = Enumerable.Range(0, random.Next(1, random.Next(3) == 0 ? 12 : 60))
                    .Select(_ => (
                        Met: random.NextDouble() < chanceOfMet,
                        Coded: random.NextDouble() < chanceOfCode,
                        Groups: groups.Where(_ => random.NextDouble() < chanceOfGroup).ToHashSet())).ToList();
                sums.Add(SumsOf(school, $"{year}", "", pupils));
                sums.AddRange(from @group in groups
                              let inGroup = pupils.Where(p => p.Groups.Contains(@group)).ToList()
                              where inGroup.Count > 0
                              select SumsOf(school, $"{year}", @group, inGroup));
            }
        }

        return new AttainmentTable(sums, groups, schools.Where(_ => random.Next(10) > 0).ToHashSet(), groups.ToHashSet());

        static SchoolSums SumsOf(int school, string year, string group, List<(bool Met, bool Coded, HashSet<string> Groups)> pupils) =>
            Sums(school, year, group, pupils.Count, pupils.Count(p => p is { Met: true, Coded: false }), pupils.Count(p => !p.Coded));
    }

    /// <summary>A reviewer of the whole trust who leads one or two schools as well, or some year groups of them.</summary>
    private static Reach RandomMixedReach(Random random, AttainmentTable table)
    {
        var rows = new List<ReachRow> { new() { Clear = false, Sensitive = false } };
        for (var grant = 0; grant <= random.Next(3); grant++)
        {
            rows.Add(new ReachRow
            {
                SchoolUrn = random.Next(8) == 0 ? null : table.Schools[random.Next(table.Schools.Count)],
                YearGroups = random.Next(2) == 0 || rows[^1].YearGroups is not null ? null : [.. table.YearGroups.Where(_ => random.Next(2) == 0)],
                Clear = true,
                Sensitive = false,
            });
        }

        return new Reach(rows);
    }

    /// <summary>Sums of a cohort in which all have a score, or so many: the others have a code that counts as not met.</summary>
    private static SchoolSums Sums(int school, string year, string group, int n, int met, int? scored = null)
    {
        var below = (scored ?? n) - met;
        return new(school, year, group, CohortSums.Nobody with
        {
            N = n,
            Met = met,
            Scored = met + below,
            Sum = (met * 105) + (below * 95),
            SumOfSquares = (met * 105 * 105) + (below * 95 * 95),
            Scale = met + below > 0 ? "standardised" : "",
        });
    }

    /// <summary>Everything that a board can fetch: all years each and together, schools and the trust, groups and the whole.</summary>
    private static List<Attainment> FixedRows(AttainmentTable table, Reach? reach = null)
    {
        var sources = new AttainmentSources
        {
            CollectionId = Guid.Empty,
            TablesBySubject = new Dictionary<string, AttainmentTable> { ["reading"] = table },
            Schools = new Dictionary<int, SchoolRow>(),
            Groups = table.Groups.ToDictionary(g => g, g => new GroupRow { GroupCode = g, Name = g, ComparatorName = $"not {g}", Sensitive = false }),
            National = new NationalFigures([], new Dictionary<string, string[]>(), new HashSet<OtherResults>()),
        };
        return [.. from trust in new[] { false, true }
                   from year in new[] { null, Reach.AllYears }
                   from row in AttainmentReport.Rows(
                       sources, new AttainmentQuestion { CollectionId = Guid.Empty, Trust = trust, YearGroup = year }, reach ?? Board)
                   select row];
    }

    /// <summary>What the rows show of each cell, the rest of a group among them.</summary>
    private static Dictionary<CellKey, CohortFigures> ShownIn(AttainmentTable table, Reach? reach = null)
    {
        var shown = new Dictionary<CellKey, CohortFigures>();
        foreach (var row in FixedRows(table, reach))
        {
            var key = new CellKey(row.HasSchoolUrn ? row.SchoolUrn : null, row.YearGroup, row.HasGroup ? row.Group : "", row.HasGroup ? Part.Group : Part.Whole);
            shown[key] = row.Figures;
            if (row.Comparator is { } rest)
            {
                shown[key.Others()] = rest.Figures;
            }
        }

        return shown;
    }

    /// <summary>
    /// A reader with a pencil: takes what the rows show, writes down every sum that must hold, and finds by rank which unknown has one solution.
    /// Knows nothing of how the pattern was made.
    /// </summary>
    private static IEnumerable<(string Name, CellKey Cell, bool IsSensitive, long Value)> Attack(AttainmentTable table, Reach? reach = null)
    {
        var shown = ShownIn(table, reach);
        var pupilsHidden = shown.Where(s => s.Value.Pupils.Redacted is not null).Select(s => s.Key).ToList();
        var sums = SumsOf(table).ToList();

        // What follows from the cells that are seen in full alone is nothing that the others gave away.
        var unknown = shown.Keys.Where(key => (reach ?? Board).Of(key.SchoolUrn, key.YearGroup, "reading") != Sight.Clear).ToList();
        // A percentage without its number of pupils would give the count away only together with it: the reader is granted both. Whoever sees a cell
        // in full is told the count of a few.
        var metHidden = unknown.Where(key => shown[key].PercentMet.Redacted is { Reason: not "NO_PUPILS" }).ToList();
        var known = Solved(unknown, sums).ToHashSet();
        foreach (var cell in Solved(pupilsHidden, sums).Except(known))
        {
            yield return ("the number of pupils", cell, FixedTable.IsSmall(table[cell].N), table[cell].N);
        }

        foreach (var cell in Solved(metHidden, sums).Except(known))
        {
            yield return ("the number that met", cell, FixedTable.TellsTooMuch(table[cell].Met, table[cell].N), table[cell].Met);
        }

        // A mean is a sum of scores to who knows how many there are: the reader is granted that too.
        var meanHidden = shown.Where(s => s.Value.MeanScore.Redacted?.Reason == "SMALL_NUMBER").Select(s => s.Key).ToList();
        foreach (var cell in Solved(meanHidden, sums).Except(known))
        {
            yield return ("the sum of the scores", cell, FixedTable.IsSmall(table[cell].Scored), (long)table[cell].Sum);
        }
    }

    private static IEnumerable<CellKey> Solved(List<CellKey> unknown, List<List<(CellKey Key, int Sign)>> sums)
    {
        var rows = sums.Select(sum => unknown.Select(u => (double)sum.Where(t => t.Key == u).Sum(t => t.Sign)).ToArray()).Where(r => r.Any(v => v != 0)).ToList();
        if (rows.Count == 0)
        {
            yield break;
        }

        // A cell has one solution exactly when every vector of the null space is zero there.
        var matrix = DenseMatrix.OfRowArrays(rows);
        var squares = (Matrix<double>)(matrix.Transpose() * matrix);
        var decomposition = squares.Evd(Symmetricity.Symmetric);
        var free = Enumerable.Range(0, unknown.Count).Where(i => Math.Abs(decomposition.EigenValues[i].Real) < 1e-9)
            .Select(i => decomposition.EigenVectors.Column(i)).ToList();
        for (var i = 0; i < unknown.Count; i++)
        {
            if (free.All(v => Math.Abs(v[i]) < 1e-6))
            {
                yield return unknown[i];
            }
        }
    }

    /// <summary>Every sum that anybody knows to hold, as signed terms that add up to nothing.</summary>
    private static IEnumerable<List<(CellKey Key, int Sign)>> SumsOf(AttainmentTable table)
    {
        var schools = table.Schools.Cast<int?>().Append(null).ToList();
        string[] years = [.. table.YearGroups, Reach.AllYears];
        (string Group, Part Part)[] parts = [("", Part.Whole), .. table.Groups.SelectMany(g => new[] { (g, Part.Group), (g, Part.Rest) })];
        var members = table.CellsBehind(CellKey.Whole(null, Reach.AllYears)).Select(cell => cell.SchoolUrn).ToList();
        foreach (var school in schools)
        {
            foreach (var year in years.Where(y => table.Has(school, y)))
            {
                foreach (var group in table.Groups)
                {
                    var key = new CellKey(school, year, group, Part.Group);
                    yield return [(CellKey.Whole(school, year), -1), (key, 1), (key.Others(), 1)];
                }
            }

            foreach (var (group, part) in parts.Where(_ => table.Has(school, Reach.AllYears)))
            {
                yield return [(new(school, Reach.AllYears, group, part), -1),
                    .. table.YearGroups.Where(y => table.Has(school, y)).Select(y => (new CellKey(school, y, group, part), 1))];
            }
        }

        foreach (var year in years.Where(y => table.Has(null, y)))
        {
            foreach (var (group, part) in parts)
            {
                yield return [(new(null, year, group, part), -1), .. members.Where(s => table.Has(s, year)).Select(s => (new CellKey(s, year, group, part), 1))];
            }
        }
    }
}
