using System.Text.RegularExpressions;

namespace GoldenThread.Cli.Errors;

/// <summary>
/// Why a message failed, in words that cannot hold a name or a mark: an exception's own words are shown only where it is known that they tell of
/// tables, columns and positions. The full words and the stack stand in the service's log, under the message's id.
/// </summary>
public static partial class FaultReason
{
    /// <summary>The reason.</summary>
    /// <param name="exception">Full name of the exception's type.</param>
    /// <param name="message">Its words.</param>
    public static string Of(string exception, string message)
    {
        var name = exception.Split('.')[^1];
        var words = message.Split('\n')[0].Trim();
        return name switch
        {
            // Classes 23 (integrity) and 42 (schema) name constraints, tables and columns; others, such as 22 (data), quote the value.
            "PostgresException" when SchemaState().IsMatch(words) => $"{name} {words}",
            "PostgresException" when State().Match(words) is { Success: true } state => $"{name} {state.Value}",
            "JsonException" when Path().Match(words) is { Success: true } path => $"{name} at {path.Groups[1].Value}",
            "RpcException" when Status().Match(words) is { Success: true } status => $"{name} {status.Groups[1].Value}",
            _ => name,
        };
    }

    [GeneratedRegex("^(23|42)[0-9A-Z]{3}: ")]
    private static partial Regex SchemaState();

    [GeneratedRegex("^[0-9A-Z]{5}(?=: )")]
    private static partial Regex State();

    [GeneratedRegex(@"Path: (\$[\w.\[\]]*)")]
    private static partial Regex Path();

    [GeneratedRegex("StatusCode=\"(\\w+)\"")]
    private static partial Regex Status();
}
