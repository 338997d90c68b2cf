namespace GoldenThread.Reporting.Disclosure;

/// <summary>One sum in a table: a total and the parts that make it up, as indexes of cells.</summary>
internal sealed record TableSum(int Total, IReadOnlyList<int> Parts)
{
    public IEnumerable<int> Cells => Parts.Prepend(Total);
}

/// <summary>
/// Decides which cells of a table are not shown, so that no small count can be read, nor be worked out from sums and differences of what is
/// shown. The pattern depends on the table, and on the cells of it that the reader sees in full: not on which part of it is asked for, and for all
/// who see none in full it is the same.
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
    /// <param name="known">
    /// The cells that the reader sees in full: never hidden, and given in every sum. Null where there are none. Where they alone give a cell away,
    /// every other cell is hidden, rather than none.
    /// </param>
    public static bool[] Hide(long[] counts, long[]? of, bool[] small, IReadOnlyList<TableSum> sums, bool[]? known = null)
    {
        var pattern = new Pattern(counts, of, sums, known ?? new bool[counts.Length]);
        return pattern.Hide([.. Enumerable.Range(0, counts.Length).Where(cell => small[cell] && known?[cell] is not true)]);
    }

    /// <summary>Adds to the cells that a reader knows what follows from them: the last cell of a sum, and so on.</summary>
    public static void AddWhatFollows(bool[] known, IReadOnlyList<TableSum> sums)
    {
        for (var more = true; more;)
        {
            more = false;
            foreach (var sum in sums)
            {
                if (sum.Cells.Where(cell => !known[cell]).Take(2).ToList() is [var last])
                {
                    known[last] = more = true;
                }
            }
        }
    }

    /// <summary>A pattern in the making.</summary>
    private sealed class Pattern(long[] counts, long[]? of, IReadOnlyList<TableSum> sums, bool[] known)
    {
        private readonly bool[] hidden = new bool[counts.Length];
        private readonly List<int>[] sumsOf = SumsOfCells(counts.Length, sums);
        private readonly Queue<int> waiting = new(Enumerable.Range(0, sums.Count));

        public bool[] Hide(int[] small)
        {
            Array.ForEach(small, cell => hidden[cell] = true);
            while (true)
            {
                HideSiblings();
                var betrayed = SumSolver.Determined(hidden, sums).Intersect(small).ToList();
                if (betrayed.Count == 0 || !betrayed.All(HideNear))
                {
                    return hidden;
                }
            }
        }

        private void HideSiblings()
        {
            while (waiting.TryDequeue(out var index))
            {
                while (Betrays(sums[index]) && NextSmallest(sums[index]) is { } sibling)
                {
                    Hide(sibling);
                }
            }
        }

        /// <summary>Whether a sum gives back a cell, or what is hidden adds up to so little (or to so nearly all) that it tells of its parts.</summary>
        private bool Betrays(TableSum sum)
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

        /// <summary>The smallest part shown that is not nothing; else the total; else a part that is nothing; null where none is left.</summary>
        private int? NextSmallest(TableSum sum)
        {
            var shown = sum.Parts.Where(CanHide).OrderBy(p => counts[p]).ThenBy(p => p).ToList();
            if (shown.FirstOrDefault(p => counts[p] > 0, -1) is var smallest and >= 0)
            {
                return smallest;
            }

            return CanHide(sum.Total) ? sum.Total : shown.Count > 0 ? shown[0] : null;
        }

        /// <summary>Hides one more cell beside a cell, or else anywhere; false where none is left.</summary>
        private bool HideNear(int cell)
        {
            var near = sumsOf[cell].SelectMany(s => sums[s].Cells).Where(CanHide).Distinct().ToList();
            var candidates = near.Count > 0 ? near : Enumerable.Range(0, counts.Length).Where(CanHide).ToList();
            if (candidates.Count == 0)
            {
                return known.Contains(true)
                    ? false
                    : throw new InvalidOperationException("Every cell is hidden and one can still be worked out: the sums contradict each other.");
            }

            Hide(candidates.OrderBy(c => counts[c] == 0).ThenBy(c => counts[c]).ThenBy(c => c).First());
            return true;
        }

        private bool CanHide(int cell) => !hidden[cell] && !known[cell];

        private void Hide(int cell)
        {
            hidden[cell] = true;
            sumsOf[cell].ForEach(waiting.Enqueue);
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
