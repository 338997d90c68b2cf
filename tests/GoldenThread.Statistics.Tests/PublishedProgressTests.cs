using System.Globalization;
using GoldenThread.TestSupport;

namespace GoldenThread.Statistics.Tests;

/// <summary>Value added of real schools, against the intervals that the DfE published for 2016/17.</summary>
public class PublishedProgressTests
{
    [Theory] // National standard deviations of pupils' progress scores, 2017: reading 6.23, writing 6.04, mathematics 5.63.
    [InlineData("READ", 6.23)]
    [InlineData("WRIT", 6.04)]
    [InlineData("MAT", 5.63)]
    public void ValueAdded_ReproducesEveryPublishedInterval(string subject, double nationalSd)
    {
        var compared = 0;
        foreach (var file in new[] { "2016-850-ks2.csv", "2016-936-ks2.csv" })
        {
            var lines = File.ReadLines(SharedData.Path("real/ks2-performance-tables/" + file)).Select(Cells).ToList();
            var columns = lines[0].Index().ToDictionary(column => column.Item.Trim('\uFEFF'), column => column.Index);
            foreach (var cells in lines.Skip(1))
            {
                string? Cell(string column) => columns[column] < cells.Count ? cells[columns[column]] : null;
                double? Number(string column) =>
                    double.TryParse(Cell(column)?.TrimEnd('%'), CultureInfo.InvariantCulture, out var number) ? number : null;

                if (Cell("RECTYPE") is not ("1" or "2")
                    || Number(subject + "PROG") is not { } mean
                    || Number(subject + "PROG_LOWER") is not { } low
                    || Number(subject + "PROG_UPPER") is not { } high
                    || Number(subject + "COV") is not { } percentCovered
                    || Number("TELIG") is not { } eligible)
                    continue;
                var n = (int)Math.Round(eligible * percentCovered / 100, MidpointRounding.AwayFromZero);
                var ours = Assert.IsType<Figure.Estimate>(ValueAdded.OfSchool(mean, n, nationalSd));
                Assert.InRange(ours.Low, low - 0.06, low + 0.06);
                Assert.InRange(ours.High, high - 0.06, high + 0.06);
                compared++;
            }
        }
        Assert.True(compared > 400, $"Only {compared} schools were compared.");
    }

    private static List<string> Cells(string line)
    {
        List<string> cells = [];
        var cell = new System.Text.StringBuilder();
        var quoted = false;
        foreach (var character in line)
        {
            if (character == '"')
            {
                quoted = !quoted;
            }
            else if (character == ',' && !quoted)
            {
                cells.Add(cell.ToString());
                cell.Clear();
            }
            else
            {
                cell.Append(character);
            }
        }
        cells.Add(cell.ToString());
        return cells;
    }
}
