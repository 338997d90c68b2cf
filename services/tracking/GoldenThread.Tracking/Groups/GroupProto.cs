using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Events.V1;
using GoldenThread.Tracking.Internal.V1;

namespace GoldenThread.Tracking.Groups;

/// <summary>Groups as contracts and events show them.</summary>
internal static class GroupProto
{
    public static V1.Group ToProto(this GroupDefinition group)
    {
        var definition = new V1.GroupDefinition
        {
            Name = group.Name,
            ComparatorName = group.ComparatorName,
            Sensitive = group.Sensitive,
        };
        definition.AnyOf.AddRange(group.Clauses.Select(ToProto));
        return new V1.Group
        {
            Group_ = group.Group,
            Version = group.Version,
            Definition = definition,
            BuiltIn = group.BuiltIn,
            Etag = Etag.Of(group.Version),
        };
    }

    public static GroupDefined ToEvent(this GroupDefinition group) => new()
    {
        Group = group.Group,
        DefinitionVersion = group.Version,
        Name = group.Name,
        ComparatorName = group.ComparatorName,
        Sensitive = group.Sensitive,
    };

    public static GroupSnapshot ToSnapshot(this GroupDefinition group) => new()
    {
        Group = group.Group,
        DefinitionVersion = group.Version,
        Name = group.Name,
        ComparatorName = group.ComparatorName,
        Sensitive = group.Sensitive,
    };

    private static V1.GroupClause ToProto(IReadOnlyList<GroupCondition> clause)
    {
        var message = new V1.GroupClause();
        message.AllOf.AddRange(clause.Select(ToProto));
        return message;
    }

    private static V1.GroupCondition ToProto(GroupCondition condition)
    {
        var message = new V1.GroupCondition
        {
            Fact = condition.Fact,
            WithinYears = condition.WithinYears,
            Ever = condition.Ever,
            Not = condition.Negated,
        };
        message.In.AddRange(condition.In);
        message.StartingWith.AddRange(condition.StartingWith);
        return message;
    }
}
