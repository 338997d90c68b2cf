using GoldenThread.Education;
using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Events.V1;

namespace GoldenThread.Tracking.Schools;

/// <summary>A school of the register, checked.</summary>
internal sealed record School
{
    private const int LongestName = 200;
    private const int LongestLocality = 100;
    private const int MostMemberships = 50;
    private const int MostPredecessors = 50;
    private const int OldestPupil = 19;

    /// <summary>URN.</summary>
    public required int SchoolUrn { get; init; }

    /// <summary>Version, from 1; 0 before it is stored.</summary>
    public required long Version { get; init; }

    /// <summary>Seven digits; null where none is known.</summary>
    public string? Laestab { get; init; }

    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>Phase of education.</summary>
    public required V1.Phase Phase { get; init; }

    /// <summary>Youngest age.</summary>
    public int? AgeFrom { get; init; }

    /// <summary>Oldest age.</summary>
    public int? AgeTo { get; init; }

    /// <summary>Locality; null where none is given.</summary>
    public string? Locality { get; init; }

    /// <summary>When it belonged to the trust, oldest first.</summary>
    public required IReadOnlyList<DatedRange> Memberships { get; init; }

    /// <summary>Schools it replaced, by URN.</summary>
    public required IReadOnlyList<int> PredecessorUrns { get; init; }

    /// <summary>Reads a request, or refuses it in words.</summary>
    public static School From(int schoolUrn, V1.School? said)
    {
        if (said is null)
        {
            throw Errors.SchoolInvalid("school", "Say what is known of the school.");
        }

        return new School
        {
            SchoolUrn = CheckUrn(schoolUrn, "school_urn"),
            Version = 0,
            Laestab = said.HasLaestab ? CheckLaestab(said.Laestab) : null,
            Name = Fields.Text(said.Name.Trim(), "school.name", LongestName),
            Phase = CheckPhase(said.Phase),
            AgeFrom = said.HasAgeFrom ? CheckAge(said.AgeFrom, "school.age_from") : null,
            AgeTo = said.HasAgeTo ? CheckOldest(said) : null,
            Locality = said.HasLocality && said.Locality.Length > 0 ? Fields.OptionalText(said.Locality.Trim(), "school.locality", LongestLocality) : null,
            Memberships = CheckMemberships(said.Memberships),
            PredecessorUrns = CheckPredecessors(schoolUrn, said.PredecessorUrns),
        };
    }

    /// <summary>Whether the other says the same, whatever its version.</summary>
    public bool SaysTheSameAs(School other) =>
        this with { Version = 0, Memberships = [], PredecessorUrns = [] } is var one
        && other with { Version = 0, Memberships = one.Memberships, PredecessorUrns = one.PredecessorUrns } == one
        && Memberships.SequenceEqual(other.Memberships)
        && PredecessorUrns.SequenceEqual(other.PredecessorUrns);

    private static int CheckUrn(int urn, string field) =>
        Urn.TryParse(urn.ToString(System.Globalization.CultureInfo.InvariantCulture), out var parsed, out var problem)
            ? parsed.Number
            : throw Errors.SchoolInvalid(field, problem);

    private static string CheckLaestab(string laestab) =>
        laestab.Replace("-", "", StringComparison.Ordinal).Replace("/", "", StringComparison.Ordinal) is { Length: 7 } digits && digits.All(char.IsAsciiDigit)
            ? digits
            : throw Errors.SchoolInvalid("school.laestab", "A LAESTAB has seven digits: three of the local authority, four of the school.");

    private static V1.Phase CheckPhase(V1.Phase phase) =>
        Enum.IsDefined(phase) && phase != V1.Phase.Unspecified
            ? phase
            : throw Errors.SchoolInvalid("school.phase", "Say the phase: nursery, primary, middle, secondary, all-through or special.");

    private static int CheckAge(int age, string field) =>
        age is >= 0 and <= OldestPupil ? age : throw Errors.SchoolInvalid(field, $"An age is between 0 and {OldestPupil}.");

    private static int CheckOldest(V1.School said)
    {
        var oldest = CheckAge(said.AgeTo, "school.age_to");
        return said.HasAgeFrom && said.AgeFrom > oldest
            ? throw Errors.SchoolInvalid("school.age_to", "The oldest age must not be below the youngest.")
            : oldest;
    }

    private static List<DatedRange> CheckMemberships(IReadOnlyCollection<V1.TrustMembership> said)
    {
        if (said.Count > MostMemberships)
        {
            throw Errors.SchoolInvalid("school.memberships", $"At most {MostMemberships} memberships can be given.");
        }

        var memberships = said
            .Select(m => new DatedRange
            {
                From = Fields.Day(m.From, "school.memberships.from"),
                To = m.HasTo ? Fields.Day(m.To, "school.memberships.to") : null,
            })
            .OrderBy(m => m.From)
            .ToList();
        if (memberships.Any(m => m.To < m.From))
        {
            throw Errors.SchoolInvalid("school.memberships", "A membership must not end before it begins.");
        }

        if (memberships.Zip(memberships.Skip(1)).Any(pair => pair.First.To is not { } end || end >= pair.Second.From))
        {
            throw Errors.SchoolInvalid("school.memberships", "Memberships must not overlap.");
        }

        return memberships;
    }

    private static List<int> CheckPredecessors(int schoolUrn, IReadOnlyCollection<int> said)
    {
        if (said.Count > MostPredecessors || said.Contains(schoolUrn))
        {
            throw Errors.SchoolInvalid("school.predecessor_urns", "A school cannot replace itself, nor more than 50 schools.");
        }

        return said.Select(urn => CheckUrn(urn, "school.predecessor_urns")).Distinct().Order().ToList();
    }
}
