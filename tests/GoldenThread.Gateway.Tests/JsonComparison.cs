using System.Text.Json;
using System.Text.Json.Nodes;

namespace GoldenThread.Gateway.Tests;

/// <summary>Says where two JSON documents differ. The order of fields does not count, nor the spelling of a number.</summary>
internal static class JsonComparison
{
    /// <summary>The path and the two values of the first difference; empty when there is none.</summary>
    public static string FirstDifference(string one, string other) => Compare(JsonNode.Parse(one), JsonNode.Parse(other), "");

    private static string Compare(JsonNode? one, JsonNode? other, string path) => (one, other) switch
    {
        (JsonObject a, JsonObject b) => CompareObjects(a, b, path),
        (JsonArray a, JsonArray b) => CompareArrays(a, b, path),
        (JsonValue a, JsonValue b) when IsNumber(a) && IsNumber(b) => AreClose(a.GetValue<double>(), b.GetValue<double>()) ? "" : $"{path}: {a} and {b}",
        _ => JsonNode.DeepEquals(one, other) ? "" : $"{path}: {one?.ToJsonString() ?? "null"} and {other?.ToJsonString() ?? "null"}",
    };

    private static string CompareObjects(JsonObject one, JsonObject other, string path)
    {
        foreach (var name in one.Select(pair => pair.Key).Union(other.Select(pair => pair.Key)))
        {
            if (!one.ContainsKey(name) || !other.ContainsKey(name))
            {
                return $"{path}/{name} is missing in the {(one.ContainsKey(name) ? "second" : "first")}";
            }

            if (Compare(one[name], other[name], $"{path}/{name}") is { Length: > 0 } difference)
            {
                return difference;
            }
        }

        return "";
    }

    private static string CompareArrays(JsonArray one, JsonArray other, string path)
    {
        if (one.Count != other.Count)
        {
            return $"{path} has {one.Count} and {other.Count} elements";
        }

        for (var at = 0; at < one.Count; at++)
        {
            if (Compare(one[at], other[at], $"{path}/{at}") is { Length: > 0 } difference)
            {
                return difference;
            }
        }

        return "";
    }

    private static bool IsNumber(JsonValue value) => value.GetValueKind() == JsonValueKind.Number;

    // A float is written with as many digits as it needs by us, with more by Google.
    private static bool AreClose(double one, double other) => one == other || Math.Abs(one - other) <= 1e-6 * Math.Abs(other);
}
