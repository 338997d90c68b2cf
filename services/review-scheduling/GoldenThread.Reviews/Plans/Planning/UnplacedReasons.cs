namespace GoldenThread.Reviews.Plans.Planning;

/// <summary>Says in words why a visit has no day, the hardest reason first.</summary>
internal sealed class UnplacedReasons(PlanInput input, Board board, IReadOnlyList<ProvedShortage> shortages)
{
    /// <summary>The reason for a visit that could not be placed.</summary>
    public string Of(Job job)
    {
        if (job.Owed.Why is { } why)
        {
            return why;
        }

        for (var slot = 0; slot < job.Candidates.Length; slot++)
        {
            if (job.Candidates[slot].Length == 0)
            {
                return $"Nobody from outside the school has the duty {DutyOf(job, slot)}.";
            }
        }

        var window = $"from {Words.Day(job.Owed.Window!.From)} to {Words.Day(job.Owed.Window.To!.Value)}";
        if (job.Days.Length == 0)
        {
            return $"No day fits {window}: {ClosedOrAway(job)}.";
        }

        return shortages.FirstOrDefault(s => s.Visits.Contains(job))?.Shortage.Words ?? Busy(job, window);
    }

    private string ClosedOrAway(Job job)
    {
        var first = Math.Max(0, board.DayOf(job.Owed.Window!.From));
        var last = Math.Min(board.Days - 1, board.DayOf(job.Owed.Window.To!.Value));
        var open = Enumerable.Range(first, Math.Max(0, last - first + 1)).Where(day => board.IsOpen(job.School, day)).ToList();
        if (open.Count == 0)
        {
            return "the school is closed throughout";
        }

        for (var slot = 0; slot < job.Candidates.Length; slot++)
        {
            if (open.All(day => !job.Candidates[slot].Any(c => board.IsPresent(c.Person, day))))
            {
                return $"nobody with the duty {DutyOf(job, slot)} is there on any of the school's {open.Count} open days";
            }
        }

        return "the people of the team are never there together";
    }

    private string Busy(Job job, string window)
    {
        var schoolTaken = job.Days.Count(day => !board.SchoolTakes(job.School, day));
        var free = job.Days.Where(day => board.SchoolTakes(job.School, day)).ToList();
        var busy = Enumerable.Range(0, job.Candidates.Length)
            .Select(slot => (Slot: slot, Days: free.Count(day => !job.Candidates[slot].Any(c => board.PersonTakes(c.Person, day, job.HalfDays)))))
            .Where(s => s.Days > 0)
            .OrderByDescending(s => s.Days)
            .Select(s => $"on {s.Days} nobody with the duty {DutyOf(job, s.Slot)} is free")
            .ToList();
        var most = input.Offer.Planning.VisitsPerSchoolWeek == 1 ? "its one visit" : "a visit that day or two that week";
        var reasons = schoolTaken > 0 ? busy.Prepend($"on {schoolTaken} the school has {most} already") : busy;
        return $"All {job.Days.Length} days that fit {window} are taken: {string.Join(", ", reasons.DefaultIfEmpty("no whole team is free"))}.";
    }

    private static string DutyOf(Job job, int slot) => Words.Duties(job.Owed.Cell.Team[slot].Duties);
}
