namespace GoldenThread.Reporting.Disclosure;

/// <summary>Solves the sums of a table for the hidden cells, as a reader with patience could.</summary>
/// <remarks>
/// A hidden cell can be worked out exactly when nothing can be added to the hidden cells without changing what is shown, other than nothing in
/// that cell. So one such addition is drawn at random (the free cells at random, the others by the sums): where it is zero, the cell has one
/// solution. Arithmetic is modulo a prime, so it is exact; a cell is taken for solvable by mistake, and one more sibling hidden, once in 2³¹.
/// </remarks>
internal static class SumSolver
{
    private const long Prime = 2_147_483_629;

    /// <summary>The hidden cells that have only one solution.</summary>
    public static IReadOnlyList<int> Determined(bool[] hidden, IReadOnlyList<TableSum> sums)
    {
        var rows = Echelon(hidden, sums);
        var pivots = rows.Select(r => r.Pivot).ToHashSet();
        var drawn = new long[hidden.Length];

        // The same table always draws the same numbers: what is shown must not change from one call to the next.
        var random = new Random(hidden.Length);
        for (var cell = 0; cell < hidden.Length; cell++)
        {
            drawn[cell] = hidden[cell] && !pivots.Contains(cell) ? random.NextInt64(1, Prime) : 0;
        }

        // A row holds its pivot once, cells that are free, and pivots of later rows only.
        for (var i = rows.Count - 1; i >= 0; i--)
        {
            var sum = 0L;
            foreach (var (cell, value) in rows[i].Cells)
            {
                sum = (sum + (value * drawn[cell])) % Prime;
            }

            drawn[rows[i].Pivot] = (Prime - sum) % Prime;
        }

        return [.. Enumerable.Range(0, hidden.Length).Where(cell => hidden[cell] && drawn[cell] == 0)];
    }

    /// <summary>The sums in echelon form: each row free of the pivots of the rows before it.</summary>
    private static List<Row> Echelon(bool[] hidden, IReadOnlyList<TableSum> sums)
    {
        var occurrences = new int[hidden.Length];
        foreach (var cell in sums.SelectMany(s => s.Cells).Where(c => hidden[c]))
        {
            occurrences[cell]++;
        }

        var rows = new List<Row>();
        var rowOfPivot = new Dictionary<int, int>();
        foreach (var sum in sums)
        {
            var cells = CellsOf(sum, hidden);
            Reduce(cells, rows, rowOfPivot);
            if (cells.Count == 0)
            {
                continue;
            }

            // The cell that stands in the fewest sums makes the fewest others longer.
            var pivot = cells.Keys.MinBy(cell => (occurrences[cell], cell));
            var scale = Inverse(cells[pivot]);
            foreach (var cell in cells.Keys.ToList())
            {
                cells[cell] = cells[cell] * scale % Prime;
            }

            rowOfPivot[pivot] = rows.Count;
            rows.Add(new Row(pivot, cells));
        }

        return rows;
    }

    private static Dictionary<int, long> CellsOf(TableSum sum, bool[] hidden)
    {
        var cells = new Dictionary<int, long>();
        if (hidden[sum.Total])
        {
            cells[sum.Total] = Prime - 1;
        }

        foreach (var part in sum.Parts.Where(p => hidden[p]))
        {
            cells[part] = 1;
        }

        return cells;
    }

    /// <summary>Takes the pivots of earlier rows out, the earliest first: what a row brings in are pivots of later rows at most.</summary>
    private static void Reduce(Dictionary<int, long> cells, List<Row> rows, Dictionary<int, int> rowOfPivot)
    {
        var waiting = new PriorityQueue<int, int>();
        foreach (var cell in cells.Keys)
        {
            Wait(cell);
        }

        while (waiting.TryDequeue(out var index, out _))
        {
            var row = rows[index];
            if (!cells.TryGetValue(row.Pivot, out var times))
            {
                continue;
            }

            foreach (var (cell, value) in row.Cells)
            {
                var had = cells.TryGetValue(cell, out var before);
                var left = (before + ((Prime - times) * value)) % Prime;
                if (left == 0)
                {
                    cells.Remove(cell);
                    continue;
                }

                cells[cell] = left;
                if (!had)
                {
                    Wait(cell);
                }
            }
        }

        void Wait(int cell)
        {
            if (rowOfPivot.TryGetValue(cell, out var row))
            {
                waiting.Enqueue(row, row);
            }
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

    /// <summary>A sum of hidden cells that is known, with the cell it is solved for.</summary>
    private sealed record Row(int Pivot, Dictionary<int, long> Cells);
}
