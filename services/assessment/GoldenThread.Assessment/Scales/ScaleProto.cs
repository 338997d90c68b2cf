using GoldenThread.Assessment.V1;
using GoldenThread.ServiceDefaults;

namespace GoldenThread.Assessment.Scales;

/// <summary>Scales as contracts show them.</summary>
internal static class ScaleProto
{
    public static Scale ToProto(this ScaleDefinition scale)
    {
        var message = new Scale
        {
            Code = scale.Code,
            Name = scale.Name,
            Kind = scale.Kind,
            LowestScore = Numbers.Text(scale.LowestScore),
            HighestScore = Numbers.Text(scale.HighestScore),
            Decimals = scale.Decimals,
            Etag = Etag.Of(scale.Version),
        };
        if (scale.Mean is { } mean)
        {
            message.Mean = Numbers.Text(mean);
        }

        if (scale.StandardDeviation is { } deviation)
        {
            message.StandardDeviation = Numbers.Text(deviation);
        }

        message.Codes.AddRange(scale.Codes.Select(ToProto));
        return message;
    }

    public static ScoreCode ToProto(this CodeDefinition code) =>
        new() { Code = code.Code, Meaning = code.Meaning, CountsAsNotMet = code.CountsAsNotMet };
}
