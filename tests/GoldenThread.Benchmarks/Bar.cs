using System.Globalization;
using System.Text.Json.Serialization;

namespace GoldenThread.Benchmarks;

/// <summary>On which side of a bar a ratio must lie.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Side>))]
internal enum Side
{
    /// <summary>The ratio is to be at least the bar.</summary>
    AtLeast,

    /// <summary>The ratio is to be at most the bar.</summary>
    AtMost,
}

/// <summary>One round: the product and its limit, measured one after the other.</summary>
/// <param name="Product">What the product reached, in the bar's unit.</param>
/// <param name="Limit">What its limit reached.</param>
internal sealed record Round(double Product, double Limit)
{
    /// <summary>Product by limit.</summary>
    public double Ratio => Product / Limit;
}

/// <summary>One bar of a row: the ratio of product and limit, round by round.</summary>
/// <param name="Row">The row, such as <c>B2</c>.</param>
/// <param name="What">What is compared with what.</param>
/// <param name="Unit">Unit of both.</param>
/// <param name="Side">On which side the ratio must lie.</param>
/// <param name="Height">The bar.</param>
internal sealed record Bar(string Row, string What, string Unit, Side Side, double Height)
{
    /// <summary>The rounds after the warm-up.</summary>
    public List<Round> Rounds { get; } = [];

    /// <summary>The median of the ratios.</summary>
    public double Median => Figures.Quantile([.. Rounds.Select(round => round.Ratio)], 0.5);

    /// <summary>Whether the median is on the right side.</summary>
    public bool Holds => Side == Side.AtLeast ? Median >= Height : Median <= Height;

    /// <summary>In one line.</summary>
    public override string ToString()
    {
        var ratios = Rounds.Select(round => round.Ratio).ToList();
        var product = Figures.Quantile([.. Rounds.Select(round => round.Product)], 0.5);
        var limit = Figures.Quantile([.. Rounds.Select(round => round.Limit)], 0.5);
        return string.Create(CultureInfo.InvariantCulture,
            $"{Row,-4}{What,-62}{Median,7:0.00} ({ratios.Min():0.00}–{ratios.Max():0.00})  {(Side == Side.AtLeast ? '≥' : '≤')} {Height,-4:0.##} {(Holds ? "holds" : "FAILS")}   {product:0.##} to {limit:0.##} {Unit}");
    }
}
