using System.Collections;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace GoldenThread.Gateway.Tests;

/// <summary>Random messages of any type, from a seed.</summary>
internal sealed class RandomMessages(int seed)
{
    private static readonly string[] Letters = ["a", "é", "\"", "\\", "\n", "\u2028", "<", "ж", "😀", "/", "\t"];
    private readonly Random _random = new(seed);

    public Random Random => _random;

    public IMessage Create(MessageDescriptor descriptor, int depth = 0)
    {
        var message = descriptor.Parser.ParseFrom(ByteString.Empty);
        foreach (var field in descriptor.Fields.InDeclarationOrder())
        {
            var isDeep = depth > 1 && field.FieldType == FieldType.Message && !field.IsMap && field.MessageType == descriptor;
            if (_random.Next(3) == 0 || isDeep || depth > 0 && _random.Next(3) == 0)
            {
                continue;
            }

            Fill(message, field, depth);
        }

        return message;
    }

    private void Fill(IMessage message, FieldDescriptor field, int depth)
    {
        if (field.IsMap)
        {
            var map = (IDictionary)field.Accessor.GetValue(message);
            for (var left = _random.Next(depth > 1 ? 1 : 4); left > 0; left--)
            {
                map[Value(field.MessageType.FindFieldByNumber(1), depth)!] = Value(field.MessageType.FindFieldByNumber(2), depth);
            }
        }
        else if (field.IsRepeated)
        {
            var list = (IList)field.Accessor.GetValue(message);
            for (var left = _random.Next(4); left > 0; left--)
            {
                list.Add(Value(field, depth));
            }
        }
        else
        {
            field.Accessor.SetValue(message, Value(field, depth));
        }
    }

    private object? Value(FieldDescriptor field, int depth) => field.FieldType switch
    {
        FieldType.String => Text(),
        FieldType.Bytes => ByteString.CopyFrom(Bytes()),
        FieldType.Bool => _random.Next(2) == 0,
        FieldType.Int32 or FieldType.SInt32 or FieldType.SFixed32 => _random.Next(int.MinValue, int.MaxValue) >> _random.Next(32),
        FieldType.Int64 or FieldType.SInt64 or FieldType.SFixed64 => Long(),
        FieldType.UInt32 or FieldType.Fixed32 => (uint)_random.NextInt64(uint.MaxValue) >> _random.Next(32),
        FieldType.UInt64 or FieldType.Fixed64 => (ulong)Long(),
        FieldType.Double => Double(),
        FieldType.Float => (float)(_random.NextDouble() - 0.5),
        FieldType.Enum => field.EnumType.Values[_random.Next(field.EnumType.Values.Count)].Number,
        _ => MessageValue(field.MessageType, depth),
    };

    private object MessageValue(MessageDescriptor type, int depth) => type.FullName switch
    {
        "google.protobuf.Timestamp" => new Timestamp { Seconds = _random.NextInt64(-62135596800, 253402300799), Nanos = Nanos() },
        "google.protobuf.Duration" => Span(),
        "google.protobuf.FieldMask" => new FieldMask { Paths = { "foo_bar", "baz.qux_x" } },
        "google.protobuf.DoubleValue" => Double(),
        "google.protobuf.Int64Value" => Long(),
        "google.protobuf.UInt32Value" => (uint)_random.Next(),
        "google.protobuf.BoolValue" => _random.Next(2) == 0,
        "google.protobuf.StringValue" => Text(),
        "google.protobuf.BytesValue" => ByteString.CopyFrom(Bytes()),
        "google.protobuf.Struct" => Struct.Parser.ParseJson("""{"a":[1,null,{"b":"x"}],"c":true,"d":{}}"""),
        "google.protobuf.Value" => _random.Next(3) switch
        {
            0 => Google.Protobuf.WellKnownTypes.Value.ForNull(),
            1 => Google.Protobuf.WellKnownTypes.Value.ForNumber(_random.Next(100)),
            _ => Google.Protobuf.WellKnownTypes.Value.ForString(Text()),
        },
        "google.protobuf.ListValue" => ListValue.Parser.ParseJson("""[1,"x",[],{"y":null}]"""),
        _ => Create(type, depth + 1),
    };

    private Duration Span()
    {
        var seconds = _random.Next(-9999, 9999);
        return new Duration { Seconds = seconds, Nanos = seconds < 0 ? -Nanos() : Nanos() };
    }

    private int Nanos() => new[] { 0, 500_000_000, 123_000_000, 123_456_000, 999_999_999 }[_random.Next(5)];

    private long Long() => _random.NextInt64(long.MinValue, long.MaxValue) >> _random.Next(64);

    private double Double() => _random.Next(9) switch
    {
        0 => double.PositiveInfinity,
        1 => double.NaN,
        2 or 3 => _random.Next(100),
        _ => _random.NextDouble() * Math.Pow(10, _random.Next(-20, 20)),
    };

    private byte[] Bytes()
    {
        var bytes = new byte[_random.Next(40)];
        _random.NextBytes(bytes);
        return bytes;
    }

    private string Text() =>
        _random.Next(4) == 0 ? "" : string.Concat(Enumerable.Range(0, _random.Next(_random.Next(10) == 0 ? 200 : 12)).Select(_ => Letters[_random.Next(Letters.Length)]));
}
