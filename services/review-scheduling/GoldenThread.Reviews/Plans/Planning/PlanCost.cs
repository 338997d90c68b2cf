namespace GoldenThread.Reviews.Plans.Planning;

/// <summary>What a plan costs in the offer's weights; lower is better. The hard rules have no price: they are not broken.</summary>
internal sealed class PlanCost(PlanInput input, Board board, IReadOnlyList<Job> jobs)
{
    private const double MovedDayCost = 6;
    private const double ChangedPersonCost = 3;

    /// <summary>What it costs to move a visit in force: its day, and each person who is no longer in its team.</summary>
    public static double OfMove(Job job, int day, int[] team) => job.Was is not { } was
        ? 0
        : (was.Day == day ? 0 : MovedDayCost) + (ChangedPersonCost * was.Team.Count(person => !team.Contains(person)));

    /// <summary>Squared weeks from the target beyond the tolerance.</summary>
    public double OfDay(Job job, int day)
    {
        var distance = Math.Abs(board.WeekOf(day) - job.TargetWeek) - job.Owed.Row.ToleranceWeeks;
        return distance <= 0 ? 0 : job.Owed.Row.WeekWeight * distance * distance;
    }

    /// <summary>The price of a further visit in a week in which the school has one.</summary>
    public double OfSecondVisit(int school, int day) => board.VisitsInWeek(school, day) > 0 ? input.Offer.Planning.SecondVisitCost : 0;

    /// <summary>
    /// The whole plan: far weeks, trips, second visits in a week, changed partners, what is moved, and what is left unplaced.
    /// </summary>
    public double Of(Placement?[] placed)
    {
        var cost = 0.0;
        var trips = new HashSet<long>(jobs.Count);
        var weeks = new Dictionary<(int School, int Week), int>();
        var leads = new Dictionary<(int School, string Row), HashSet<int>>();
        foreach (var job in jobs)
        {
            if (placed[job.Index] is not { } placement)
            {
                cost += job.Owed.Row.UnplacedCost;
                continue;
            }

            cost += OfDay(job, placement.Day) + OfMove(job, placement.Day, placement.Team);
            foreach (var person in placement.Team)
            {
                trips.Add(board.TripOf(person, placement.Day, job.School));
            }

            var week = (job.School, board.WeekOf(placement.Day));
            weeks[week] = weeks.GetValueOrDefault(week) + 1;
            if (job.IsSeries)
            {
                var key = (job.School, job.Owed.Row.Code);
                if (!leads.TryGetValue(key, out var people))
                {
                    leads[key] = people = [];
                }

                people.Add(placement.Team[0]);
            }
        }

        var rules = input.Offer.Planning;
        return cost
            + (trips.Count * rules.TripCost)
            + (weeks.Values.Sum(n => n - 1) * rules.SecondVisitCost)
            + (leads.Values.Sum(p => p.Count - 1) * rules.PartnerChangeCost);
    }
}
