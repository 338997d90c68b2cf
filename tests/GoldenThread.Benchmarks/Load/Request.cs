using System.Text;

namespace GoldenThread.Benchmarks.Load;

/// <summary>Requests as bytes, made before they are sent.</summary>
internal static class Request
{
    /// <summary>A GET; a null token sends none.</summary>
    public static byte[] Get(string path, string? token) => Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{Bearer(token)}\r\n");

    /// <summary>A POST of JSON under an idempotency key of its own.</summary>
    public static byte[] Post(string path, string? token, string json) => Encoding.UTF8.GetBytes(
        $"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{Bearer(token)}Idempotency-Key: {Guid.CreateVersion7():N}\r\n"
        + $"Content-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(json)}\r\n\r\n{json}");

    private static string Bearer(string? token) => token is null ? "" : $"Authorization: Bearer {token}\r\n";
}
