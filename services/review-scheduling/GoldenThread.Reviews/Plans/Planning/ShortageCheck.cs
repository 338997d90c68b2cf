namespace GoldenThread.Reviews.Plans.Planning;

/// <summary>A shortage and the visits for which it was proved.</summary>
internal sealed record ProvedShortage(Shortage Shortage, IReadOnlyList<Job> Visits);

/// <summary>
/// Proves shortages: in an interval of weeks, the visits that can lie nowhere else need more days than the people of their duty can
/// have (Hall's condition). Asked before anything is placed, so that only kept visits and standing slots are on the board. A shortage found is proof; none found is no proof that everything fits.
/// </summary>
internal sealed class ShortageCheck(PlanInput input, Board board, IReadOnlyList<Job> jobs)
{
    private const double Negligible = 1e-9;

    private readonly int[] usableDays = jobs.SelectMany(j => j.Days).Distinct().Order().ToArray();

    /// <summary>Proved shortages: for each group of people the intervals that lack most, none overlapping another.</summary>
    public IReadOnlyList<ProvedShortage> Proved()
    {
        var shortages = new List<ProvedShortage>();
        var groups = jobs
            .Where(j => j.Days.Length > 0)
            .SelectMany(j => j.Owed.Cell.Team.Select((slot, index) => (Job: j, Duties: string.Join(' ', slot.Duties), Slot: index)))
            .GroupBy(s => s.Duties, StringComparer.Ordinal)
            .OrderBy(g => g.Key, StringComparer.Ordinal);
        foreach (var group in groups)
        {
            var visits = group.Select(s => s.Job).Distinct().ToList();
            var people = group.SelectMany(s => s.Job.Candidates[s.Slot].Select(c => c.Person)).Distinct().ToList();
            shortages.AddRange(OfGroup(group.First().Job.Owed.Cell.Team[group.First().Slot].Duties, visits, people));
        }

        return shortages;
    }

    private IEnumerable<ProvedShortage> OfGroup(IReadOnlyList<string> duties, List<Job> visits, List<int> people)
    {
        var capacity = people.Select(CapacityByWeek).ToList();
        var leftOfYear = people.Select(LeftOfYear).ToList();
        var starts = visits.Select(v => board.WeekOf(v.Days[0])).Distinct().Order().ToList();
        var ends = visits.Select(v => board.WeekOf(v.Days[^1])).Distinct().Order().ToList();
        var found =
            from start in starts
            from end in ends
            where end >= start
            let inside = visits.Where(v => board.WeekOf(v.Days[0]) >= start && board.WeekOf(v.Days[^1]) <= end).ToList()
            let needed = DaysNeeded(inside, people)
            let available = people.Select((person, index) => Available(capacity[index], leftOfYear[index], start, end)).Sum()
            where needed - available > Negligible
            orderby needed - available descending, end - start, start
            select (Start: start, End: end, Inside: inside, Needed: needed, Available: available);
        var told = new List<(int Start, int End)>();
        foreach (var shortage in found)
        {
            if (told.Any(t => shortage.Start <= t.End && shortage.End >= t.Start))
            {
                continue;
            }

            told.Add((shortage.Start, shortage.End));
            yield return new(Tell(duties, shortage.Inside, shortage.Needed, shortage.Available), shortage.Inside);
        }
    }

    /// <summary>Two half-day visits fit on a day of whoever makes half-days; the most favourable count keeps it a proof.</summary>
    private double DaysNeeded(List<Job> visits, List<int> people)
    {
        var halfDays = people.Any(p => input.People[p].HalfDays);
        var whole = visits.Count(v => v.HalfDays == 2 || !halfDays);
        var halves = visits.Count - whole;
        return whole + (halves / 2.0);
    }

    /// <summary>Days a person has at most in each week: what leave, kept visits and standing slots leave, within the weekly cap.</summary>
    private double[] CapacityByWeek(int person)
    {
        var capacity = new double[board.WeekOf(board.Days - 1) + 1];
        var used = new int[capacity.Length];
        foreach (var day in usableDays.Where(day => board.IsPresent(person, day)))
        {
            capacity[board.WeekOf(day)] += board.HalfDaysLeft(person, day) / 2.0;
        }

        for (var day = 0; day < board.Days; day++)
        {
            used[board.WeekOf(day)] += board.IsUsedUp(person, day) ? 1 : 0;
        }

        for (var week = 0; week < capacity.Length; week++)
        {
            capacity[week] = Math.Min(capacity[week], Math.Max(0, input.People[person].DaysPerWeek - used[week]));
        }

        return capacity;
    }

    private static double Available(double[] capacity, int leftOfYear, int start, int end) =>
        Math.Min(capacity[start..(end + 1)].Sum(), leftOfYear);

    private int LeftOfYear(int person)
    {
        var used = Enumerable.Range(0, board.Days).Count(day => board.IsUsedUp(person, day));
        return Math.Max(0, input.People[person].DaysPerYear - used);
    }

    private Shortage Tell(IReadOnlyList<string> duties, List<Job> visits, double needed, double available)
    {
        var from = board.DateOf(visits.Min(v => v.Days[0]));
        var to = board.DateOf(visits.Max(v => v.Days[^1]));
        var lacking = Math.Ceiling((needed - available) * 2) / 2;
        return new()
        {
            Duty = duties[0],
            From = from,
            To = to,
            Visits = visits.Count,
            DaysNeeded = needed,
            DaysAvailable = available,
            Words = $"{Words.DutiesFirst(duties)}: from {Words.Day(from)} to {Words.Day(to)} {visits.Count} visits need "
                + $"{Words.Number(needed)} days, {Words.Number(available)} are available: {Words.Number(lacking)} short.",
        };
    }
}
