using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Pupils;

namespace GoldenThread.Tracking.Groups;

/// <summary>A group of pupils as a definition over dated facts: any of the clauses, checked.</summary>
internal sealed record GroupDefinition
{
    /// <summary>The pseudo-fact of a pupil's sex, F or M.</summary>
    public const string Sex = "sex";

    /// <summary>The pseudo-fact of the month of birth, 1 to 12.</summary>
    public const string BirthMonth = "birth-month";

    private const int LongestCode = 50;
    private const int LongestName = 100;
    private const int MostClauses = 20;
    private const int MostConditions = 10;
    private const int MostValues = 100;
    private const int MostYears = 20;

    /// <summary>Code of the group.</summary>
    public required string Group { get; init; }

    /// <summary>Version, from 1; 0 before it is stored.</summary>
    public required int Version { get; init; }

    /// <summary>Name for people.</summary>
    public required string Name { get; init; }

    /// <summary>Name of those who are not in it.</summary>
    public required string ComparatorName { get; init; }

    /// <summary>Whether who is in it is for those who may see sensitive facts: of itself, or since it reads an attribute that tells of such a group.</summary>
    public required bool Sensitive { get; init; }

    /// <summary>Whether it is sensitive by what it says itself, whatever other groups say.</summary>
    public required bool SensitiveItself { get; init; }

    /// <summary>Whether it came with the product.</summary>
    public bool BuiltIn { get; init; }

    /// <summary>The clauses; a pupil is in the group while any holds.</summary>
    public required IReadOnlyList<IReadOnlyList<GroupCondition>> Clauses { get; init; }

    /// <summary>Reads a request, or refuses it in words.</summary>
    public static GroupDefinition From(string group, V1.GroupDefinition? said)
    {
        if (group.Length is 0 or > LongestCode || group.AsSpan().IndexOfAnyExcept("abcdefghijklmnopqrstuvwxyz0123456789-_") >= 0)
        {
            throw Errors.GroupInvalid("group", $"The code of a group is 1 to {LongestCode} lower-case letters, digits, hyphens and underscores.");
        }

        if (said is null || said.AnyOf.Count is 0 or > MostClauses)
        {
            throw Errors.GroupInvalid("definition.any_of", $"Say what makes a pupil a member: at least one clause, at most {MostClauses}.");
        }

        var clauses = said.AnyOf.Select(ReadClause).ToList();
        var sensitive = said.Sensitive || clauses.TrueForAll(clause => clause.Any(c => Fact.Sensitive.Contains(c.Fact)));
        return new GroupDefinition
        {
            Group = group,
            Version = 0,
            Name = Fields.Text(said.Name.Trim(), "definition.name", LongestName),
            ComparatorName = Fields.Text(said.ComparatorName.Trim(), "definition.comparator_name", LongestName),
            Sensitive = sensitive,
            SensitiveItself = sensitive,
            Clauses = clauses,
        };
    }

    /// <summary>Whether the other says the same itself, whatever its version and other groups.</summary>
    public bool SaysTheSameAs(GroupDefinition other) =>
        (Name, ComparatorName, SensitiveItself) == (other.Name, other.ComparatorName, other.SensitiveItself)
        && Clauses.Count == other.Clauses.Count
        && Clauses.Zip(other.Clauses).All(pair =>
            pair.First.Count == pair.Second.Count && pair.First.Zip(pair.Second).All(c => c.First.SaysTheSameAs(c.Second)));

    private static List<GroupCondition> ReadClause(V1.GroupClause said)
    {
        if (said.AllOf.Count is 0 or > MostConditions)
        {
            throw Errors.GroupInvalid("definition.any_of.all_of", $"A clause has 1 to {MostConditions} conditions.");
        }

        var conditions = said.AllOf.Select(ReadCondition).ToList();
        return conditions.TrueForAll(c => c.Negated)
            ? throw Errors.GroupInvalid("definition.any_of.all_of", "A clause needs at least one condition that holds, not only such that do not.")
            : conditions;
    }

    private static GroupCondition ReadCondition(V1.GroupCondition said)
    {
        const string Field = "definition.any_of.all_of";
        if (said.Fact is not (Sex or BirthMonth) && !Fact.IsKind(said.Fact))
        {
            throw Errors.GroupInvalid($"{Field}.fact", $"There is no fact \"{Shown(said.Fact)}\".");
        }

        if (said.In.Count + said.StartingWith.Count > MostValues)
        {
            throw Errors.GroupInvalid($"{Field}.in", $"A condition names at most {MostValues} values.");
        }

        if (said.WithinYears is < 0 or > MostYears || (said.Ever && said.WithinYears != 0))
        {
            throw Errors.GroupInvalid($"{Field}.within_years", $"within_years is 0 to {MostYears}, and 0 where the fact counts for ever.");
        }

        return new GroupCondition(
            said.Fact,
            said.In.Select(v => Fields.Text(v, $"{Field}.in", Fact.LongestValue)).Distinct(StringComparer.Ordinal).ToArray(),
            said.StartingWith.Select(v => Fields.Text(v, $"{Field}.starting_with", Fact.LongestValue)).Distinct(StringComparer.Ordinal).ToArray(),
            said.WithinYears,
            said.Ever,
            said.Not);
    }

    private static string Shown(string text) => text.Length <= LongestCode ? text.Replace('\0', ' ') : text[..LongestCode];
}

/// <summary>A condition on one dated fact.</summary>
/// <param name="Fact">Kind of the fact, or a pseudo-fact.</param>
/// <param name="In">Values that count; none for any value.</param>
/// <param name="StartingWith">Beginnings of values that count, too.</param>
/// <param name="WithinYears">How long it counts after it ended, 0 to 20 years.</param>
/// <param name="Ever">Whether it counts for ever once it was true.</param>
/// <param name="Negated">Whether the condition holds while the fact does not.</param>
internal sealed record GroupCondition(string Fact, string[] In, string[] StartingWith, int WithinYears, bool Ever, bool Negated)
{
    /// <summary>Whether the other says the same.</summary>
    public bool SaysTheSameAs(GroupCondition other) =>
        (Fact, WithinYears, Ever, Negated) == (other.Fact, other.WithinYears, other.Ever, other.Negated)
        && In.SequenceEqual(other.In)
        && StartingWith.SequenceEqual(other.StartingWith);
}
