using System.Globalization;
using System.Text;
using System.Text.Json;
using RabbitMQ.Client;

namespace GoldenThread.Cli.Errors;

/// <summary>A message that a consumer could not handle, without its contents: those may name children.</summary>
/// <param name="Id">The message's id, by which inbox and outbox know it; null where it has none.</param>
/// <param name="Type">The event, such as <c>SchoolChanged</c>; null where the envelope cannot be read.</param>
/// <param name="When">When it failed; null where the consumer did not say.</param>
/// <param name="Reason">Why.</param>
public sealed record FailedMessage(string? Id, string? Type, DateTimeOffset? When, string Reason)
{
    private const string Fault = "MT-Fault-";

    // What the consumer's host wrote on the envelope when it put the message aside.
    private static readonly string[] Remarks = [Fault, "MT-Host-", "MT-Reason", "x-delivery-count"];

    /// <summary>Reads the envelope.</summary>
    public static FailedMessage Of(BasicGetResult taken)
    {
        var headers = taken.BasicProperties.Headers ?? new Dictionary<string, object?>();
        return new FailedMessage(
            taken.BasicProperties.MessageId,
            TypeOf(taken.Body),
            DateTimeOffset.TryParse(Text(headers, Fault + "Timestamp"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var when) ? when : null,
            Text(headers, Fault + "ExceptionType") is { } exception
                ? FaultReason.Of(exception, Text(headers, Fault + "Message") ?? "")
                : "no consumer for it");
    }

    /// <summary>The headers as they were before the message failed.</summary>
    public static Dictionary<string, object?> WithoutFault(IDictionary<string, object?>? headers) =>
        (headers ?? new Dictionary<string, object?>())
            .Where(header => !Remarks.Any(remark => header.Key.StartsWith(remark, StringComparison.Ordinal)))
            .ToDictionary();

    // Of the body only the envelope's word for its type is read: urn:message:<namespace>:<name>.
    private static string? TypeOf(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var envelope = JsonDocument.Parse(body);
            return envelope.RootElement.ValueKind == JsonValueKind.Object
                && envelope.RootElement.TryGetProperty("messageType", out var types)
                && types.ValueKind == JsonValueKind.Array
                && types.EnumerateArray().FirstOrDefault() is { ValueKind: JsonValueKind.String } type
                    ? type.GetString()!.Split(':')[^1]
                    : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? Text(IDictionary<string, object?> headers, string name) => headers.TryGetValue(name, out var value)
        ? value switch
        {
            byte[] bytes => Encoding.UTF8.GetString(bytes),
            AmqpTimestamp at => DateTimeOffset.FromUnixTimeSeconds(at.UnixTime).ToString("O", CultureInfo.InvariantCulture),
            _ => Convert.ToString(value, CultureInfo.InvariantCulture),
        }
        : null;
}
