using System.Buffers.Binary;
using System.Numerics;

namespace System.IO.Hashing;

/// <summary>
/// The 64-bit xxHash of a whole input (specification: Yann Collet, "xxHash fast digest algorithm", version 0.1.1, XXH64).
/// It is for hash tables and affinity cookies, never for security.
/// </summary>
public static class XxHash64
{
    private const int StripeLength = 32;

    private const ulong Prime1 = 0x9E3779B185EBCA87;
    private const ulong Prime2 = 0xC2B2AE3D27D4EB4F;
    private const ulong Prime3 = 0x165667B19E3779F9;
    private const ulong Prime4 = 0x85EBCA77C2B2AE63;
    private const ulong Prime5 = 0x27D4EB2F165667C5;

    /// <summary>The hash with seed 0: eight bytes, the most significant first.</summary>
    public static byte[] Hash(byte[] source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return Hash(source.AsSpan());
    }

    /// <summary>The hash with a seed: eight bytes, the most significant first.</summary>
    public static byte[] Hash(byte[] source, long seed)
    {
        ArgumentNullException.ThrowIfNull(source);
        return Hash(source.AsSpan(), seed);
    }

    /// <summary>The hash with a seed: eight bytes, the most significant first.</summary>
    public static byte[] Hash(ReadOnlySpan<byte> source, long seed = 0)
    {
        var hash = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(hash, HashToUInt64(source, seed));
        return hash;
    }

    /// <summary>The hash as a number.</summary>
    public static ulong HashToUInt64(ReadOnlySpan<byte> source, long seed = 0)
    {
        var rest = source;
        var hash = source.Length < StripeLength ? (ulong)seed + Prime5 : ConsumeStripes(ref rest, (ulong)seed);
        hash += (ulong)source.Length;
        hash = ConsumeTail(rest, hash);
        return Avalanche(hash);
    }

    /// <summary>Four accumulators take eight bytes each of every whole stripe, and are then merged.</summary>
    private static ulong ConsumeStripes(ref ReadOnlySpan<byte> rest, ulong seed)
    {
        var first = seed + Prime1 + Prime2;
        var second = seed + Prime2;
        var third = seed;
        var fourth = seed - Prime1;

        while (rest.Length >= StripeLength)
        {
            first = Round(first, BinaryPrimitives.ReadUInt64LittleEndian(rest));
            second = Round(second, BinaryPrimitives.ReadUInt64LittleEndian(rest[8..]));
            third = Round(third, BinaryPrimitives.ReadUInt64LittleEndian(rest[16..]));
            fourth = Round(fourth, BinaryPrimitives.ReadUInt64LittleEndian(rest[24..]));
            rest = rest[StripeLength..];
        }

        var hash = BitOperations.RotateLeft(first, 1)
            + BitOperations.RotateLeft(second, 7)
            + BitOperations.RotateLeft(third, 12)
            + BitOperations.RotateLeft(fourth, 18);
        hash = Merge(hash, first);
        hash = Merge(hash, second);
        hash = Merge(hash, third);
        return Merge(hash, fourth);
    }

    /// <summary>What is shorter than a stripe goes in by eight bytes, then four, then one.</summary>
    private static ulong ConsumeTail(ReadOnlySpan<byte> rest, ulong hash)
    {
        while (rest.Length >= sizeof(ulong))
        {
            hash ^= Round(0, BinaryPrimitives.ReadUInt64LittleEndian(rest));
            hash = BitOperations.RotateLeft(hash, 27) * Prime1 + Prime4;
            rest = rest[sizeof(ulong)..];
        }

        if (rest.Length >= sizeof(uint))
        {
            hash ^= BinaryPrimitives.ReadUInt32LittleEndian(rest) * Prime1;
            hash = BitOperations.RotateLeft(hash, 23) * Prime2 + Prime3;
            rest = rest[sizeof(uint)..];
        }

        foreach (var value in rest)
        {
            hash ^= value * Prime5;
            hash = BitOperations.RotateLeft(hash, 11) * Prime1;
        }

        return hash;
    }

    private static ulong Round(ulong accumulator, ulong lane) => BitOperations.RotateLeft(accumulator + lane * Prime2, 31) * Prime1;

    private static ulong Merge(ulong hash, ulong accumulator) => (hash ^ Round(0, accumulator)) * Prime1 + Prime4;

    /// <summary>Spreads every input bit over the whole hash.</summary>
    private static ulong Avalanche(ulong hash)
    {
        hash ^= hash >> 33;
        hash *= Prime2;
        hash ^= hash >> 29;
        hash *= Prime3;
        return hash ^ (hash >> 32);
    }
}
