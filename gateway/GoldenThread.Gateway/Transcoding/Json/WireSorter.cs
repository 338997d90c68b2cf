using Google.Protobuf.Reflection;

namespace GoldenThread.Gateway.Transcoding.Json;

/// <summary>
/// Gives a message the form in which serialisers write it: fields by number and once, the last scalar wins, messages are merged, the last
/// member of a oneof wins, the last entry of a map's key wins.
/// </summary>
internal static class WireSorter
{
    public static byte[] Sort(MessageShape shape, ReadOnlySpan<byte> wire)
    {
        var output = new WireBuffer();
        if (shape.Kind is not (WellKnown.None or WellKnown.Struct))
        {
            return wire.ToArray();
        }

        var occurrences = Occurrences(shape, wire);
        foreach (var group in occurrences.GroupBy(occurrence => occurrence.Field.Ordinal).OrderBy(group => group.Key))
        {
            var field = shape.Fields[group.Key];
            if (field.IsMap)
            {
                WriteMap(field, group, wire, output);
            }
            else if (field.IsPackable)
            {
                WritePacked(field, group, wire, output);
            }
            else if (field.IsRepeated)
            {
                foreach (var occurrence in group)
                {
                    output.Raw(wire[occurrence.Start..occurrence.End]);
                }
            }
            else if (field.Type == FieldType.Message)
            {
                WriteMerged(field, group, wire, output);
            }
            else
            {
                var last = group.Last();
                output.Raw(wire[last.Start..last.End]);
            }
        }

        return output.Written.ToArray();
    }

    private static List<Occurrence> Occurrences(MessageShape shape, ReadOnlySpan<byte> wire)
    {
        var found = new List<Occurrence>();
        var reader = new WireReader(wire);
        while (!reader.AtEnd)
        {
            var start = reader.Position;
            var tag = reader.Tag();
            var body = reader.Position;
            reader.Skip(tag);
            if (shape.ByNumber(tag >> 3) is not { } field || !field.Accepts(tag))
            {
                continue;
            }

            if (field.Oneof >= 0)
            {
                found.RemoveAll(earlier => earlier.Field.Oneof == field.Oneof && earlier.Field != field);
            }

            found.Add(new Occurrence(field, tag, start, body, reader.Position));
        }

        return found;
    }

    private static void WriteMap(FieldShape field, IEnumerable<Occurrence> entries, ReadOnlySpan<byte> wire, WireBuffer output)
    {
        var byKey = new Dictionary<string, Occurrence>();
        foreach (var occurrence in entries)
        {
            var entry = new WireReader(new WireReader(wire[occurrence.Body..occurrence.End]).Bytes());
            var key = "";
            while (!entry.AtEnd)
            {
                var tag = entry.Tag();
                var start = entry.Position;
                entry.Skip(tag);
                key = tag == field.MapKey!.Tag ? Convert.ToHexString(entry.Since(start)) : key;
            }

            byKey[key] = occurrence;
        }

        foreach (var occurrence in byKey.Values)
        {
            output.Raw(wire[occurrence.Start..occurrence.End]);
        }
    }

    private static void WritePacked(FieldShape field, IEnumerable<Occurrence> pieces, ReadOnlySpan<byte> wire, WireBuffer output)
    {
        output.Varint(field.Tag);
        var opened = output.Open();
        foreach (var piece in pieces)
        {
            var body = wire[piece.Body..piece.End];
            output.Raw(piece.Tag == field.Tag ? new WireReader(body).Bytes() : body);
        }

        output.Close(opened);
    }

    private static void WriteMerged(FieldShape field, IEnumerable<Occurrence> pieces, ReadOnlySpan<byte> wire, WireBuffer output)
    {
        output.Varint(field.Tag);
        var opened = output.Open();
        foreach (var piece in pieces)
        {
            output.Raw(new WireReader(wire[piece.Body..piece.End]).Bytes());
        }

        output.Close(opened);
    }

    // A field as it stands on the wire: from its tag (Start), its value (Body), to the end of it.
    private readonly record struct Occurrence(FieldShape Field, uint Tag, int Start, int Body, int End);
}
