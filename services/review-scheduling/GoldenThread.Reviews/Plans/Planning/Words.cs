using System.Globalization;

namespace GoldenThread.Reviews.Plans.Planning;

/// <summary>How reasons are worded.</summary>
internal static class Words
{
    /// <summary>A day as a school office writes it: "10 November 2026".</summary>
    public static string Day(DateOnly day) => day.ToString("d MMMM yyyy", CultureInfo.InvariantCulture);

    /// <summary>A duty's code as words: "English lead" for "english-lead", "deputy CEO" for "deputy-ceo".</summary>
    public static string Duty(string code)
    {
        var words = code.Split('-').Select(word => word switch
        {
            "ceo" => "CEO",
            "english" => "English",
            _ => word,
        });
        return string.Join(' ', words);
    }

    /// <summary>Duties of which any will do: "improvement team or deputy CEO".</summary>
    public static string Duties(IEnumerable<string> codes) => string.Join(" or ", codes.Select(Duty));

    /// <summary>The same at the start of a sentence.</summary>
    public static string DutiesFirst(IEnumerable<string> codes)
    {
        var duties = Duties(codes);
        return char.ToUpperInvariant(duties[0]) + duties[1..];
    }

    /// <summary>A number of days without needless decimals.</summary>
    public static string Number(double days) => days.ToString("0.#", CultureInfo.InvariantCulture);
}
