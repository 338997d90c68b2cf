using System.Text;
using System.Text.Json;

namespace GoldenThread.Gateway.Transcoding.Json;

/// <summary>Says where in a JSON document something is (RFC 6901). Worked out only once something is wrong.</summary>
internal static class JsonPointer
{
    /// <summary>The pointer to the value or property that starts at a byte of the document.</summary>
    public static string At(ReadOnlySpan<byte> json, long start)
    {
        var path = new List<string>();
        var indexes = new Stack<int>();
        var reader = new Utf8JsonReader(json, JsonToWire.ReaderOptions);
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.EndArray or JsonTokenType.EndObject)
                {
                    indexes.Pop();
                    path.RemoveRange(indexes.Count, path.Count - indexes.Count);
                }
                else if (reader.TokenType == JsonTokenType.PropertyName)
                {
                    Step(path, indexes.Count, reader.GetString()!);
                }
                else
                {
                    if (indexes.TryPeek(out var index) && index >= 0)
                    {
                        indexes.Pop();
                        indexes.Push(index + 1);
                        Step(path, indexes.Count, index.ToString(System.Globalization.CultureInfo.InvariantCulture));
                    }

                    if (reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject && reader.TokenStartIndex < start)
                    {
                        indexes.Push(reader.TokenType == JsonTokenType.StartArray ? 0 : -1);
                    }
                }

                if (reader.TokenStartIndex >= start)
                {
                    break;
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Malformed from here on: what was walked so far is where the fault lies.
        }

        var pointer = new StringBuilder();
        foreach (var step in path)
        {
            pointer.Append('/').Append(Escape(step));
        }

        return pointer.ToString();
    }

    /// <summary>A name as one step of a pointer.</summary>
    public static string Escape(string name) => name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    // The step within the innermost of `depth` open objects and arrays.
    private static void Step(List<string> path, int depth, string name)
    {
        path.RemoveRange(depth - 1, path.Count - depth + 1);
        path.Add(name);
    }
}
