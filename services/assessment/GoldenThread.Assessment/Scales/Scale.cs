using System.Globalization;
using GoldenThread.Assessment.V1;
using GoldenThread.ServiceDefaults;

namespace GoldenThread.Assessment.Scales;

/// <summary>A scale of scores: which numbers there are, and which codes can stand in their place.</summary>
internal sealed record ScaleDefinition
{
    private const int LongestName = 100;
    private const int LongestCode = 10;
    private const int MostCodes = 50;
    private const int MostDecimals = 4;
    private const decimal FurthestScore = 1_000_000;

    public required string Code { get; init; }

    public required string Name { get; init; }

    public required ScaleKind Kind { get; init; }

    public required decimal LowestScore { get; init; }

    public required decimal HighestScore { get; init; }

    public required int Decimals { get; init; }

    public decimal? Mean { get; init; }

    public decimal? StandardDeviation { get; init; }

    public required IReadOnlyList<CodeDefinition> Codes { get; init; }

    public long Version { get; init; }

    /// <summary>Reads and checks what a caller defines.</summary>
    public static ScaleDefinition From(PutScaleRequest request)
    {
        var scale = new ScaleDefinition
        {
            Code = AssessmentFields.Code(request.Code, "code"),
            Name = Fields.Text(request.Name, "name", LongestName),
            Kind = request.Kind,
            LowestScore = Bounded(request.LowestScore, "lowest_score"),
            HighestScore = Bounded(request.HighestScore, "highest_score"),
            Decimals = request.Decimals,
            Mean = request.HasMean ? Bounded(request.Mean, "mean") : null,
            StandardDeviation = request.HasStandardDeviation ? Bounded(request.StandardDeviation, "standard_deviation") : null,
            Codes = request.Codes.Select((c, i) => CodeFrom(c, i)).ToList(),
        };
        scale.Check();
        return scale;
    }

    private void Check()
    {
        if (Kind == ScaleKind.Unspecified || !Enum.IsDefined(Kind))
        {
            throw Errors.ScaleInvalid("kind", "Say which kind of scale it is.");
        }

        if (Decimals is < 0 or > MostDecimals)
        {
            throw Errors.ScaleInvalid("decimals", $"A score has 0 to {MostDecimals} decimal places.");
        }

        if (LowestScore >= HighestScore)
        {
            throw Errors.ScaleInvalid("highest_score", "The highest score must lie above the lowest.");
        }

        if (decimal.Round(LowestScore, Decimals) != LowestScore || decimal.Round(HighestScore, Decimals) != HighestScore)
        {
            throw Errors.ScaleInvalid("decimals", "The lowest and the highest score have more decimal places than a score may have.");
        }

        if (StandardDeviation is <= 0)
        {
            throw Errors.ScaleInvalid("standard_deviation", "A standard deviation is above 0; leave it out where the scale has none.");
        }

        if (Codes.Count > MostCodes)
        {
            throw Errors.ScaleInvalid("codes", $"A scale has at most {MostCodes} codes.");
        }

        if (Codes.Select(c => c.Code).Distinct(StringComparer.Ordinal).Count() != Codes.Count)
        {
            throw Errors.ScaleInvalid("codes", "The same code is given twice.");
        }
    }

    private static CodeDefinition CodeFrom(ScoreCode code, int index)
    {
        var field = $"codes[{index}].code";
        var text = Fields.Text(code.Code, field, LongestCode).Trim();
        return decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _)
            ? throw Errors.ScaleInvalid(field, "A code must not be a number, or nobody could tell it from a score.")
            : new CodeDefinition
            {
                Code = text,
                Meaning = Fields.Text(code.Meaning, $"codes[{index}].meaning", LongestName),
                CountsAsNotMet = code.CountsAsNotMet,
            };
    }

    private static decimal Bounded(string text, string field)
    {
        var number = Fields.Decimal(text, field);
        return Math.Abs(number) <= FurthestScore ? number : throw Errors.ScaleInvalid(field, $"{field} must lie between −1,000,000 and 1,000,000.");
    }
}

/// <summary>A code that can stand in place of a score.</summary>
internal sealed record CodeDefinition
{
    public required string Code { get; init; }

    public required string Meaning { get; init; }

    public required bool CountsAsNotMet { get; init; }
}

/// <summary>Decimals as contracts write them: no exponent, no trailing zeros.</summary>
internal static class Numbers
{
    public static string Text(decimal number)
    {
        var text = number.ToString(CultureInfo.InvariantCulture);
        return text.Contains('.', StringComparison.Ordinal) ? text.TrimEnd('0').TrimEnd('.') : text;
    }
}
