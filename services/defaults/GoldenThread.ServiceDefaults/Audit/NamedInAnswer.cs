using System.Collections;
using System.Collections.Frozen;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace GoldenThread.ServiceDefaults;

/// <summary>Finds whom an answer names, by the ids it carries: of messages within messages, the outermost that has one.</summary>
public static class NamedInAnswer
{
    private static readonly FrozenDictionary<string, string> Kinds = new Dictionary<string, string>
    {
        ["pupil_id"] = "pupil",
        ["row_id"] = "quarantined row",
        ["quarantined_row_id"] = "quarantined-row",
    }.ToFrozenDictionary();

    /// <summary>Kind and id of each.</summary>
    public static IEnumerable<(string Kind, string Id)> Of(IMessage answer)
    {
        var fields = answer.Descriptor.Fields.InFieldNumberOrder();
        if (fields.FirstOrDefault(f => Kinds.ContainsKey(f.Name)) is { } own)
        {
            return [(Kinds[own.Name], (string)own.Accessor.GetValue(answer))];
        }

        return fields.Where(f => f.FieldType == FieldType.Message && !f.IsMap).SelectMany(f => Parts(f.Accessor.GetValue(answer))).SelectMany(Of);
    }

    private static IEnumerable<IMessage> Parts(object? value) => value switch
    {
        IMessage one => [one],
        IEnumerable many => many.Cast<IMessage>(),
        _ => [],
    };
}
