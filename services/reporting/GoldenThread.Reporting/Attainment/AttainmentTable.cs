using GoldenThread.Education;
using GoldenThread.Reporting.Disclosure;

namespace GoldenThread.Reporting.Attainment;

/// <summary>Sums of one school's year group: of all in it, or of a group.</summary>
internal sealed record SchoolSums(int SchoolUrn, string YearGroup, string Group, CohortSums Sums);

/// <summary>Which part of a cohort.</summary>
internal enum Part
{
    /// <summary>All of it.</summary>
    Whole,

    /// <summary>Those in the group.</summary>
    Group,

    /// <summary>Those not in it.</summary>
    Rest,
}

/// <summary>A cell: a school (null for the trust), a year group (or all), a part by a group ("" for the whole).</summary>
internal readonly record struct CellKey(int? SchoolUrn, string YearGroup, string Group, Part Part)
{
    /// <summary>The whole cohort of a school or the trust.</summary>
    public static CellKey Whole(int? schoolUrn, string yearGroup) => new(schoolUrn, yearGroup, "", Part.Whole);

    /// <summary>Those of the same cohort who are not in the group.</summary>
    public CellKey Others() => this with { Part = Part.Rest };
}

/// <summary>What of a cell is not shown in the fixed table.</summary>
/// <param name="Pupils">The number of pupils is not.</param>
/// <param name="Figures">What is told of them is not.</param>
/// <param name="Mean">The mean of their scores is not.</param>
/// <param name="Range">Where the figures are not: the range in which the number that met lies; null where even that would tell too much.</param>
internal readonly record struct Veil(bool Pupils, bool Figures, bool Mean, CountRange? Range)
{
    /// <summary>All is shown.</summary>
    public static readonly Veil None = new(false, false, false, null);

    /// <summary>Nothing is shown.</summary>
    public static readonly Veil Full = new(true, true, true, null);
}

/// <summary>
/// All of attainment in one subject at one collection: every school and the trust, every year group and all together, every group and the
/// rest. As a fixed table it also knows which cells are veiled; that depends on the whole table and on the cells of it that the reader sees in full,
/// never on the part of it that is asked for.
/// </summary>
internal sealed class AttainmentTable
{
    private readonly Dictionary<CellKey, CohortSums> cells = [];
    private readonly IReadOnlySet<int> members;
    private readonly IReadOnlySet<string> fixedGroups;
    private readonly Func<CellKey, bool> isKnown = _ => false;
    private readonly Lazy<Dictionary<CellKey, Veil>> veils;

    /// <summary>Builds the table.</summary>
    /// <param name="sums">Sums of schools (present URNs), year groups and groups.</param>
    /// <param name="groups">Groups that are told of, whether or not anybody is in them.</param>
    /// <param name="members">Schools that make up the trust.</param>
    /// <param name="fixedGroups">Groups that the fixed table tells of: none of them contains, or adds up to, others.</param>
    public AttainmentTable(
        IEnumerable<SchoolSums> sums, IEnumerable<string> groups, IReadOnlySet<int> members, IReadOnlySet<string> fixedGroups)
    {
        this.members = members;
        this.fixedGroups = fixedGroups;
        var given = sums.ToList();
        Schools = [.. given.Select(s => s.SchoolUrn).Distinct().Order()];
        YearGroups = [.. given.Select(s => s.YearGroup).Distinct().OrderBy(Place)];
        Groups = [.. groups.Concat(given.Select(s => s.Group)).Where(g => g.Length > 0).Distinct().Order(StringComparer.Ordinal)];
        foreach (var row in given)
        {
            var key = new CellKey(row.SchoolUrn, row.YearGroup, row.Group, row.Group.Length == 0 ? Part.Whole : Part.Group);
            cells[key] = cells.TryGetValue(key, out var there) ? there + row.Sums : row.Sums;
        }

        Complete();
        veils = new(Veiled);
    }

    private AttainmentTable(AttainmentTable table, Func<CellKey, bool> isKnown)
    {
        (cells, members, fixedGroups) = (table.cells, table.members, table.fixedGroups);
        (Schools, YearGroups, Groups) = (table.Schools, table.YearGroups, table.Groups);
        this.isKnown = isKnown;
        veils = new(Veiled);
    }

    /// <summary>Schools with results, by present URN.</summary>
    public IReadOnlyList<int> Schools { get; }

    /// <summary>Year groups with results, youngest first.</summary>
    public IReadOnlyList<string> YearGroups { get; }

    /// <summary>Groups by code.</summary>
    public IReadOnlyList<string> Groups { get; }

    /// <summary>The sums of a cell; nobody where it is empty.</summary>
    public CohortSums this[CellKey key] => cells.GetValueOrDefault(key, CohortSums.Nobody);

    /// <summary>Whether a school has results in a year group.</summary>
    public bool Has(int? schoolUrn, string yearGroup) => cells.ContainsKey(CellKey.Whole(schoolUrn, yearGroup));

    /// <summary>The member schools' cells behind a cell of the trust.</summary>
    public IEnumerable<CellKey> CellsBehind(CellKey key) => Schools.Where(members.Contains).Select(school => key with { SchoolUrn = school });

    /// <summary>The schools whose pupils a cell is of.</summary>
    public IEnumerable<int> SchoolsBehind(CellKey key) => key.SchoolUrn is { } school ? [school] : Schools.Where(members.Contains);

    /// <summary>Whether the fixed table tells of a cell at all.</summary>
    public bool IsFixed(CellKey key) => key.Part == Part.Whole || fixedGroups.Contains(key.Group);

    /// <summary>
    /// The table for one who sees some cells in full. What is hidden for the sake of a small cell must be something they do not know, so it is
    /// chosen anew; a cell that is known is no part of it.
    /// </summary>
    public AttainmentTable ForOneWhoSees(Func<CellKey, bool> isKnown) => cells.Keys.Any(isKnown) ? new(this, isKnown) : this;

    /// <summary>What the fixed table does not show of a cell.</summary>
    public Veil VeilOf(CellKey key) => IsFixed(key) ? veils.Value.GetValueOrDefault(key, Veil.None) : Veil.Full;

    /// <summary>Whether something of a cell is hidden from one who sees so much.</summary>
    public bool IsVeiled(CellKey key, Sight sight, Func<Veil, bool> isHidden) => sight != Sight.Clear && isHidden(VeilOf(key));

    /// <summary>The sum of some cells; nobody where there are none.</summary>
    public CohortSums SumOf(IEnumerable<CellKey> keys) => keys.Select(key => this[key]).Aggregate(CohortSums.Nobody, (a, b) => a + b);

    /// <summary>Puts in the sums: all years, the trust, and the rest of each group.</summary>
    private void Complete()
    {
        foreach (var school in Schools)
        {
            foreach (var (group, part) in GivenParts())
            {
                Put(new(school, Reach.AllYears, group, part), YearGroups.Select(year => new CellKey(school, year, group, part)));
            }
        }

        foreach (var year in YearGroups.Append(Reach.AllYears))
        {
            foreach (var (group, part) in GivenParts())
            {
                Put(new(null, year, group, part), Schools.Where(members.Contains).Select(school => new CellKey(school, year, group, part)));
            }
        }

        foreach (var whole in cells.Keys.Where(k => k.Part == Part.Whole).ToList())
        {
            foreach (var group in Groups)
            {
                var key = whole with { Group = group, Part = Part.Group };
                cells.TryAdd(key, CohortSums.Nobody);
                cells[key.Others()] = cells[whole] - cells[key];
            }
        }
    }

    private IEnumerable<(string Group, Part Part)> GivenParts() => Groups.Select(g => (g, Part.Group)).Prepend(("", Part.Whole));

    private void Put(CellKey total, IEnumerable<CellKey> parts)
    {
        var present = parts.Where(cells.ContainsKey).ToList();
        if (present.Count > 0)
        {
            cells[total] = present.Select(p => cells[p]).Aggregate((a, b) => a + b);
        }
    }

    private Dictionary<CellKey, Veil> Veiled()
    {
        var keys = cells.Keys.Where(IsFixed).OrderBy(k => k.SchoolUrn is null).ThenBy(k => k.SchoolUrn).ThenBy(k => Place(k.YearGroup))
            .ThenBy(k => k.Group, StringComparer.Ordinal).ThenBy(k => k.Part).ToList();
        var indexes = keys.Select((key, index) => (key, index)).ToDictionary(p => p.key, p => p.index);
        var sums = Sums(indexes);
        var pupils = keys.Select(k => (long)cells[k].N).ToArray();
        var met = keys.Select(k => (long)cells[k].Met).ToArray();

        var known = keys.Select(isKnown).ToArray();
        FixedTable.AddWhatFollows(known, sums);

        var pupilsHidden = FixedTable.Hide(pupils, null, [.. pupils.Select(FixedTable.IsSmall)], sums, known);
        var tellsTooMuch = keys.Select((_, i) => pupilsHidden[i] || FixedTable.TellsTooMuch(met[i], pupils[i])).ToArray();
        var figuresHidden = FixedTable.Hide(met, pupils, tellsTooMuch, sums, known);
        var ranges = CountRange.For(met, pupils, pupilsHidden, figuresHidden, sums);

        // A mean tells of those with a score alone. Whoever knows how many they are turns means into sums of scores, and subtracts those.
        var scored = keys.Select(k => (long)cells[k].Scored).ToArray();
        var meansHidden = FixedTable.Hide(scored, null, [.. scored.Select(FixedTable.IsSmall)], sums, known);
        return keys.Select((key, i) => (key, Veil: new Veil(pupilsHidden[i], figuresHidden[i], figuresHidden[i] || meansHidden[i], ranges[i])))
            .ToDictionary(p => p.key, p => p.Veil);
    }

    /// <summary>Everything a reader can add up: a group and the rest, the year groups, the schools of the trust.</summary>
    private List<TableSum> Sums(Dictionary<CellKey, int> indexes)
    {
        var sums = new List<TableSum>();
        foreach (var whole in indexes.Keys.Where(k => k.Part == Part.Whole))
        {
            sums.AddRange(from @group in Groups.Where(fixedGroups.Contains)
                          let key = whole with { Group = @group, Part = Part.Group }
                          select new TableSum(indexes[whole], [indexes[key], indexes[key.Others()]]));
        }

        foreach (var total in indexes.Keys.Where(k => k.YearGroup == Reach.AllYears))
        {
            Add(total, YearGroups.Select(year => total with { YearGroup = year }));
        }

        foreach (var total in indexes.Keys.Where(k => k.SchoolUrn is null))
        {
            Add(total, Schools.Where(members.Contains).Select(school => total with { SchoolUrn = school }));
        }

        return sums;

        void Add(CellKey total, IEnumerable<CellKey> parts) =>
            sums.Add(new TableSum(indexes[total], [.. parts.Where(indexes.ContainsKey).Select(p => indexes[p])]));
    }

    private static int Place(string yearGroup) =>
        YearGroup.TryParse(yearGroup, out var known) ? known.Place : yearGroup == Reach.AllYears ? int.MaxValue : int.MaxValue - 1;
}
