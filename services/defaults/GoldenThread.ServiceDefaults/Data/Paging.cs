using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Grpc.Core;

namespace GoldenThread.ServiceDefaults;

/// <summary>Pages of a list: a size that is coerced down, and an opaque token that names the last row seen.</summary>
public static class Paging
{
    private const int ChecksumLength = 8;

    /// <summary>The page size to use: the default for 0, never more than the maximum. INVALID_ARGUMENT for a negative one.</summary>
    public static int Size(int requested, int standard = 50, int maximum = 1000) => requested switch
    {
        < 0 => throw Refusal.InvalidField("PAGE_SIZE_INVALID", "page_size", "page_size must not be negative."),
        0 => standard,
        _ => Math.Min(requested, maximum),
    };

    /// <summary>The token after a row: its keyset, bound to the list it came from (the rpc and its filters).</summary>
    public static string Token(string list, params string[] keyset)
    {
        var payload = JsonSerializer.SerializeToUtf8Bytes(keyset);
        return Base64Url.EncodeToString([.. Checksum(list, payload), .. payload]);
    }

    /// <summary>The keyset in a token; null for the first page. INVALID_ARGUMENT for a token that this list never gave.</summary>
    public static string[]? Keyset(string token, string list, int parts)
    {
        if (token.Length == 0)
        {
            return null;
        }

        try
        {
            var bytes = Base64Url.DecodeFromChars(token);
            if (bytes.Length > ChecksumLength && Checksum(list, bytes.AsSpan(ChecksumLength)).SequenceEqual(bytes.AsSpan(0, ChecksumLength))
                && JsonSerializer.Deserialize<string[]>(bytes.AsSpan(ChecksumLength)) is { } keyset && keyset.Length == parts)
            {
                return keyset;
            }
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            // Falls through to the refusal: whatever is wrong with it, the token is not one of ours.
        }

        throw Foreign();
    }

    /// <summary>A part of a keyset as what it stands for. INVALID_ARGUMENT where it is none: somebody made the token up.</summary>
    public static T Part<T>(string text) where T : IParsable<T> =>
        T.TryParse(text, CultureInfo.InvariantCulture, out var value) ? value : throw Foreign();

    private static RpcException Foreign() => Refusal.InvalidField(
        "PAGE_TOKEN_INVALID", "page_token", "page_token is not one that this list gave. Start again without it, with the same filters.");

    // Not a secret: authority is in the where clause. It only keeps a token from being used on another list.
    private static ReadOnlySpan<byte> Checksum(string list, ReadOnlySpan<byte> payload)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(list));
        hash.AppendData(payload);
        return hash.GetHashAndReset().AsSpan(0, ChecksumLength);
    }
}
