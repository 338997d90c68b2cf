using GoldenThread.ServiceDefaults;
using Google.Protobuf.WellKnownTypes;

namespace GoldenThread.Reviews.Categories;

/// <summary>Categories as the contract has them, and back.</summary>
internal static class CategoryMapping
{
    private const int LongestText = 2000;
    private const int LongestLink = 500;
    private const int MostEvidence = 50;

    public static V1.SchoolCategory ToProto(this CategoryEntry entry, DateOnly today)
    {
        var answer = new V1.SchoolCategory
        {
            CategoryId = entry.CategoryId.ToString(),
            SchoolUrn = entry.SchoolUrn,
            Version = entry.Version,
            Category = (V1.Category)entry.Category,
            From = entry.FromOn.Iso(),
            Reason = entry.Reason,
            SetAt = Timestamp.FromDateTimeOffset(entry.SetAt),
            Current = entry.Current,
        };
        answer.Evidence.AddRange(entry.EvidenceItems.Select(ToProto));
        if (entry.AuthorPersonId is { } author)
        {
            answer.AuthorPersonId = author.ToString();
        }

        if (entry.Current)
        {
            answer.Clock = entry.Clock.ToProto(today);
        }

        return answer;
    }

    public static IReadOnlyList<EvidenceItem> FromProto(IReadOnlyList<V1.Evidence> evidence)
    {
        if (evidence.Count > MostEvidence)
        {
            throw Errors.CategoryInvalid("evidence", $"A judgement rests on at most {MostEvidence} pieces of evidence.");
        }

        return evidence.Select(FromProto).ToList();
    }

    private static EvidenceItem FromProto(V1.Evidence evidence, int index)
    {
        if (evidence.Kind == V1.EvidenceKind.Unspecified || !System.Enum.IsDefined(evidence.Kind))
        {
            throw Errors.CategoryInvalid($"evidence[{index}].kind", "Say what kind of evidence this is.");
        }

        var link = evidence.HasLink ? Fields.OptionalText(evidence.Link, $"evidence[{index}].link", LongestLink) : null;
        if (link is not null && !(Uri.TryCreate(link, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"))
        {
            throw Errors.CategoryInvalid($"evidence[{index}].link", "A link is an address that begins with http:// or https://.");
        }

        return new((int)evidence.Kind, Fields.Text(evidence.Text, $"evidence[{index}].text", LongestText), link);
    }

    private static V1.Evidence ToProto(EvidenceItem item)
    {
        var answer = new V1.Evidence { Kind = (V1.EvidenceKind)item.Kind, Text = item.Text };
        if (item.Link is { } link)
        {
            answer.Link = link;
        }

        return answer;
    }

    private static V1.CategoryClock ToProto(this Clock clock, DateOnly today)
    {
        var answer = new V1.CategoryClock { State = (V1.ClockState)clock.On(today), RunningFrom = clock.RunningFrom.Iso() };
        if (clock is { DueOn: { } due, OverdueAfter: { } overdue })
        {
            answer.DueOn = due.Iso();
            answer.OverdueAfter = overdue.Iso();
            answer.DaysLeft = clock.DaysLeft(today)!.Value;
        }

        return answer;
    }
}
