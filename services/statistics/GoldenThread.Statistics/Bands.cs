namespace GoldenThread.Statistics;

/// <summary>One band of a test's band set.</summary>
/// <param name="Code">Like "low", "middle", "high"; the same word means the same band on every test.</param>
/// <param name="From">Lowest score of the band, in the test's unit; the lowest band also takes whatever lies below it.</param>
/// <param name="IsLow">Whether holding this band twice can mean being stuck.</param>
public sealed record Band(string Code, double From, bool IsLow);

/// <summary>The bands of one test, as data: they belong to the test and not to its scale.</summary>
public sealed class BandSet
{
    private readonly Band[] ascending;

    /// <summary>A band set.</summary>
    /// <param name="bands">One or more, from different scores, with different codes.</param>
    /// <exception cref="ArgumentException">There is none, or two share a score or a code.</exception>
    public BandSet(IEnumerable<Band> bands)
    {
        ArgumentNullException.ThrowIfNull(bands);
        ascending = [.. bands.OrderBy(band => band.From)];
        if (ascending.Length == 0) throw new ArgumentException("A band set has a band.", nameof(bands));
        if (ascending.Select(band => band.From).Distinct().Count() != ascending.Length
            || ascending.Any(band => double.IsNaN(band.From)))
            throw new ArgumentException("Each band begins at a score of its own.", nameof(bands));
        if (ascending.Select(band => band.Code).Distinct(StringComparer.Ordinal).Count() != ascending.Length)
            throw new ArgumentException("Each band has a code of its own.", nameof(bands));
    }

    /// <summary>The bands, lowest first.</summary>
    public IReadOnlyList<Band> Ascending => ascending;

    /// <summary>The band of a score: the highest whose lowest score it reaches.</summary>
    public Band Of(double score)
    {
        var place = ascending.Length - 1;
        while (place > 0 && score < ascending[place].From) place--;
        return ascending[place];
    }

    /// <summary>Two cuts, as publishers print them: below the first is low, from the second on high.</summary>
    public static BandSet LowMiddleHigh(double middleFrom, double highFrom) => new(
    [
        new Band("low", double.NegativeInfinity, IsLow: true),
        new Band("middle", middleFrom, IsLow: false),
        new Band("high", highFrom, IsLow: false),
    ]);
}
