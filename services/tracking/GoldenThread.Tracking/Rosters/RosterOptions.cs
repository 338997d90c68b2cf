using System.ComponentModel.DataAnnotations;

namespace GoldenThread.Tracking.Rosters;

/// <summary>What is taken in one roster. Section "Rosters".</summary>
internal sealed class RosterOptions
{
    private const int Most = 1_000_000;

    /// <summary>Rows of one file at most; more are refused before any is applied.</summary>
    [Range(1, Most, ErrorMessage = "Rosters:MostRows must be from 1 to 1,000,000; example: Rosters__MostRows=100000")]
    public int MostRows { get; set; } = Most;
}
