using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Google.Protobuf.Reflection;

namespace GoldenThread.Gateway.Transcoding.Json;

/// <summary>Messages whose JSON is not an object of their fields.</summary>
internal enum WellKnown
{
    /// <summary>An ordinary message.</summary>
    None,
    Timestamp,
    Duration,
    FieldMask,
    Wrapper,
    Struct,
    Value,
    ListValue,
}

/// <summary>What the codec needs to know of a message type, taken from its descriptor once.</summary>
internal sealed class MessageShape
{
    private const int SmallestSparseNumber = 512;
    private readonly FieldShape?[]? _byNumber;
    private readonly Dictionary<uint, FieldShape>? _bySparseNumber;

    private MessageShape(MessageDescriptor descriptor, Func<FieldDescriptor, bool> include, ShapeCatalogue catalogue)
    {
        Descriptor = descriptor;
        Kind = KindOf(descriptor.FullName);
        catalogue.Remember(this);
        Fields = descriptor.Fields.InFieldNumberOrder().Where(include).Select((field, ordinal) => new FieldShape(field, ordinal, catalogue)).ToArray();
        if (Fields.Length > 0 && Fields[^1].Number >= SmallestSparseNumber)
        {
            _bySparseNumber = Fields.ToDictionary(field => (uint)field.Number);
            return;
        }

        _byNumber = new FieldShape?[Fields.Length == 0 ? 0 : Fields[^1].Number + 1];
        foreach (var field in Fields)
        {
            _byNumber[field.Number] = field;
        }
    }

    /// <summary>The descriptor.</summary>
    public MessageDescriptor Descriptor { get; }

    /// <summary>How its JSON is written.</summary>
    public WellKnown Kind { get; }

    /// <summary>Its fields in order of their numbers, which is the order in which serialisers write them.</summary>
    public FieldShape[] Fields { get; }

    /// <summary>The field of this number, or null.</summary>
    public FieldShape? ByNumber(uint number)
    {
        if (_byNumber is null)
        {
            return _bySparseNumber!.GetValueOrDefault(number);
        }

        return number < (uint)_byNumber.Length ? _byNumber[number] : null;
    }

    /// <summary>
    /// The field whose name stands at the reader, or null. <paramref name="hint"/> is where to look first: writers of JSON keep an order.
    /// </summary>
    public FieldShape? ByPropertyName(ref Utf8JsonReader reader, ref int hint)
    {
        for (int looked = 0, at = hint; looked < Fields.Length; looked++, at++)
        {
            at = at >= Fields.Length ? 0 : at;
            if (reader.ValueTextEquals(Fields[at].JsonNameUtf8))
            {
                hint = at + 1;
                return Fields[at];
            }
        }

        foreach (var field in Fields)
        {
            if (reader.ValueTextEquals(field.ProtoNameUtf8))
            {
                return field;
            }
        }

        return null;
    }

    /// <summary>The field of this name, as in JSON or as in the proto, or null.</summary>
    public FieldShape? ByName(ReadOnlySpan<char> name)
    {
        foreach (var field in Fields)
        {
            if (name.SequenceEqual(field.Descriptor.JsonName) || name.SequenceEqual(field.Descriptor.Name))
            {
                return field;
            }
        }

        return null;
    }

    /// <summary>The shape of a message type with those of its fields that <paramref name="include"/> lets through.</summary>
    public static MessageShape Create(MessageDescriptor descriptor, Func<FieldDescriptor, bool> include, ShapeCatalogue catalogue) =>
        new(descriptor, include, catalogue);

    private static WellKnown KindOf(string fullName) => fullName switch
    {
        "google.protobuf.Timestamp" => WellKnown.Timestamp,
        "google.protobuf.Duration" => WellKnown.Duration,
        "google.protobuf.FieldMask" => WellKnown.FieldMask,
        "google.protobuf.Struct" => WellKnown.Struct,
        "google.protobuf.Value" => WellKnown.Value,
        "google.protobuf.ListValue" => WellKnown.ListValue,
        _ when fullName.StartsWith("google.protobuf.", StringComparison.Ordinal) && fullName.EndsWith("Value", StringComparison.Ordinal) => WellKnown.Wrapper,
        _ => WellKnown.None,
    };
}

/// <summary>What the codec needs to know of a field.</summary>
internal sealed class FieldShape
{
    private const uint LengthDelimited = 2;

    public FieldShape(FieldDescriptor descriptor, int ordinal, ShapeCatalogue catalogue)
    {
        Descriptor = descriptor;
        Ordinal = ordinal;
        Number = descriptor.FieldNumber;
        Type = descriptor.FieldType;
        IsMap = descriptor.IsMap;
        IsRepeated = descriptor.IsRepeated;
        HasPresence = descriptor.HasPresence;
        JsonName = JsonEncodedText.Encode(descriptor.JsonName, JavaScriptEncoder.UnsafeRelaxedJsonEscaping);
        JsonNameUtf8 = Encoding.UTF8.GetBytes(descriptor.JsonName);
        ProtoNameUtf8 = Encoding.UTF8.GetBytes(descriptor.Name);
        var wireType = WireTypeOf(descriptor);
        IsPackable = IsRepeated && wireType != LengthDelimited;
        ElementTag = (uint)Number << 3 | wireType;
        Tag = IsPackable ? (uint)Number << 3 | LengthDelimited : ElementTag;
        Oneof = OneofOf(descriptor);
        Enum = Type == FieldType.Enum ? new EnumShape(descriptor.EnumType) : null;
        if (IsMap)
        {
            MapKey = new FieldShape(descriptor.MessageType.FindFieldByNumber(1), 0, catalogue);
            MapValue = new FieldShape(descriptor.MessageType.FindFieldByNumber(2), 1, catalogue);
        }
        else if (Type == FieldType.Message)
        {
            Message = catalogue.Of(descriptor.MessageType, descriptor.FullName);
        }
    }

    public FieldDescriptor Descriptor { get; }

    /// <summary>Position among the message's fields by number.</summary>
    public int Ordinal { get; }

    public int Number { get; }

    public FieldType Type { get; }

    public bool IsMap { get; }

    /// <summary>A list or a map.</summary>
    public bool IsRepeated { get; }

    /// <summary>Whether it can be absent: `optional`, member of a oneof, or a message.</summary>
    public bool HasPresence { get; }

    /// <summary>A list of numbers, booleans or enum values, which the wire may hold in one piece.</summary>
    public bool IsPackable { get; }

    /// <summary>Index of the oneof it belongs to, or -1. An `optional` is not a oneof here.</summary>
    public int Oneof { get; }

    /// <summary>The tag we write: that of the packed form where there is one.</summary>
    public uint Tag { get; }

    /// <summary>The tag of a single element.</summary>
    public uint ElementTag { get; }

    public JsonEncodedText JsonName { get; }

    public byte[] JsonNameUtf8 { get; }

    public byte[] ProtoNameUtf8 { get; }

    /// <summary>The message type; null for scalars and maps.</summary>
    public MessageShape? Message { get; }

    public EnumShape? Enum { get; }

    public FieldShape? MapKey { get; }

    public FieldShape? MapValue { get; }

    /// <summary>Whether a tag on the wire is this field's, packed or not.</summary>
    public bool Accepts(uint tag) => tag == Tag || tag == ElementTag;

    private static uint WireTypeOf(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.Double or FieldType.Fixed64 or FieldType.SFixed64 => 1,
        FieldType.Float or FieldType.Fixed32 or FieldType.SFixed32 => 5,
        FieldType.String or FieldType.Bytes or FieldType.Message => LengthDelimited,
        FieldType.Group => throw new UnsupportedContractException($"{field.FullName} is a proto2 group."),
        _ => 0,
    };

    private static int OneofOf(FieldDescriptor field)
    {
        if (field.RealContainingOneof is not { } oneof)
        {
            return -1;
        }

        return oneof.Index < 64 ? oneof.Index : throw new UnsupportedContractException($"{field.ContainingType.FullName} has more than 64 oneofs.");
    }
}

/// <summary>The names and numbers of an enum.</summary>
internal sealed class EnumShape
{
    private readonly (int Number, byte[] Utf8, JsonEncodedText Json)[] _values;

    public EnumShape(EnumDescriptor descriptor)
    {
        Descriptor = descriptor;
        IsNull = descriptor.FullName == "google.protobuf.NullValue";
        _values = descriptor.Values.Select(value => (value.Number, Encoding.UTF8.GetBytes(value.Name), JsonEncodedText.Encode(value.Name))).ToArray();
    }

    public EnumDescriptor Descriptor { get; }

    /// <summary>google.protobuf.NullValue, whose JSON is null.</summary>
    public bool IsNull { get; }

    /// <summary>The name of a number, or null where the contract knows none.</summary>
    public JsonEncodedText? NameOf(int number)
    {
        foreach (ref readonly var value in _values.AsSpan())
        {
            if (value.Number == number)
            {
                return value.Json;
            }
        }

        return null;
    }

    /// <summary>The number of the name at the reader, or null.</summary>
    public int? NumberOf(ref Utf8JsonReader reader)
    {
        foreach (ref readonly var value in _values.AsSpan())
        {
            if (reader.ValueTextEquals(value.Utf8))
            {
                return value.Number;
            }
        }

        return null;
    }

    /// <summary>The allowed names, for an answer to a caller who gave another.</summary>
    public string Allowed => string.Join(", ", Descriptor.Values.Select(value => value.Name));
}

/// <summary>The shapes of one descriptor set. Refuses by name what the codec does not support.</summary>
internal sealed class ShapeCatalogue
{
    private readonly Dictionary<MessageDescriptor, MessageShape> _shapes = [];

    /// <summary>The shape of a message type.</summary>
    /// <param name="descriptor">The type.</param>
    /// <param name="usedBy">Who uses it, for the refusal.</param>
    public MessageShape Of(MessageDescriptor descriptor, string usedBy)
    {
        if (descriptor.FullName == "google.protobuf.Any")
        {
            throw new UnsupportedContractException($"{usedBy} uses google.protobuf.Any.");
        }

        if (descriptor.FullName == "google.api.HttpBody")
        {
            throw new UnsupportedContractException($"{usedBy} uses google.api.HttpBody other than as the body of an upload or as the streamed answer.");
        }

        if (_shapes.TryGetValue(descriptor, out var shape))
        {
            return shape;
        }

        try
        {
            return MessageShape.Create(descriptor, static _ => true, this);
        }
        catch (UnsupportedContractException)
        {
            // Half a shape must not be found by the next who asks.
            _shapes.Remove(descriptor);
            throw;
        }
    }

    /// <summary>The shape of an upload's request: its fields without the body, which travels raw.</summary>
    public MessageShape WithoutBody(MessageDescriptor descriptor, FieldDescriptor body) =>
        MessageShape.Create(descriptor, field => field != body, new ShapeCatalogue());

    /// <summary>Called by a shape before it looks at its fields, since message types may contain themselves.</summary>
    public void Remember(MessageShape shape) => _shapes[shape.Descriptor] = shape;
}

/// <summary>The descriptor set asks for something that the gateway does not do. The message names it.</summary>
internal sealed class UnsupportedContractException(string message) : Exception(message);
