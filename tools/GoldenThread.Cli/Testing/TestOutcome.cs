using System.Xml.Linq;

namespace GoldenThread.Cli.Testing;

/// <summary>What one test program found.</summary>
public sealed record TestOutcome
{
    /// <summary>Tests that passed.</summary>
    public required int Passed { get; init; }

    /// <summary>Tests that failed; a program that ended without a report counts as one.</summary>
    public required int Failed { get; init; }

    /// <summary>Tests that did not run, each with its reason among <see cref="Remarks"/>.</summary>
    public required int Skipped { get; init; }

    /// <summary>Failures with message and stack, and skips with their reason, in words to print.</summary>
    public required IReadOnlyList<string> Remarks { get; init; }

    /// <summary>Reads xunit's own XML report.</summary>
    public static TestOutcome Read(string reportFile)
    {
        var report = XDocument.Load(reportFile);
        var tests = report.Descendants("test").ToList();
        var errors = report.Descendants("error").ToList();
        var failures = tests.Where(test => ResultOf(test) == "Fail").ToList();
        var skips = tests.Where(test => ResultOf(test) is "Skip" or "NotRun").ToList();
        return new TestOutcome
        {
            Passed = tests.Count(test => ResultOf(test) == "Pass"),
            Failed = failures.Count + errors.Count,
            Skipped = skips.Count,
            Remarks =
            [
                .. failures.Select(test => $"FAILED  {NameOf(test)}\n{Indented(test.Descendants("failure").First())}"),
                .. errors.Select(error => $"FAILED  {NameOf(error)}\n{Indented(error)}"),
                .. skips.Select(test => $"skipped {NameOf(test)}: {(string?)test.Element("reason") ?? "not run"}"),
            ],
        };
    }

    /// <summary>The outcome of a program that ended without a report.</summary>
    public static TestOutcome Broken(string remark) => new() { Passed = 0, Failed = 1, Skipped = 0, Remarks = [$"FAILED  {remark}"] };

    private static string? ResultOf(XElement test) => (string?)test.Attribute("result");

    private static string? NameOf(XElement element) => (string?)element.Attribute("name") ?? (string?)element.Attribute("type");

    private static string Indented(XElement failure)
    {
        var lines = $"{(string?)failure.Descendants("message").FirstOrDefault()}\n{(string?)failure.Descendants("stack-trace").FirstOrDefault()}";
        return string.Join('\n', lines.Split('\n').Select(line => $"        {line.TrimEnd()}"));
    }
}
