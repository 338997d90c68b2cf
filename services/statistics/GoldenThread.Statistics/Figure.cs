namespace GoldenThread.Statistics;

/// <summary>
/// A number that a person may read: exact, estimated with its interval, or not available and why. There is no fourth case:
/// NaN and infinity cannot be put into one, and absent is not zero.
/// </summary>
public abstract record Figure
{
    private Figure()
    {
    }

    /// <summary>The point of a value or an estimate; null where there is none.</summary>
    public double? Point => this switch
    {
        Value value => value.Number,
        Estimate estimate => estimate.Middle,
        _ => null,
    };

    /// <summary>Where the interval lies below or above a number as a whole; false where there is no interval.</summary>
    /// <param name="number">The number to clear, in the unit of the figure.</param>
    public bool Excludes(double number) => this is Estimate estimate && (estimate.Low > number || estimate.High < number);

    /// <summary>The figure with the ends of its interval within what such a number can be, both in the unit of the figure.</summary>
    /// <param name="lowest">Not above the point.</param>
    /// <param name="highest">Not below the point.</param>
    public Figure Within(double lowest, double highest) => this is Estimate estimate
        ? Between(Math.Max(lowest, estimate.Low), estimate.Middle, Math.Min(highest, estimate.High))
        : this;

    /// <summary>An exact number.</summary>
    public static Figure Of(double number) => new Value(number);

    /// <summary>An estimate with the ends of its interval.</summary>
    public static Figure Between(double low, double point, double high) => new Estimate(low, point, high);

    /// <summary>No number, and why.</summary>
    public static Figure Missing(Unavailable reason) => new NotAvailable(reason);

    /// <summary>An exact number.</summary>
    public sealed record Value : Figure
    {
        /// <summary>A finite number.</summary>
        /// <exception cref="ArgumentOutOfRangeException">The number is NaN or infinite: a defect in the formula.</exception>
        public Value(double number) => Number = Finite(number);

        /// <summary>The number, finite.</summary>
        public double Number { get; }
    }

    /// <summary>An estimate with its interval, 95% where nothing else is said.</summary>
    public sealed record Estimate : Figure
    {
        /// <summary>Low, point and high, finite and in that order.</summary>
        /// <exception cref="ArgumentOutOfRangeException">One is not finite, or the order is wrong.</exception>
        public Estimate(double low, double point, double high)
        {
            Low = Finite(low);
            Middle = Finite(point);
            High = Finite(high);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(low, high);
        }

        /// <summary>Lower end of the interval.</summary>
        public double Low { get; }

        /// <summary>The point estimate.</summary>
        public double Middle { get; }

        /// <summary>Upper end of the interval.</summary>
        public double High { get; }
    }

    /// <summary>No number, and why.</summary>
    /// <param name="Reason">Why there is none.</param>
    public sealed record NotAvailable(Unavailable Reason) : Figure;

    private static double Finite(double number) => double.IsFinite(number)
        ? number
        : throw new ArgumentOutOfRangeException(nameof(number), "A figure is finite, or it is not available.");
}

/// <summary>Why a figure cannot be given.</summary>
public enum Unavailable
{
    /// <summary>Nobody is in the group.</summary>
    NoPupils,

    /// <summary>Nobody is in the comparator.</summary>
    NoComparator,

    /// <summary>There are pupils, but too few for this figure (one pupil has no spread, two points no regression).</summary>
    TooFewPupils,

    /// <summary>All values are equal, so that nothing can be scaled by their spread.</summary>
    NoVariation,

    /// <summary>Fewer than two schools: nothing tells how much schools differ.</summary>
    TooFewSchools,
}
