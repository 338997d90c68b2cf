namespace GoldenThread.Reporting.Disclosure;

/// <summary>
/// What is shown of a share of 6 to 10 pupils in place of the figure: the end at which the count lies, as six counts (0–5 of n, or n−5–n of n).
/// It is given for small counts and for "all" or "none" alike, so that it does not tell them apart.
/// </summary>
/// <param name="Low">The fewest it may be.</param>
/// <param name="High">The most it may be.</param>
internal readonly record struct CountRange(long Low, long High)
{
    /// <summary>How many counts apart the ends must stay of what a reader of one sum can narrow a cell down to.</summary>
    private const int Slack = 3;

    /// <summary>The range of each cell that gets one.</summary>
    public static CountRange?[] For(long[] counts, long[] of, bool[] ofHidden, bool[] hidden, IReadOnlyList<TableSum> sums)
    {
        var ranges = counts.Select((count, i) =>
            hidden[i] && !ofHidden[i] && of[i] is > FixedTable.SmallCount and < FixedTable.LargeEnough ? Around(count, of[i]) : (CountRange?)null).ToArray();
        foreach (var sum in sums)
        {
            var unknown = sum.Cells.Where(c => hidden[c]).ToList();
            if (unknown.Any(c => ranges[c] is not null) && IsTight(counts, of, ranges, sum, unknown))
            {
                foreach (var cell in unknown)
                {
                    ranges[cell] = null;
                }
            }
        }

        return ranges;
    }

    private static CountRange Around(long count, long of) =>
        count * 2 <= of ? new(0, FixedTable.SmallCount) : new(of - FixedTable.SmallCount, of);

    /// <summary>Whether the ranges in a sum lie so near to its remainder that they fix a count, or nearly.</summary>
    private static bool IsTight(long[] counts, long[] of, CountRange?[] ranges, TableSum sum, List<int> unknown)
    {
        // How far each cell could move towards a larger or a smaller sum; a total stands on the other side and moves against its parts.
        var moves = unknown.Select(cell =>
        {
            var range = ranges[cell] ?? new CountRange(0, of[cell]);
            var (above, below) = (range.High - counts[cell], counts[cell] - range.Low);
            return cell == sum.Total ? (Up: below, Down: above) : (Up: above, Down: below);
        }).ToList();
        var (up, down) = (moves.Sum(m => m.Up), moves.Sum(m => m.Down));

        // A cell goes up only as far as the others go down together.
        return moves.Any(m => Math.Min(m.Up, down - m.Down) + Math.Min(m.Down, up - m.Up) < Math.Min(Slack, m.Up + m.Down));
    }
}
