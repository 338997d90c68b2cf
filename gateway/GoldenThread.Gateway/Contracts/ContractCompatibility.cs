using Google.Protobuf.Reflection;

namespace GoldenThread.Gateway.Contracts;

/// <summary>Whether a descriptor set may take the place of another while callers use it: contracts only grow.</summary>
internal static class ContractCompatibility
{
    /// <summary>What callers of the old set would lose, by name; empty when the new set may take over.</summary>
    public static IReadOnlyList<string> Breaks(ContractSet before, ContractSet after)
    {
        var breaks = new List<string>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var old in before.Methods)
        {
            if (after.ByRoute(old.RouteId) is not { } now)
            {
                breaks.Add($"{old.RouteId} ({old.Verb} {old.Path.Text}) is gone.");
                continue;
            }

            if (now.Verb != old.Verb || now.Path.Text != old.Path.Text || now.Kind != old.Kind
                || now.TakesWholeBody != old.TakesWholeBody || now.BodyField?.Descriptor.Name != old.BodyField?.Descriptor.Name)
            {
                breaks.Add($"{old.RouteId} was {old.Verb} {old.Path.Text} and is {now.Verb} {now.Path.Text}, or its body changed.");
            }

            CompareMessage(old.Rpc.InputType, now.Rpc.InputType, seen, breaks);
            CompareMessage(old.Rpc.OutputType, now.Rpc.OutputType, seen, breaks);
        }

        return breaks;
    }

    private static void CompareMessage(MessageDescriptor old, MessageDescriptor now, HashSet<string> seen, List<string> breaks)
    {
        if (old.FullName != now.FullName)
        {
            breaks.Add($"{old.FullName} became {now.FullName}.");
            return;
        }

        if (!seen.Add(old.FullName))
        {
            return;
        }

        foreach (var field in old.Fields.InFieldNumberOrder())
        {
            CompareField(field, now.FindFieldByNumber(field.FieldNumber), seen, breaks);
        }
    }

    private static void CompareField(FieldDescriptor old, FieldDescriptor? now, HashSet<string> seen, List<string> breaks)
    {
        var name = $"{old.FullName} ({old.FieldNumber})";
        if (now is null)
        {
            breaks.Add($"{name} is gone.");
            return;
        }

        if (now.JsonName != old.JsonName || now.Name != old.Name)
        {
            breaks.Add($"{name} is named {now.Name} now.");
        }

        if (now.FieldType != old.FieldType || now.IsRepeated != old.IsRepeated || now.IsMap != old.IsMap)
        {
            breaks.Add($"{name} was {Describe(old)} and is {Describe(now)}.");
            return;
        }

        if (now.HasPresence != old.HasPresence || now.RealContainingOneof?.Name != old.RealContainingOneof?.Name)
        {
            breaks.Add($"{name} changed in when it may be absent.");
        }

        if (old.FieldType == FieldType.Message)
        {
            CompareMessage(old.MessageType, now.MessageType, seen, breaks);
        }
        else if (old.FieldType == FieldType.Enum)
        {
            CompareEnum(old.EnumType, now.EnumType, seen, breaks);
        }
    }

    private static void CompareEnum(EnumDescriptor old, EnumDescriptor now, HashSet<string> seen, List<string> breaks)
    {
        if (!seen.Add(old.FullName))
        {
            return;
        }

        foreach (var value in old.Values.Where(value => now.FindValueByName(value.Name)?.Number != value.Number))
        {
            breaks.Add($"{value.FullName} ({value.Number}) is gone or has another number.");
        }
    }

    private static string Describe(FieldDescriptor field) =>
        (field.IsMap ? "a map" : field.IsRepeated ? $"a list of {field.FieldType}" : $"{field.FieldType}").ToLowerInvariant();
}
