using System.Buffers;
using System.Text;
using GoldenThread.Gateway.Tests.Kitchen.V1;
using GoldenThread.Gateway.Transcoding.Json;
using Google.Protobuf;

namespace GoldenThread.Gateway.Tests;

/// <summary>
/// The codec against Google.Protobuf's own JSON. Where the two differ on purpose, ours is the stricter one: fields and oneofs given twice, unknown
/// numbers of an enum, the NUL character and lone surrogates are refused; 64-bit numbers without quotes keep all their digits (Google's pass
/// through a double).
/// </summary>
public sealed class CodecFuzzTests
{
    private const int Rounds = 20_000;
    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default.WithFormatDefaultValues(true));
    private static readonly JsonParser Parser = new(JsonParser.Settings.Default);
    private static readonly MessageShape Shape = new ShapeCatalogue().Of(Everything.Descriptor, "test");

    [Fact]
    public void RandomMessages_BecomeTheJsonThatGoogleWrites()
    {
        var messages = new RandomMessages(42);
        for (var round = 0; round < Rounds; round++)
        {
            var wire = messages.Create(Everything.Descriptor).ToByteArray();
            if (round % 4 == 0)
            {
                // Two messages one after the other are one message, merged: fields twice and out of order.
                wire = [.. wire, .. messages.Create(Everything.Descriptor, 1).ToByteArray()];
            }

            var isMerged = round % 4 == 0;
            var expected = GooglesJson(wire);
            if (isMerged && expected is null)
            {
                // Seconds of one duration with the nanoseconds of another may be no duration.
                Assert.Throws<WireFormatException>(() => ToJson(wire));
                continue;
            }

            var difference = JsonComparison.FirstDifference(ToJson(wire), expected!);
            Assert.True(difference.Length == 0, $"round {round}: {difference}");
        }
    }

    [Fact]
    public void RandomMessages_AreReadBackFromGooglesJson()
    {
        var messages = new RandomMessages(43);
        for (var round = 0; round < Rounds; round++)
        {
            var message = (Everything)messages.Create(Everything.Descriptor);
            var read = Everything.Parser.ParseFrom(FromJson(Formatter.Format(message)));
            Assert.True(read.Equals(message), $"round {round}: {JsonComparison.FirstDifference(Formatter.Format(read), Formatter.Format(message))}");
        }
    }

    [Fact]
    public void CorruptedWire_IsReadAsGoogleReadsIt_OrRefusedByName()
    {
        var messages = new RandomMessages(44);
        var accepted = 0;
        var stricter = 0;
        var differences = new List<string>();
        for (var round = 0; round < Rounds; round++)
        {
            var wire = CorruptedWire(messages);
            var ours = OurJson(wire);
            if (GooglesJson(wire) is not { } expected)
            {
                continue;
            }

            if (ours is null)
            {
                // Google's parser takes a packed list of negative length for an empty one, and overlooks impossible wire types within map entries.
                stricter++;
                continue;
            }

            accepted++;
            if (JsonComparison.FirstDifference(ours, expected) is { Length: > 0 } difference)
            {
                differences.Add($"round {round}: {difference}");
            }
        }

        Assert.Empty(differences);
        Assert.True(accepted > Rounds / 50, $"only {accepted} corrupted messages were still messages");
        Assert.True(stricter < Rounds / 200, $"{stricter} messages that Google reads were refused");
    }

    [Fact]
    public void CorruptedJson_IsReadAsGoogleReadsIt_OrRefusedByName()
    {
        var messages = new RandomMessages(45);
        var accepted = 0;
        var differences = new List<string>();
        for (var round = 0; round < Rounds; round++)
        {
            var json = Corrupt(Formatter.Format(messages.Create(Everything.Descriptor, 1)), messages.Random);
            byte[] wire;
            try
            {
                wire = FromJson(json);
            }
            catch (BadInputException e)
            {
                Assert.True(e.Pointer.Length == 0 || e.Pointer[0] == '/', e.Pointer);
                continue;
            }

            accepted++;
            var ours = Everything.Parser.ParseFrom(wire);
            if (GooglesMessage(json, out var why) is not { } google)
            {
                // The specification allows base64 without padding and in the alphabet of URLs; Google's parser for .NET does not.
                if (!why.Contains("base64", StringComparison.OrdinalIgnoreCase))
                {
                    differences.Add($"round {round}: accepted what Google refuses, {why}");
                }
            }
            else if (!ours.Equals(google))
            {
                differences.Add($"round {round}: {JsonComparison.FirstDifference(Formatter.Format(ours), Formatter.Format(google))}");
            }
        }

        Assert.Empty(differences);
        Assert.True(accepted > Rounds / 20, $"only {accepted} corrupted documents were still accepted");
    }

    [Fact]
    public void RandomBytes_AreRefusedByName_BothWays()
    {
        var random = new Random(46);
        for (var round = 0; round < Rounds; round++)
        {
            var bytes = new byte[random.Next(60)];
            random.NextBytes(bytes);
            try
            {
                ToJson(bytes);
            }
            catch (WireFormatException)
            {
                // As it should be.
            }

            try
            {
                JsonToWire.Message(Shape, bytes, new WireBuffer());
            }
            catch (BadInputException)
            {
                // As it should be.
            }
        }
    }

    private static byte[] CorruptedWire(RandomMessages messages)
    {
        var wire = messages.Create(Everything.Descriptor, 1).ToByteArray();
        for (var hits = messages.Random.Next(1, 4); hits > 0 && wire.Length > 0; hits--)
        {
            wire[messages.Random.Next(wire.Length)] = (byte)messages.Random.Next(256);
        }

        return wire[..messages.Random.Next(wire.Length + 1)];
    }

    private static string? OurJson(byte[] wire)
    {
        try
        {
            return ToJson(wire);
        }
        catch (WireFormatException)
        {
            return null;
        }
    }

    private static string Corrupt(string json, Random random)
    {
        const string alphabet = "{}[]\",:0123456789.-+eEtruefalsn\\u_ Z/";
        var text = new StringBuilder(json);
        for (var hits = random.Next(1, 4); hits > 0; hits--)
        {
            var at = random.Next(text.Length);
            switch (random.Next(3))
            {
                case 0:
                    text[at] = alphabet[random.Next(alphabet.Length)];
                    break;
                case 1:
                    text.Remove(at, 1);
                    break;
                default:
                    text.Insert(at, alphabet[random.Next(alphabet.Length)]);
                    break;
            }
        }

        return text.ToString();
    }

    private static string? GooglesJson(byte[] wire)
    {
        try
        {
            return Formatter.Format(Everything.Parser.ParseFrom(wire));
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or InvalidOperationException)
        {
            return null;
        }
    }

    private static Everything? GooglesMessage(string json, out string why)
    {
        why = "";
        try
        {
            return Parser.Parse<Everything>(json);
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or InvalidJsonException or ArgumentException)
        {
            why = e.Message;
            return null;
        }
    }

    private static string ToJson(byte[] wire)
    {
        var output = new ArrayBufferWriter<byte>();
        WireToJson.Write(Shape, wire, output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    private static byte[] FromJson(string json)
    {
        var output = new WireBuffer();
        JsonToWire.Message(Shape, Encoding.UTF8.GetBytes(json), output);
        return output.Written.ToArray();
    }
}
