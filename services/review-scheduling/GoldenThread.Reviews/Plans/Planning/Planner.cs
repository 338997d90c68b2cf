namespace GoldenThread.Reviews.Plans.Planning;

/// <summary>
/// Makes a year plan: places the least flexible visits first, each on its cheapest day with its cheapest team, then takes some visits
/// out and puts them back better, a counted number of times. Counted, not timed: the same input gives the same plan.
/// </summary>
public sealed class Planner
{
    private const int LeastRounds = 400;
    private const int RoundsPerVisit = 15;
    private const int MostRounds = 8000;
    private const int MostTakenOut = 6;
    private const int NearbyWeeks = 3;

    private readonly PlanInput input;
    private readonly Random random;
    private readonly IReadOnlyList<PlannedMeeting> meetings;
    private readonly IReadOnlyList<IncompleteSeries> incomplete;
    private readonly IReadOnlyList<Job> jobs;
    private readonly Board board;
    private readonly TeamChoice teams;
    private readonly PlanCost costs;
    private readonly Placement?[] placed;

    private Planner(PlanInput input)
    {
        this.input = input;
        random = new Random(input.Seed);
        var years = input.Schools.Select(s => new SchoolYear(s, input)).ToList();
        var yearOf = years.ToDictionary(y => y.School.Urn);
        var slots = new StandingSlots(input, yearOf);
        meetings = slots.Meetings();
        incomplete = slots.Incomplete();
        board = new Board(input, years, meetings);
        PlaceKept();
        jobs = new JobList(input, board).Of(new Entitlements(input, yearOf).Owed());
        placed = new Placement?[jobs.Count];
        teams = new TeamChoice(input, board, jobs, placed);
        costs = new PlanCost(input, board, jobs);
    }

    /// <summary>Makes the plan of an input.</summary>
    public static YearPlan Make(PlanInput input)
    {
        var ordered = input with
        {
            Schools = input.Schools.OrderBy(s => s.Urn).ToList(),
            People = input.People.OrderBy(p => p.Id).ToList(),
        };
        return new Planner(ordered).Run();
    }

    private YearPlan Run()
    {
        var shortages = new ShortageCheck(input, board, jobs).Proved();
        foreach (var job in jobs.Where(StillStands))
        {
            Restore(job, job.Was);
        }

        foreach (var job in jobs.Where(j => placed[j.Index] is null).OrderBy(j => j.Freedom).ThenBy(j => j.Index))
        {
            Insert(job);
        }

        Improve();

        // What was taken out for a cheaper plan may have room again: a visit without a day is one that fits on none.
        foreach (var job in jobs.Where(j => placed[j.Index] is null).ToList())
        {
            Insert(job);
        }

        return new()
        {
            Visits = Visits(new UnplacedReasons(input, board, shortages)),
            Meetings = meetings,
            Cost = Math.Round(costs.Of(placed), 6),
            Shortages = shortages.Select(s => s.Shortage).ToList(),
            IncompleteSeries = incomplete,
        };
    }

    /// <summary>Whether a visit in force can stay where it is, with whom it is, beside those already left in place.</summary>
    private bool StillStands(Job job) =>
        job.Was is { } was
        && Array.BinarySearch(job.Days, was.Day) >= 0
        && board.SchoolTakes(job.School, was.Day)
        && was.Team.Distinct().Count() == was.Team.Length
        && was.Team.All(person => board.PersonTakes(person, was.Day, job.HalfDays));

    private void PlaceKept()
    {
        var schools = input.Schools.Select((s, index) => (s.Urn, index)).ToDictionary(s => s.Urn, s => s.index);
        var people = input.People.Select((p, index) => (p.Id, index)).ToDictionary(p => p.Id, p => p.index);
        foreach (var kept in input.Kept.Where(k => k is { On: not null, CancelledBecause: null } && schools.ContainsKey(k.SchoolUrn)))
        {
            var team = kept.Team.Where(m => people.ContainsKey(m.PersonId)).Select(m => people[m.PersonId]).ToArray();
            board.Place(schools[kept.SchoolUrn], kept.HalfDays, new(board.DayOf(kept.On!.Value), team));
        }
    }

    private void Insert(Job job)
    {
        Placement? best = null;
        var bestCost = double.MaxValue;
        foreach (var day in job.NearestFirst)
        {
            var cost = costs.OfDay(job, day);
            if (cost >= bestCost)
            {
                // The days that follow are no nearer to the target.
                break;
            }

            if (!board.SchoolTakes(job.School, day))
            {
                continue;
            }

            cost += costs.OfSecondVisit(job.School, day) + PlanCost.OfMove(job, day, job.Was?.Team ?? []);
            if (cost >= bestCost || teams.Cheapest(job, day) is not { } team)
            {
                continue;
            }

            cost += team.Cost;
            if (cost < bestCost)
            {
                bestCost = cost;
                best = new(day, team.People);
            }
        }

        placed[job.Index] = best;
        if (best is not null)
        {
            board.Place(job.School, job.HalfDays, best);
        }
    }

    private void Improve()
    {
        if (jobs.Count == 0)
        {
            return;
        }

        var current = costs.Of(placed);
        var rounds = Math.Clamp(jobs.Count * RoundsPerVisit, LeastRounds, MostRounds);
        for (var round = 0; round < rounds; round++)
        {
            var taken = TakeOut();
            var before = taken.Select(j => (Job: j, Was: placed[j.Index])).ToList();
            foreach (var job in taken)
            {
                Clear(job);
            }

            foreach (var job in before.OrderBy(b => b.Was is null ? 0 : 1).ThenBy(b => b.Job.Freedom * (0.5 + random.NextDouble())))
            {
                Insert(job.Job);
            }

            var cost = costs.Of(placed);
            if (cost <= current)
            {
                current = cost;
                continue;
            }

            foreach (var job in taken)
            {
                Clear(job);
            }

            foreach (var (job, was) in before)
            {
                Restore(job, was);
            }
        }
    }

    /// <summary>A visit (an unplaced one every second time, while there are any) and visits that stand in its way.</summary>
    private List<Job> TakeOut()
    {
        var unplaced = jobs.Where(j => placed[j.Index] is null && j.Days.Length > 0).ToList();
        var seed = unplaced.Count > 0 && random.Next(2) == 0 ? unplaced[random.Next(unplaced.Count)] : jobs[random.Next(jobs.Count)];
        var centre = placed[seed.Index]?.Day ?? (seed.Days.Length > 0 ? seed.Days[random.Next(seed.Days.Length)] : 0);
        var related = jobs
            .Where(j => j != seed && placed[j.Index] is { } p
                && Math.Abs(p.Day - centre) <= 7 * NearbyWeeks
                && (j.School == seed.School || Array.Exists(p.Team, person => seed.CouldGo[person])))
            .ToList();
        var taken = new List<Job> { seed };
        var count = Math.Min(related.Count, 1 + random.Next(MostTakenOut));
        for (var index = 0; index < count; index++)
        {
            var pick = random.Next(index, related.Count);
            (related[index], related[pick]) = (related[pick], related[index]);
            taken.Add(related[index]);
        }

        return taken;
    }

    private void Clear(Job job)
    {
        if (placed[job.Index] is { } was)
        {
            board.Remove(job.School, job.HalfDays, was);
            placed[job.Index] = null;
        }
    }

    private void Restore(Job job, Placement? was)
    {
        placed[job.Index] = was;
        if (was is not null)
        {
            board.Place(job.School, job.HalfDays, was);
        }
    }

    private List<PlannedVisit> Visits(UnplacedReasons reasons)
    {
        var visits = input.Kept.Select(Kept).ToList();
        visits.AddRange(jobs.Select(job => Planned(job, placed[job.Index], reasons)));
        return visits.OrderBy(v => v.SchoolUrn).ThenBy(v => v.Entitlement, StringComparer.Ordinal).ThenBy(v => v.Number).ToList();
    }

    private PlannedVisit Planned(Job job, Placement? placement, UnplacedReasons reasons) => new()
    {
        SchoolUrn = job.Owed.School.Urn,
        Entitlement = job.Owed.Row.Code,
        Number = job.Owed.Number,
        HalfDays = job.HalfDays,
        WindowFrom = job.Owed.Window?.From ?? input.YearFirst,
        WindowTo = job.Owed.Window?.To ?? input.YearLast,
        TargetWeek = job.Owed.TargetWeek,
        On = placement is null ? null : board.DateOf(placement.Day),
        Team = placement is null ? [] : placement.Team.Select((person, slot) => Member(job, slot, person)).ToList(),
        UnplacedReason = placement is null ? reasons.Of(job) : null,
        Kept = false,
    };

    private TeamMember Member(Job job, int slot, int person)
    {
        var who = input.People[person];
        return new(job.Owed.Cell.Team[slot].Duties.First(d => who.Duties.Contains(d)), who.Id);
    }

    private static PlannedVisit Kept(KeptVisit kept) => new()
    {
        SchoolUrn = kept.SchoolUrn,
        Entitlement = kept.Entitlement,
        Number = kept.Number,
        HalfDays = kept.HalfDays,
        WindowFrom = kept.Window.From,
        WindowTo = kept.Window.To!.Value,
        TargetWeek = kept.TargetWeek,
        On = kept.CancelledBecause is null ? kept.On : null,
        Team = kept.Team,
        UnplacedReason = kept.CancelledBecause is { } why ? $"Cancelled: {why}" : null,
        Kept = true,
    };
}
