namespace GoldenThread.Reviews.Plans.Planning;

/// <summary>Finds the cheapest complete team of distinct people who are free.</summary>
internal sealed class TeamChoice(PlanInput input, Board board, IReadOnlyList<Job> jobs, Placement?[] placed)
{
    private const double SecondChoiceCost = 3;
    private const double LoadCost = 2;
    private const double NewPersonCost = 3;

    private readonly Dictionary<(int School, string Row), List<Job>> series =
        jobs.Where(j => j.IsSeries).GroupBy(j => (j.School, j.Owed.Row.Code)).ToDictionary(g => g.Key, g => g.ToList());

    /// <summary>The team for a visit on a day; null where there is none.</summary>
    public (int[] People, double Cost)? Cheapest(Job job, int day)
    {
        var options = new List<(int Slot, List<(int Person, double Cost)> People)>(job.Candidates.Length);
        for (var slot = 0; slot < job.Candidates.Length; slot++)
        {
            var free = new List<(int Person, double Cost)>();
            foreach (var candidate in job.Candidates[slot])
            {
                if (board.PersonTakes(candidate.Person, day, job.HalfDays))
                {
                    free.Add((candidate.Person, CostOf(job, slot, candidate, day)));
                }
            }

            if (free.Count == 0)
            {
                return null;
            }

            free.Sort((one, other) => one.Cost != other.Cost ? one.Cost.CompareTo(other.Cost) : one.Person.CompareTo(other.Person));
            options.Add((slot, free));
        }

        options.Sort((one, other) => one.People.Count != other.People.Count
            ? one.People.Count.CompareTo(other.People.Count)
            : one.Slot.CompareTo(other.Slot));
        var team = new int[job.Candidates.Length];
        Array.Fill(team, -1);
        return Fill(options, 0, team) is { } cost ? (team, cost) : null;
    }

    /// <summary>Fills the scarcest place first, each with the cheapest person not yet in the team; goes back where that leads nowhere.</summary>
    private static double? Fill(List<(int Slot, List<(int Person, double Cost)> People)> options, int index, int[] team)
    {
        if (index == options.Count)
        {
            return 0;
        }

        var (slot, people) = options[index];
        foreach (var (person, cost) in people)
        {
            if (Array.IndexOf(team, person) >= 0)
            {
                continue;
            }

            team[slot] = person;
            if (Fill(options, index + 1, team) is { } rest)
            {
                return cost + rest;
            }

            team[slot] = -1;
        }

        return null;
    }

    private double CostOf(Job job, int slot, Candidate candidate, int day)
    {
        var load = board.LoadOf(candidate.Person);
        var cost = (candidate.Preference * SecondChoiceCost) + (LoadCost * load * load);
        if (board.IsNewTrip(candidate.Person, day, job.School))
        {
            cost += input.Offer.Planning.TripCost;
        }

        if (job.Was is { } was && !was.Team.Contains(candidate.Person))
        {
            cost += NewPersonCost;
        }

        if (slot == 0 && job.IsSeries && IsNewPartner(job, candidate.Person))
        {
            cost += input.Offer.Planning.PartnerChangeCost;
        }

        return cost;
    }

    private bool IsNewPartner(Job job, int person)
    {
        var others = false;
        foreach (var visit in series[(job.School, job.Owed.Row.Code)])
        {
            if (visit != job && placed[visit.Index] is { } placement)
            {
                if (placement.Team[0] == person)
                {
                    return false;
                }

                others = true;
            }
        }

        return others;
    }
}
