using GoldenThread.Assessment.Events.V1;
using GoldenThread.Assessment.Internal.V1;
using GoldenThread.Assessment.Scales;
using GoldenThread.Assessment.V1;
using GoldenThread.ServiceDefaults;

namespace GoldenThread.Assessment.Tests;

/// <summary>Tests as contracts and events show them.</summary>
internal static class TestProto
{
    public static Test ToProto(this TestDefinition test)
    {
        var message = new Test
        {
            TestId = test.TestId.ToString(),
            Name = test.Name,
            Subject = test.Subject,
            Scale = test.Scale,
            LowestScore = Numbers.Text(test.LowestScore),
            HighestScore = Numbers.Text(test.HighestScore),
            Statutory = test.Statutory,
            Etag = Etag.Of(test.Version),
        };
        if (test.StandardDeviation is { } deviation)
        {
            message.StandardDeviation = Numbers.Text(deviation);
        }

        if (test.Reliability is { } reliability)
        {
            message.Reliability = Numbers.Text(reliability);
        }

        if (test.ExpectedFrom is { } expected)
        {
            message.ExpectedFrom = Numbers.Text(expected);
        }

        message.Bands.AddRange(test.Bands.Select(b => new Band { Name = b.Name, FromScore = Numbers.Text(b.FromScore), IsLow = b.IsLow }));
        message.YearGroups.AddRange(test.YearGroups);
        message.Codes.AddRange(test.Codes.Select(c => c.ToProto()));
        return message;
    }

    public static TestChanged ToEvent(this TestDefinition test) => new()
    {
        TestId = test.TestId,
        Version = test.Version,
        Name = test.Name,
        Subject = test.Subject,
        Scale = test.Scale,
        LowestScore = test.LowestScore,
        HighestScore = test.HighestScore,
        Mean = test.Mean,
        StandardDeviation = test.StandardDeviation,
        Reliability = test.Reliability,
        Bands = test.Bands.Select(b => new TestBand { Name = b.Name, From = b.FromScore, IsLow = b.IsLow }).ToList(),
        ExpectedFrom = test.ExpectedFrom,
        Codes = test.Codes
            .Select(c => new Events.V1.ScoreCode { Code = c.Code, Meaning = c.Meaning, CountsAsNotMet = c.CountsAsNotMet })
            .ToList(),
        Statutory = test.Statutory,
    };

    public static TestChange ToChange(this TestDefinition test)
    {
        var message = new TestChange
        {
            TestId = test.TestId.ToString(),
            Version = test.Version,
            Name = test.Name,
            Subject = test.Subject,
            Scale = test.Scale,
            LowestScore = Numbers.Text(test.LowestScore),
            HighestScore = Numbers.Text(test.HighestScore),
            Statutory = test.Statutory,
        };
        if (test.Mean is { } mean)
        {
            message.Mean = Numbers.Text(mean);
        }

        if (test.StandardDeviation is { } deviation)
        {
            message.StandardDeviation = Numbers.Text(deviation);
        }

        if (test.Reliability is { } reliability)
        {
            message.Reliability = Numbers.Text(reliability);
        }

        if (test.ExpectedFrom is { } expected)
        {
            message.ExpectedFrom = Numbers.Text(expected);
        }

        message.Bands.AddRange(test.Bands.Select(b => new BandChange { Name = b.Name, FromScore = Numbers.Text(b.FromScore), IsLow = b.IsLow }));
        message.Codes.AddRange(test.Codes.Select(c => new CodeChange { Code = c.Code, Meaning = c.Meaning, CountsAsNotMet = c.CountsAsNotMet }));
        return message;
    }
}
