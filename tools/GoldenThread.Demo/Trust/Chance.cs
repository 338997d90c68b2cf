namespace GoldenThread.Demo.Trust;

/// <summary>Chance that is the same each time: a stream per seed and number.</summary>
/// <param name="seed">Seed of the trust.</param>
/// <param name="stream">Number of the stream, such as a URN, so that one school's pupils do not hang on another's.</param>
public sealed class Chance(int seed, int stream)
{
    private readonly Random random = new(unchecked(seed * 31 + stream));

    /// <summary>True for that share of the draws.</summary>
    public bool Is(double share) => random.NextDouble() < share;

    /// <summary>A whole number from 0 to below the end.</summary>
    public int Below(int end) => random.Next(end);

    /// <summary>One of them, each alike.</summary>
    public T OneOf<T>(IReadOnlyList<T> things) => things[random.Next(things.Count)];

    /// <summary>One of them by its weight.</summary>
    public T OneOf<T>(IReadOnlyList<(T Thing, double Weight)> things)
    {
        var left = random.NextDouble() * things.Sum(thing => thing.Weight);
        foreach (var (thing, weight) in things)
        {
            left -= weight;
            if (left < 0) return thing;
        }

        return things[^1].Thing;
    }

    /// <summary>A normal number of mean 0 (Box and Muller, 1958).</summary>
    public double Normal(double standardDeviation)
    {
        var radius = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));
        return standardDeviation * radius * Math.Cos(2 * Math.PI * random.NextDouble());
    }
}
