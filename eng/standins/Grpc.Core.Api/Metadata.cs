using System.Collections;
using System.Text;

namespace Grpc.Core;

/// <summary>The headers or trailers of a call, in order. A key may occur more than once.</summary>
public sealed class Metadata : IList<Metadata.Entry>
{
    /// <summary>A key that ends so holds bytes; every other key holds ASCII text.</summary>
    public const string BinaryHeaderSuffix = "-bin";

    /// <summary>Metadata without entries, to which none can be added.</summary>
    public static readonly Metadata Empty = new() { readOnly = true };

    private readonly List<Entry> entries = [];
    private bool readOnly;

    /// <inheritdoc/>
    public int Count => entries.Count;

    /// <inheritdoc/>
    public bool IsReadOnly => readOnly;

    /// <inheritdoc/>
    public Entry this[int index]
    {
        get => entries[index];
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            ThrowIfReadOnly();
            entries[index] = value;
        }
    }

    /// <summary>The last entry with this key, or null. Case does not matter.</summary>
    public Entry? Get(string key) => entries.FindLast(entry => entry.HasKey(key));

    /// <summary>The text of the last entry with this key, or null; throws when the entry is binary.</summary>
    public string? GetValue(string key) => Get(key)?.Value;

    /// <summary>The bytes of the last entry with this key, or null; text comes as ASCII.</summary>
    public byte[]? GetValueBytes(string key) => Get(key)?.ValueBytes;

    /// <summary>All entries with this key, in order.</summary>
    public IEnumerable<Entry> GetAll(string key) => entries.Where(entry => entry.HasKey(key));

    /// <summary>Adds a text entry.</summary>
    public void Add(string key, string value) => Add(new Entry(key, value));

    /// <summary>Adds a binary entry; the key must end in <c>-bin</c>.</summary>
    public void Add(string key, byte[] valueBytes) => Add(new Entry(key, valueBytes));

    /// <inheritdoc/>
    public void Add(Entry item)
    {
        ArgumentNullException.ThrowIfNull(item);
        ThrowIfReadOnly();
        entries.Add(item);
    }

    /// <inheritdoc/>
    public void Insert(int index, Entry item)
    {
        ArgumentNullException.ThrowIfNull(item);
        ThrowIfReadOnly();
        entries.Insert(index, item);
    }

    /// <inheritdoc/>
    public bool Remove(Entry item)
    {
        ThrowIfReadOnly();
        return entries.Remove(item);
    }

    /// <inheritdoc/>
    public void RemoveAt(int index)
    {
        ThrowIfReadOnly();
        entries.RemoveAt(index);
    }

    /// <inheritdoc/>
    public void Clear()
    {
        ThrowIfReadOnly();
        entries.Clear();
    }

    /// <inheritdoc/>
    public int IndexOf(Entry item) => entries.IndexOf(item);

    /// <inheritdoc/>
    public bool Contains(Entry item) => entries.Contains(item);

    /// <inheritdoc/>
    public void CopyTo(Entry[] array, int arrayIndex) => entries.CopyTo(array, arrayIndex);

    /// <inheritdoc/>
    public IEnumerator<Entry> GetEnumerator() => entries.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private void ThrowIfReadOnly()
    {
        if (readOnly)
        {
            throw new InvalidOperationException("Object is read only");
        }
    }

    /// <summary>One key with its text or its bytes.</summary>
    public class Entry
    {
        private readonly string? text;
        private readonly byte[]? bytes;

        /// <summary>Creates a binary entry; the key must end in <c>-bin</c>.</summary>
        public Entry(string key, byte[] valueBytes)
        {
            Key = NormalizeKey(key);
            if (!HasBinarySuffix(Key))
            {
                throw new ArgumentException($"The key '{Key}' of a binary metadata entry must end in '{BinaryHeaderSuffix}'.", nameof(key));
            }

            ArgumentNullException.ThrowIfNull(valueBytes);
            bytes = valueBytes.ToArray();
        }

        /// <summary>Creates a text entry; the key must not end in <c>-bin</c>.</summary>
        public Entry(string key, string value)
        {
            Key = NormalizeKey(key);
            if (HasBinarySuffix(Key))
            {
                throw new ArgumentException($"The key '{Key}' of a text metadata entry must not end in '{BinaryHeaderSuffix}'.", nameof(key));
            }

            ArgumentNullException.ThrowIfNull(value);
            text = value;
        }

        /// <summary>The key, in lower case.</summary>
        public string Key { get; }

        /// <summary>Whether the entry holds bytes.</summary>
        public bool IsBinary => bytes is not null;

        /// <summary>A copy of the bytes; of a text entry, its text as ASCII.</summary>
        public byte[] ValueBytes => bytes?.ToArray() ?? Encoding.ASCII.GetBytes(text!);

        /// <summary>The text; throws when the entry is binary.</summary>
        public string Value => text ?? throw new InvalidOperationException("Cannot access string value of a binary metadata entry");

        /// <inheritdoc/>
        public override string ToString() =>
            bytes is null ? $"[Entry: key={Key}, value={text}]" : $"[Entry: key={Key}, valueBytes={bytes.Length} bytes]";

        internal bool HasKey(string key) => string.Equals(Key, key, StringComparison.OrdinalIgnoreCase);

        private static bool HasBinarySuffix(string key) => key.EndsWith(BinaryHeaderSuffix, StringComparison.Ordinal);

        private static string NormalizeKey(string key)
        {
            ArgumentNullException.ThrowIfNull(key);
            if (!key.All(IsAllowedInKey))
            {
                throw new ArgumentException(
                    $"Metadata entry key '{key}' is not valid. Keys hold only letters a-z, digits, underscores, hyphens and dots.",
                    nameof(key));
            }

            return key.ToLowerInvariant();
        }

        private static bool IsAllowedInKey(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.';
    }
}
