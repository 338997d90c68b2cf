using Dapper;
using GoldenThread.Assessment.Events.V1;
using GoldenThread.Tracking.Events.V1;

namespace GoldenThread.Tests;

/// <summary>The sums that are kept up to date cell by cell, against all of them worked out from every result in one plain statement.</summary>
public sealed class SumsTests(ReportingHouse house)
{
    // Written for reading, not for speed: every result of some collections, ranked; no cells, no notes, no order of events.
    private const string Plain = """
        with days as (
            select f.*, t.subject, t.scale, t.expected_from, t.normed, coalesce(@on, k.due_on, f.sat_on) as day
            from fact_result f
            join test t using (test_id)
            join pupil p on p.pupil_id = f.pupil_id and p.version > 0 and not p.erased
            left join collection k on k.collection_id = f.collection_id
            where f.collection_id = any (@collections)
        ),
        placed as (
            select d.*, exists (
                select from pupil_enrolment m
                where m.pupil_id = d.pupil_id and m.is_main and m.from_on <= d.day and (m.to_on is null or m.to_on >= d.day)
                  and case when @on is null then m.school_urn = d.school_urn else current_urn(m.school_urn) = current_urn(d.school_urn) end
            ) as at_main
            from days d
        ),
        counted as (
            select distinct on (collection_id, subject, pupil_id) *
            from placed
            where @on is null or at_main
            order by collection_id, subject, pupil_id, (score is null), (not normed), (not at_main), sat_on desc, recorded_at desc, result_id desc
        ),
        judged as (
            select c.*, c.score is not null or coalesce(k.counts_as_not_met, false) as in_denominator,
                greatest(c.day, (select min(m.from_on) from pupil_enrolment m where m.pupil_id = c.pupil_id)) as grouped_on
            from counted c left join test_code k on k.test_id = c.test_id and k.code = c.code
        ),
        parts as (
            select j.*, '' as group_code from judged j
            union all
            select j.*, g.group_code
            from judged j
            cross join lateral (
                select distinct m.group_code from pupil_group m
                where m.pupil_id = j.pupil_id and m.from_on <= j.grouped_on and (m.to_on is null or m.to_on >= j.grouped_on)
            ) g
        )
        select concat_ws(' ', school_urn, collection_id, subject, year_group, '[' || group_code || ']',
            count(*) filter (where in_denominator), count(*) filter (where score >= expected_from), count(*) filter (where not in_denominator),
            count(score), trim_scale(coalesce(sum(score), 0)), trim_scale(coalesce(sum(score * score), 0)),
            coalesce(min(scale) filter (where score is not null), ''),
            coalesce(min(scale) filter (where score is not null) <> max(scale) filter (where score is not null), false),
            bool_and(expected_from is not null),
            case
                when min(scale) filter (where in_denominator) <> max(scale) filter (where in_denominator) then 'two'
                else coalesce(min(scale) filter (where in_denominator), '')
            end)
        from parts
        group by school_urn, collection_id, subject, year_group, group_code
        order by 1
        """;

    private const string Columns = """
        concat_ws(' ', school_urn, collection_id, subject, year_group, '[' || group_code || ']',
            n, n_met, n_excluded, n_scored, trim_scale(sum_score), trim_scale(sum_square), scale, mixed_scales, has_expected, coalesce(counted_scale, 'two'))
        """;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Sums_AfterEventsInAnyOrder_AreThoseOfAllResultsWorkedOutAnew(int seed)
    {
        var trust = new RandomTrust(new Random(seed));
        foreach (var round in Enumerable.Range(0, 4))
        {
            await Task.WhenAll(trust.Facts(round).Select(TellAsync));
            await house.SettledAsync();
            Assert.Equal(await PlainAsync(trust, null), await KeptAsync(trust));
            Assert.Equal(await EnteredPlainlyAsync(trust), await EnteredAsync(trust));
        }

        foreach (var day in new DateOnly[] { new(2025, 9, 20), new(2025, 11, 20), new(2026, 3, 1) })
        {
            Assert.Equal(await PlainAsync(trust, day), await OnAsync(trust, day));
        }
    }

    private Task TellAsync(object fact) => fact switch
    {
        SchoolChanged school => house.PublishAsync(school),
        CollectionChanged collection => house.PublishAsync(collection),
        TestChanged test => house.PublishAsync(test),
        PupilsChanged pupils => house.PublishAsync(pupils),
        ResultsRecorded results => house.PublishAsync(results),
        _ => throw new ArgumentOutOfRangeException(nameof(fact)),
    };

    private async Task<IReadOnlyList<string>> PlainAsync(RandomTrust trust, DateOnly? on)
    {
        await using var connection = await house.Database.OpenConnectionAsync();
        return (await connection.QueryAsync<string>(Plain.Replace("@on", "@on::date", StringComparison.Ordinal), new { trust.Collections, on })).AsList();
    }

    private async Task<IReadOnlyList<string>> KeptAsync(RandomTrust trust)
    {
        await using var connection = await house.Database.OpenConnectionAsync();
        const string Sql = $"select {Columns} from attainment_summary where collection_id = any (@Collections) order by 1";
        return (await connection.QueryAsync<string>(Sql, new { trust.Collections })).AsList();
    }

    private async Task<IReadOnlyList<string>> EnteredPlainlyAsync(RandomTrust trust)
    {
        await using var connection = await house.Database.OpenConnectionAsync();
        const string Sql = """
            select distinct concat_ws(' ', collection_id, school_urn, year_group, test_id)
            from fact_result where collection_id = any (@Collections) order by 1
            """;
        return (await connection.QueryAsync<string>(Sql, new { trust.Collections })).AsList();
    }

    private async Task<IReadOnlyList<string>> EnteredAsync(RandomTrust trust)
    {
        await using var connection = await house.Database.OpenConnectionAsync();
        const string Sql = """
            select concat_ws(' ', c.id, e.school_urn, e.year_group, e.test_id)
            from unnest(@Collections) as c (id) cross join lateral entered_tests(c.id) e
            order by 1
            """;
        return (await connection.QueryAsync<string>(Sql, new { trust.Collections })).AsList();
    }

    private async Task<IReadOnlyList<string>> OnAsync(RandomTrust trust, DateOnly on)
    {
        await using var connection = await house.Database.OpenConnectionAsync();
        const string Sql = $"""
            select {Columns}
            from (
                select array_agg(collection_id) as c, array_agg(school_urn) as s, array_agg(year_group) as y, array_agg(subject) as u
                from (
                    select distinct f.collection_id, f.school_urn, f.year_group, t.subject
                    from fact_result f join test t using (test_id)
                    where f.collection_id = any (@Collections)
                ) cell
            ) a
            cross join lateral attainment_sums(a.c, a.s, a.y, a.u, @on)
            order by 1
            """;
        return (await connection.QueryAsync<string>(Sql, new { trust.Collections, on })).AsList();
    }

    /// <summary>
    /// Three schools, one of which replaced another, in which pupils move, sit tests of one subject with and without a norm, at two schools, again, and
    /// with a code instead of a score; facts come late, are corrected and taken back.
    /// </summary>
    private sealed class RandomTrust
    {
        private static readonly string[] Groups = ["disadvantaged", "girls", "eal", "send"];
        private readonly Random random;
        private readonly int[] schools = [ReportingHouse.NewUrn(), ReportingHouse.NewUrn(), ReportingHouse.NewUrn()];
        private readonly Guid[] pupils = [.. Enumerable.Range(0, 14).Select(_ => Guid.CreateVersion7())];
        private readonly Cohort[] tests;
        private readonly Dictionary<Guid, long> versions = [];
        private readonly Dictionary<Guid, RecordedResult> results = [];

        public RandomTrust(Random random)
        {
            this.random = random;
            Collections = [Guid.CreateVersion7(), Guid.CreateVersion7()];
            tests =
            [
                new Cohort { CollectionId = Collections[0], Subject = "reading" },
                new Cohort { CollectionId = Collections[1], Subject = "reading", Scale = "scaled" },
                new Cohort { CollectionId = Collections[0], Subject = "maths" },
            ];
        }

        public Guid[] Collections { get; }

        /// <summary>What happens in a round: in the first nobody knows tests and pupils yet, and the second collection comes last.</summary>
        public IEnumerable<object> Facts(int round)
        {
            if (round == 0)
            {
                yield return new Cohort { SchoolUrn = schools[0] }.School();
                yield return new Cohort { SchoolUrn = schools[1] }.School(predecessors: schools[2]);
            }

            foreach (var test in tests.Where(_ => round == 1 || random.Next(4) == 0))
            {
                var told = test.Test(Next(test.TestId), random.Next(4) == 0 ? null : 90 + random.Next(20), random.Next(6) == 0 ? "writing" : null);
                yield return test == tests[1] ? told : told with { Mean = 100 };
            }

            foreach (var collection in tests.Take(2).Where((_, i) => round >= (i == 0 ? 0 : 3)))
            {
                yield return collection.Collection(Next(collection.CollectionId), new DateOnly(2025, 9, 10).AddDays(random.Next(150)));
            }

            yield return Cohort.Roster([.. pupils.Where(_ => round == 1 || random.Next(3) == 0).Select(Pupil)]);
            for (var i = 0; i < 12; i++)
            {
                yield return Cohort.Recorded([.. Enumerable.Range(0, 1 + random.Next(5)).Select(_ => Result()).GroupBy(r => r.ResultId).Select(g => g.Last())]);
            }
        }

        private PupilSnapshot Pupil(Guid id)
        {
            var (first, moved) = (new DateOnly(2025, 9, 1).AddDays(random.Next(60)), random.Next(2) == 0);
            var left = moved ? first.AddDays(30 + random.Next(60)) : default(DateOnly?);
            var here = random.Next(3);
            PupilEnrolment[] enrolments =
            [
                new() { SchoolUrn = schools[here], From = first, To = left, IsMain = true, YearGroup = "4" },
                .. moved
                    ? new[] { new PupilEnrolment { SchoolUrn = schools[(here + 1) % 3], From = left!.Value.AddDays(1), IsMain = true, YearGroup = "4" } }
                    : [],
            ];
            return new PupilSnapshot
            {
                PupilId = id,
                Version = Next(id),
                Erased = random.Next(12) == 0,
                Enrolments = enrolments,
                Classes = [],
                Groups =
                [
                    .. Groups.Where(_ => random.Next(2) == 0).Select(group => new PupilGroup
                    {
                        Group = group,
                        DefinitionVersion = 1,
                        From = first.AddDays(random.Next(40)),
                        To = random.Next(2) == 0 ? first.AddDays(50 + random.Next(60)) : null,
                    }),
                ],
            };
        }

        private RecordedResult Result()
        {
            var again = results.Count > 0 && random.Next(3) == 0 ? results.Values.ElementAt(random.Next(results.Count)) : null;
            var test = tests[random.Next(tests.Length)];
            var code = random.Next(5) switch { 0 => "A", 1 => "L", _ => null };
            var result = new RecordedResult
            {
                ResultId = again?.ResultId ?? Guid.CreateVersion7(),
                Version = (again?.Version ?? 0) + 1,
                // A result stays at the school where it was sat.
                SchoolUrn = again?.SchoolUrn ?? schools[random.Next(3)],
                PupilId = pupils[random.Next(pupils.Length)],
                TestId = test.TestId,
                CollectionId = Collections[random.Next(2)],
                YearGroup = random.Next(5) == 0 ? "5" : "4",
                SatOn = new DateOnly(2025, 9, 5).AddDays(random.Next(120)),
                Score = code is null ? 70 + random.Next(60) + (random.Next(2) / 2m) : null,
                Code = code,
                RecordedAt = new DateTimeOffset(2026, 1, 1, 0, 0, random.Next(50), TimeSpan.Zero),
            };
            return results[result.ResultId] = result;
        }

        private long Next(Guid id) => versions[id] = versions.GetValueOrDefault(id) + 1;
    }
}
