using GoldenThread.Reporting.Benchmarks;
using GoldenThread.Reporting.Disclosure;
using GoldenThread.Reporting.V1;

namespace GoldenThread.Reporting.Attainment;

/// <summary>Which rows of the tables are asked for.</summary>
internal sealed record AttainmentQuestion
{
    /// <summary>"all" in the field of the group: whole cohorts only.</summary>
    public const string WholeCohorts = "all";

    public required Guid CollectionId { get; init; }

    public required bool Trust { get; init; }

    public int? SchoolUrn { get; init; }

    public string? YearGroup { get; init; }

    public string? Subject { get; init; }

    public string? Group { get; init; }

    public DateOnly? On { get; init; }
}

/// <summary>All that a report of attainment is made from.</summary>
internal sealed record AttainmentSources
{
    public required Guid CollectionId { get; init; }

    public required IReadOnlyDictionary<string, AttainmentTable> TablesBySubject { get; init; }

    public required IReadOnlyDictionary<int, SchoolRow> Schools { get; init; }

    public required IReadOnlyDictionary<string, GroupRow> Groups { get; init; }

    public required NationalFigures National { get; init; }

    /// <summary>The tables by subject for one reader: what they see in full is taken as known to them wherever something is hidden.</summary>
    public IEnumerable<(string Subject, AttainmentTable Table)> TablesFor(Reach reach) =>
        from entry in TablesBySubject.OrderBy(t => t.Key, StringComparer.Ordinal)
        let subject = entry.Key
        select (subject, entry.Value.ForOneWhoSees(key => reach.Of(key.SchoolUrn, key.YearGroup, subject) == Sight.Clear));

    /// <summary>Whether a group is for those only who may see sensitive facts, as one is of which nothing has been told; "" is everybody.</summary>
    public bool IsSensitive(string group) => group.Length > 0 && Groups.GetValueOrDefault(group) is not { Sensitive: false };
}

/// <summary>Chooses the rows that were asked for and may be seen, and fills them.</summary>
internal static class AttainmentReport
{
    private const string AllPupils = "All pupils";

    /// <summary>The rows by subject, year group, group and school.</summary>
    public static IEnumerable<V1.Attainment> Rows(AttainmentSources sources, AttainmentQuestion question, Reach reach)
    {
        foreach (var (subject, table) in sources.TablesFor(reach))
        {
            foreach (var key in Keys(table, question))
            {
                // Only fixed tables may be seen redacted; a day of one's own choice, or another group, makes another table.
                var sight = sources.IsSensitive(key.Group)
                    ? reach.OfSensitive(key.SchoolUrn, key.YearGroup, subject)
                    : reach.Of(key.SchoolUrn, key.YearGroup, subject);
                if (sight == Sight.Clear || (sight == Sight.Suppressed && question.On is null && table.IsFixed(key)))
                {
                    yield return Row(sources, table, subject, key, sight);
                }
            }
        }
    }

    private static IEnumerable<CellKey> Keys(AttainmentTable table, AttainmentQuestion question) =>
        from year in question.YearGroup is { } asked ? [asked] : table.YearGroups
        from @group in question.Group switch
        {
            null => table.Groups.Prepend(""),
            AttainmentQuestion.WholeCohorts => [""],
            var code => table.Groups.Where(g => g == code),
        }
        from school in question.Trust ? [null] : table.Schools.Where(s => question.SchoolUrn is null || s == question.SchoolUrn).Cast<int?>()
        where table.Has(school, year)
        select new CellKey(school, year, @group, @group.Length == 0 ? Part.Whole : Part.Group);

    private static V1.Attainment Row(AttainmentSources sources, AttainmentTable table, string subject, CellKey key, Sight sight)
    {
        var figures = AttainmentFigures.Of(table, key, sight);
        var largeEnough = AttainmentFigures.IsLargeEnough(table, key, figures);
        var row = new V1.Attainment
        {
            CollectionId = sources.CollectionId.ToString(),
            YearGroup = key.YearGroup,
            Subject = subject,
            GroupName = AllPupils,
            Figures = figures,
        };
        if (key.SchoolUrn is { } urn)
        {
            row.SchoolUrn = urn;
            if (sources.Schools.TryGetValue(urn, out var school))
            {
                row.SchoolName = school.Name;
            }
        }

        row.Benchmarks.AddRange(sources.National.For(table.SchoolsBehind(key), subject, key.YearGroup, key.Group, table[key].CountedScale)
            .Select(n => AttainmentFigures.Against(table, key, figures, n)));
        if (key.Part == Part.Group)
        {
            var names = sources.Groups.GetValueOrDefault(key.Group);
            row.Group = key.Group;
            row.GroupName = names?.Name ?? key.Group;
            row.Comparator = AttainmentFigures.Against(table, key, names?.ComparatorName ?? $"not {key.Group}", sight);
            largeEnough = largeEnough && AttainmentFigures.IsLargeEnough(table, key.Others(), row.Comparator.Figures);
        }

        row.LargeEnoughToJudge = largeEnough;
        return row;
    }
}
