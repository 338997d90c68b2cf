using System.Globalization;
using System.Text;
using GoldenThread.Demo.Trust;

namespace GoldenThread.Demo.Files;

/// <summary>The results of a collection as one file of all schools.</summary>
public static class ResultFile
{
    private const string Header = "UPN,URN,Subject,Date,Result";

    /// <summary>The file.</summary>
    public static string Of(DemoTrust trust, PackCollection collection)
    {
        var file = new StringBuilder(Header).Append('\n');
        foreach (var result in trust.Results(collection))
        {
            file.AppendJoin(',',
                result.Pupil.Upn,
                result.Pupil.SchoolUrn,
                result.Subject,
                result.SatOn.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                result.Outcome).Append('\n');
        }

        return file.ToString();
    }
}
