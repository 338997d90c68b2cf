namespace GoldenThread.Reviews.Plans.Planning;

/// <summary>A person who could fill a place, and how well the duty fits: 0 for the preferred one.</summary>
internal readonly record struct Candidate(int Person, int Preference);

/// <summary>An owed visit with the days and people it could have.</summary>
internal sealed class Job
{
    public required int Index { get; init; }

    public required OwedVisit Owed { get; init; }

    public required int School { get; init; }

    /// <summary>For each place of the team, who could fill it.</summary>
    public required Candidate[][] Candidates { get; init; }

    /// <summary>Days in the window on which the school is open and each place has somebody present, in order.</summary>
    public required int[] Days { get; init; }

    /// <summary>The same days, the nearest to the target week first.</summary>
    public required int[] NearestFirst { get; init; }

    /// <summary>Number of the target week.</summary>
    public required int TargetWeek { get; init; }

    /// <summary>Whether a person could fill any place, by person.</summary>
    public required bool[] CouldGo { get; init; }

    /// <summary>Where it lies in the plan in force; null where it has no day there.</summary>
    public required Placement? Was { get; init; }

    /// <summary>A series is more than one visit of a row a year: whoever begins it should go on.</summary>
    public bool IsSeries => Owed.Cell.Count > 1;

    public int HalfDays => Owed.Row.HalfDays;

    /// <summary>How easily it is placed: few days and many places come first.</summary>
    public double Freedom => (double)Days.Length / (Candidates.Length * Math.Max(1, Owed.Row.UnplacedCost / 100));
}

/// <summary>Turns what is owed into what can be placed.</summary>
internal sealed class JobList(PlanInput input, Board board)
{
    private readonly Dictionary<(int SchoolUrn, string Entitlement, int Number), CurrentVisit> current =
        input.Current.ToDictionary(c => (c.SchoolUrn, c.Entitlement, c.Number));

    public IReadOnlyList<Job> Of(IReadOnlyList<OwedVisit> owed)
    {
        var schools = input.Schools.Select((s, index) => (s.Urn, index)).ToDictionary(s => s.Urn, s => s.index);
        return owed.Select((visit, index) => JobOf(visit, index, schools[visit.School.Urn])).ToList();
    }

    private Job JobOf(OwedVisit owed, int index, int school)
    {
        var candidates = owed.Cell.Team.Select(slot => CandidatesOf(slot.Duties, owed.School.Urn)).ToArray();
        var days = DaysOf(owed, school, candidates);
        var target = board.WeekOf(board.DayOf(owed.TargetWeek));
        return new()
        {
            Index = index,
            Owed = owed,
            School = school,
            Candidates = candidates,
            Days = days,
            Was = WasOf(owed, candidates),
            NearestFirst = days.OrderBy(day => Math.Abs(board.WeekOf(day) - target)).ThenBy(day => day).ToArray(),
            TargetWeek = target,
            CouldGo = Enumerable.Range(0, input.People.Count).Select(p => candidates.Any(slot => slot.Any(c => c.Person == p))).ToArray(),
        };
    }

    private Placement? WasOf(OwedVisit owed, Candidate[][] candidates)
    {
        if (!current.TryGetValue((owed.School.Urn, owed.Row.Code, owed.Number), out var visit) || visit.Team.Count != candidates.Length)
        {
            return null;
        }

        var team = visit.Team.Select((member, slot) => Array.Find(candidates[slot], c => input.People[c.Person].Id == member.PersonId));
        var known = visit.Team.Zip(candidates, (member, slot) => Array.Exists(slot, c => input.People[c.Person].Id == member.PersonId));
        return known.All(k => k) ? new(board.DayOf(visit.On), team.Select(c => c.Person).ToArray()) : null;
    }

    private Candidate[] CandidatesOf(IReadOnlyList<string> duties, int schoolUrn)
    {
        var candidates = new List<Candidate>();
        for (var person = 0; person < input.People.Count; person++)
        {
            var who = input.People[person];
            if (OwnSchool.Is(who, schoolUrn))
            {
                continue;
            }

            for (var preference = 0; preference < duties.Count; preference++)
            {
                if (who.Duties.Contains(duties[preference]))
                {
                    candidates.Add(new(person, preference));
                    break;
                }
            }
        }

        return candidates.ToArray();
    }

    private int[] DaysOf(OwedVisit owed, int school, Candidate[][] candidates)
    {
        if (owed.Window is not { } window)
        {
            return [];
        }

        var first = Math.Max(0, board.DayOf(window.From));
        var last = Math.Min(board.Days - 1, board.DayOf(window.To!.Value));
        return Enumerable.Range(first, Math.Max(0, last - first + 1))
            .Where(day => board.IsOpen(school, day) && candidates.All(slot => slot.Any(c => board.IsPresent(c.Person, day))))
            .ToArray();
    }
}
