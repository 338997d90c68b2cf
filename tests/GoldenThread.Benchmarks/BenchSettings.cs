using System.Globalization;

namespace GoldenThread.Benchmarks;

/// <summary>What the environment may say of a run.</summary>
internal static class BenchSettings
{
    /// <summary>A whole number named by the environment, for shorter runs.</summary>
    public static int Number(string variable, int otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
