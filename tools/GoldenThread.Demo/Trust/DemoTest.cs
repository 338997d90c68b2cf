using System.Globalization;

namespace GoldenThread.Demo.Trust;

/// <summary>A test that the demo's pupils sit: a termly standardised one, or at the end of key stage 2 the national one.</summary>
/// <param name="Season">Season of the collection.</param>
/// <param name="Subject">Code of the subject, with its name.</param>
/// <param name="YearGroup">Year group that sits it.</param>
public sealed record DemoTest(string Season, (string Code, string Name) Subject, string YearGroup)
{
    /// <summary>Lowest scaled score.</summary>
    public const int LowestScaled = 80;

    /// <summary>Highest scaled score.</summary>
    public const int HighestScaled = 120;

    /// <summary>The expected standard.</summary>
    public const int ScaledExpected = 100;

    /// <summary>Mean of the scaled score over all pupils, near those of 2024 and 2025 in the national pack.</summary>
    public const int ScaledMean = 105;

    /// <summary>Standard deviation over all pupils: with it three in four are at 100 or above, as published.</summary>
    public const int ScaledDeviation = 8;

    /// <summary>Whether it is a key stage 2 test, of which a scaled score comes back. Writing is judged by teachers, and stays termly here.</summary>
    public bool IsKeyStage2 => (Season, YearGroup, Subject.Code) is ("Summer", "6", "reading" or "maths");

    /// <summary>Its name.</summary>
    public string Name => IsKeyStage2
        ? $"Key Stage 2 {Subject.Name}"
        : string.Create(CultureInfo.InvariantCulture, $"Termly {Subject.Name} Year {YearGroup} {Season}");

    /// <summary>An outcome as it comes back from this test: the pupil's standing among all, as a score on its scale. A code stays.</summary>
    public string Outcome(string standardised) =>
        IsKeyStage2 && int.TryParse(standardised, NumberStyles.None, CultureInfo.InvariantCulture, out var score)
            ? Math.Clamp((int)Math.Round(ScaledMean + ((score - 100) / 15.0 * ScaledDeviation)), LowestScaled, HighestScaled)
                .ToString(CultureInfo.InvariantCulture)
            : standardised;
}
