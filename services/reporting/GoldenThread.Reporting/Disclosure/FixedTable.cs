namespace GoldenThread.Reporting.Disclosure;

/// <summary>One sum in a table: a total and the parts that make it up, as indexes of cells.</summary>
internal sealed record TableSum(int Total, IReadOnlyList<int> Parts)
{
    public IEnumerable<int> Cells => Parts.Prepend(Total);
}

/// <summary>
/// Decides which cells of a table are not shown, so that no small count can be read, nor be worked out from sums and differences of what is
/// shown. The pattern depends on the table alone: not on who asks, nor on which part of it.
/// </summary>
/// <remarks>
/// First the small cells; then, sum by sum, the next smallest sibling until no sum betrays a single cell or a small remainder; then the whole
/// system of sums is solved, and more siblings go until no small cell has only one solution (complementary cell suppression with an audit by
/// linear algebra: Willenborg and de Waal 2001, Elements of Statistical Disclosure Control, chapter 6).
/// </remarks>
internal static class FixedTable
{
    /// <summary>The largest count that is not shown.</summary>
    public const int SmallCount = 5;

    /// <summary>The smallest number of pupils of whom an "all" or a "none" may be told.</summary>
    public const int LargeEnough = 11;

    /// <summary>Whether a count is one that identifies.</summary>
    public static bool IsSmall(long count) => count is >= 1 and <= SmallCount;

    /// <summary>Whether a share of a number of pupils tells too much: a small count, a small rest, or all or none of few.</summary>
    public static bool TellsTooMuch(long count, long of) => IsSmall(count) || IsSmall(of - count) || (of is > 0 and < LargeEnough);

    /// <summary>The cells that are hidden.</summary>
    /// <param name="counts">The count in each cell.</param>
    /// <param name="of">Where the counts are parts of known numbers (met, of all), those numbers: the rests are protected too. Null otherwise.</param>
    /// <param name="small">The cells that must not be readable.</param>
    /// <param name="sums">All sums that a reader can know of.</param>
    public static bool[] Hide(long[] counts, long[]? of, bool[] small, IReadOnlyList<TableSum> sums)
    {
        var hidden = (bool[])small.Clone();
        var sumsOf = SumsOfCells(counts.Length, sums);
        var waiting = new Queue<int>(Enumerable.Range(0, sums.Count));
        while (true)
        {
            HideSiblings(counts, of, hidden, sums, sumsOf, waiting);
            var betrayed = SumSolver.Determined(hidden, sums).Where(cell => small[cell]).ToList();
            if (betrayed.Count == 0)
            {
                return hidden;
            }

            foreach (var cell in betrayed)
            {
                HideOne(counts, hidden, sums, sumsOf, cell, waiting);
            }
        }
    }

    private static void HideSiblings(
        long[] counts, long[]? of, bool[] hidden, IReadOnlyList<TableSum> sums, List<int>[] sumsOf, Queue<int> waiting)
    {
        while (waiting.TryDequeue(out var index))
        {
            while (Betrays(counts, of, hidden, sums[index]) && NextSmallest(counts, hidden, sums[index]) is { } sibling)
            {
                hidden[sibling] = true;
                foreach (var other in sumsOf[sibling])
                {
                    waiting.Enqueue(other);
                }
            }
        }
    }

    /// <summary>Whether a sum gives back a cell, or what is hidden adds up to so little (or to so nearly all) that it tells of its parts.</summary>
    private static bool Betrays(long[] counts, long[]? of, bool[] hidden, TableSum sum)
    {
        var parts = sum.Parts.Where(p => hidden[p]).ToList();
        var unknown = parts.Count + (hidden[sum.Total] ? 1 : 0);
        if (unknown is 0 or 1)
        {
            return unknown == 1;
        }

        if (hidden[sum.Total])
        {
            return false;
        }

        var remainder = parts.Sum(p => counts[p]);
        return remainder <= SmallCount || (of is not null && parts.Sum(p => of[p]) - remainder <= SmallCount);
    }

    /// <summary>The smallest part shown that is not nothing; else the total; else a part that is nothing; null where all is hidden.</summary>
    private static int? NextSmallest(long[] counts, bool[] hidden, TableSum sum)
    {
        var shown = sum.Parts.Where(p => !hidden[p]).OrderBy(p => counts[p]).ThenBy(p => p).ToList();
        if (shown.FirstOrDefault(p => counts[p] > 0, -1) is var smallest and >= 0)
        {
            return smallest;
        }

        return !hidden[sum.Total] ? sum.Total : shown.Count > 0 ? shown[0] : null;
    }

    private static void HideOne(
        long[] counts, bool[] hidden, IReadOnlyList<TableSum> sums, List<int>[] sumsOf, int cell, Queue<int> waiting)
    {
        var near = sumsOf[cell].SelectMany(s => sums[s].Cells).Where(c => !hidden[c]).Distinct().ToList();
        var candidates = near.Count > 0 ? near : Enumerable.Range(0, counts.Length).Where(c => !hidden[c]).ToList();
        var chosen = candidates.OrderBy(c => counts[c] == 0).ThenBy(c => counts[c]).ThenBy(c => c).ToList();
        if (chosen.Count == 0)
        {
            throw new InvalidOperationException("Every cell is hidden and one can still be worked out: the sums contradict each other.");
        }

        hidden[chosen[0]] = true;
        foreach (var sum in sumsOf[chosen[0]])
        {
            waiting.Enqueue(sum);
        }
    }

    private static List<int>[] SumsOfCells(int cells, IReadOnlyList<TableSum> sums)
    {
        var sumsOf = Enumerable.Range(0, cells).Select(_ => new List<int>()).ToArray();
        for (var s = 0; s < sums.Count; s++)
        {
            foreach (var cell in sums[s].Cells)
            {
                sumsOf[cell].Add(s);
            }
        }

        return sumsOf;
    }
}
