namespace GoldenThread.Reporting.Disclosure;

/// <summary>Solves the sums of a table for the hidden cells, as a reader with patience could.</summary>
internal static class SumSolver
{
    /// <summary>A prime of 31 bits: sums have coefficients 1 and −1, and whether a system has one solution is asked modulo it.</summary>
    private const long Prime = 2_147_483_629;

    /// <summary>
    /// The hidden cells that have only one solution: those whose unit vector lies in the row space of the sums, which is so exactly when the
    /// reduced row echelon form holds a row with that cell alone.
    /// </summary>
    public static IReadOnlyList<int> Determined(bool[] hidden, IReadOnlyList<TableSum> sums)
    {
        var pivots = new Dictionary<int, Dictionary<int, long>>();
        foreach (var sum in sums)
        {
            var row = RowOf(sum, hidden);
            Reduce(row, pivots);
            if (row.Count == 0)
            {
                continue;
            }

            var pivot = row.Keys.Min();
            Scale(row, Inverse(row[pivot]));
            foreach (var known in pivots.Values.Where(p => p.ContainsKey(pivot)))
            {
                Subtract(known, row, known[pivot]);
            }

            pivots[pivot] = row;
        }

        return [.. pivots.Where(p => p.Value.Count == 1).Select(p => p.Key).Order()];
    }

    private static Dictionary<int, long> RowOf(TableSum sum, bool[] hidden)
    {
        var row = new Dictionary<int, long>();
        if (hidden[sum.Total])
        {
            row[sum.Total] = Prime - 1;
        }

        foreach (var part in sum.Parts.Where(p => hidden[p]))
        {
            row[part] = 1;
        }

        return row;
    }

    private static void Reduce(Dictionary<int, long> row, Dictionary<int, Dictionary<int, long>> pivots)
    {
        // Pivot rows hold no other pivot, so one pass over the row's own cells is enough.
        foreach (var cell in row.Keys.Where(pivots.ContainsKey).ToList())
        {
            Subtract(row, pivots[cell], row[cell]);
        }
    }

    private static void Subtract(Dictionary<int, long> from, Dictionary<int, long> row, long times)
    {
        foreach (var (cell, value) in row)
        {
            var left = (from.GetValueOrDefault(cell) + (Prime - times) * value) % Prime;
            if (left == 0)
            {
                from.Remove(cell);
            }
            else
            {
                from[cell] = left;
            }
        }
    }

    private static void Scale(Dictionary<int, long> row, long by)
    {
        foreach (var cell in row.Keys.ToList())
        {
            row[cell] = row[cell] * by % Prime;
        }
    }

    /// <summary>The multiplicative inverse modulo the prime (Fermat: value to the power of prime − 2).</summary>
    private static long Inverse(long value)
    {
        var result = 1L;
        for (var power = Prime - 2; power > 0; power >>= 1)
        {
            if ((power & 1) == 1)
            {
                result = result * value % Prime;
            }

            value = value * value % Prime;
        }

        return result;
    }
}
