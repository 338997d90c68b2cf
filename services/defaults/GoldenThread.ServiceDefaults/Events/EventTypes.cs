using System.Collections.Frozen;
using System.Reflection;

namespace GoldenThread.ServiceDefaults;

/// <summary>The event records a service may publish, by the name under which they lie in the outbox (namespace and name).</summary>
internal sealed class EventTypes
{
    private readonly FrozenDictionary<string, System.Type> byKind;

    public EventTypes(Assembly service)
    {
        byKind = service.GetReferencedAssemblies()
            .Where(a => a.Name is { } name && name.StartsWith("GoldenThread.", StringComparison.Ordinal) && name.EndsWith(".Events", StringComparison.Ordinal))
            .SelectMany(a => Assembly.Load(a).GetExportedTypes())
            .ToFrozenDictionary(t => t.FullName!, StringComparer.Ordinal);
        Kinds = [.. byKind.Keys];
    }

    public string[] Kinds { get; }

    public System.Type Of(string kind) => byKind[kind];
}
