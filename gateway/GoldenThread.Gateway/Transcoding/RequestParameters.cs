using GoldenThread.Gateway.Transcoding.Json;
using Microsoft.Extensions.Primitives;

namespace GoldenThread.Gateway.Transcoding;

/// <summary>Writes what the path and the query give to the request message. It is appended after the body, so that it wins.</summary>
internal static class RequestParameters
{
    /// <exception cref="BadInputException">A parameter is unknown or its value does not fit; the pointer names it.</exception>
    public static void Write(RestMethod method, string rawPath, IQueryCollection query, WireBuffer output)
    {
        foreach (var (field, value) in method.Path.Bind(rawPath))
        {
            WriteOne(method.Request, field, field, value, output);
        }

        foreach (var (name, values) in query)
        {
            WriteQuery(method, name, values, output);
        }
    }

    /// <summary>Refuses a contract whose path names a field that cannot be given there.</summary>
    public static void RequirePathField(RestMethod method, string path)
    {
        if (Find(method.Request, path) is not [.., { IsRepeated: false } leaf] || !ScalarText.CanBeText(leaf))
        {
            throw new UnsupportedContractException($"{method.Rpc.FullName} has '{path}' in its path, which is not a single value of its request.");
        }
    }

    /// <summary>The fields that a query parameter may name, for instance for the OpenAPI document.</summary>
    public static bool MayBeQuery(RestMethod method, FieldShape field) =>
        !method.TakesWholeBody && field != method.BodyField && !method.Path.Fields.Contains(field.Descriptor.Name);

    private static void WriteQuery(RestMethod method, string name, StringValues values, WireBuffer output)
    {
        var path = Find(method.Request, name);
        if (path is not [var first, ..] || !MayBeQuery(method, first) || !ScalarText.CanBeText(path[^1]))
        {
            throw new BadInputException(BadInputException.UnknownParameter, $"There is no query parameter '{name}' here.") { Pointer = Pointer(name) };
        }

        if (values.Count > 1 && !path[^1].IsRepeated)
        {
            throw new BadInputException(BadInputException.InvalidValue, $"The query parameter '{name}' is given twice.") { Pointer = Pointer(name) };
        }

        foreach (var value in values)
        {
            WriteOne(method.Request, name, name, value ?? "", output);
        }
    }

    private static void WriteOne(MessageShape message, string whole, string path, string value, WireBuffer output)
    {
        var dot = path.IndexOf('.', StringComparison.Ordinal);
        var field = message.ByName(dot < 0 ? path : path.AsSpan(0, dot))!;
        if (dot >= 0)
        {
            output.Varint(field.Tag);
            var opened = output.Open();
            WriteOne(field.Message!, whole, path[(dot + 1)..], value, output);
            output.Close(opened);
            return;
        }

        output.Varint(field.ElementTag);
        try
        {
            ScalarText.Write(field, value, output);
        }
        catch (BadInputException e)
        {
            e.Pointer = Pointer(whole);
            throw;
        }
    }

    // The fields along a dotted path, or null where one does not exist or cannot be stepped into.
    private static List<FieldShape>? Find(MessageShape message, string path)
    {
        var found = new List<FieldShape>();
        var at = message;
        foreach (var name in path.Split('.'))
        {
            if (at?.ByName(name) is not { } field)
            {
                return null;
            }

            found.Add(field);
            at = field is { IsRepeated: false, Message: { Kind: WellKnown.None } inner } ? inner : null;
        }

        return found;
    }

    private static string Pointer(string path) =>
        string.Concat(path.Split('.').Select(name => "/" + JsonPointer.Escape(JsonText.ToLowerCamelCase(name))));
}
