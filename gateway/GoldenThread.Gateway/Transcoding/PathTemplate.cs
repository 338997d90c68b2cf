using System.Text;
using GoldenThread.Gateway.Transcoding.Json;

namespace GoldenThread.Gateway.Transcoding;

/// <summary>
/// The path of a google.api.http rule: `/v1/schools/{school_urn}/pupils:import`, `/v1/{name=schools/*}`. A variable spans whole segments; `**` only
/// at the end; a verb after a colon.
/// </summary>
internal sealed class PathTemplate
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private readonly List<string> _segments = [];
    private readonly List<Variable> _variables = [];
    private readonly string _verb;

    private PathTemplate(string template)
    {
        Text = template;
        if (!template.StartsWith('/'))
        {
            throw new UnsupportedContractException($"The path {template} does not begin with a slash.");
        }

        var end = template.LastIndexOf(':') is var colon && colon > template.LastIndexOf('/') && colon > template.LastIndexOf('}') ? colon : template.Length;
        _verb = template[end..];
        ReadSegments(template[1..end]);
        if (_segments.IndexOf("**") is var rest && rest >= 0 && (rest < _segments.Count - 1 || _verb.Length > 0))
        {
            throw new UnsupportedContractException($"The path {template} has ** other than at its end.");
        }
    }

    /// <summary>The template as the contract has it.</summary>
    public string Text { get; }

    /// <summary>The request fields that the path gives, as in the proto.</summary>
    public IEnumerable<string> Fields => _variables.Select(variable => variable.Field);

    /// <summary>The same path as an ASP.NET route. Only the shape counts there: the values are read by <see cref="Bind"/>.</summary>
    public string Route
    {
        get
        {
            var route = new StringBuilder();
            for (var at = 0; at < _segments.Count; at++)
            {
                route.Append('/').Append(_segments[at] switch
                {
                    "*" => $"{{p{at}}}",
                    "**" => $"{{**p{at}}}",
                    var literal => literal,
                });
            }

            return route.Append(_verb).ToString();
        }
    }

    public static PathTemplate Parse(string template) => new(template);

    /// <summary>
    /// The values of the variables in a raw, still percent-encoded path that matched <see cref="Route"/>. Each segment is decoded by itself, so
    /// that %2F is a slash within a value and %252F a percent sign, which the decoded path no longer tells apart.
    /// </summary>
    /// <exception cref="BadInputException">A value is not UTF-8.</exception>
    public IEnumerable<(string Field, string Value)> Bind(string rawPath)
    {
        var path = rawPath.AsSpan(1);
        path = path.EndsWith('/') ? path[..^1] : path;
        var given = path[..^_verb.Length].ToString().Split('/');
        foreach (var variable in _variables)
        {
            var last = variable.IsOpen ? given.Length : variable.First + variable.Count;
            if (last > given.Length)
            {
                throw BadInputException.Invalid("The path has too few parts.");
            }

            yield return (variable.Field, string.Join('/', given[variable.First..last].Select(Decode)));
        }
    }

    private static string Decode(string segment)
    {
        if (!segment.Contains('%'))
        {
            return segment;
        }

        var bytes = new List<byte>(segment.Length);
        for (var at = 0; at < segment.Length; at++)
        {
            if (segment[at] == '%' && at + 2 < segment.Length && char.IsAsciiHexDigit(segment[at + 1]) && char.IsAsciiHexDigit(segment[at + 2]))
            {
                bytes.Add(Convert.ToByte(segment.Substring(at + 1, 2), 16));
                at += 2;
            }
            else
            {
                bytes.Add((byte)segment[at]);
            }
        }

        try
        {
            return StrictUtf8.GetString([.. bytes]);
        }
        catch (DecoderFallbackException)
        {
            throw BadInputException.Invalid("The path is not valid UTF-8.");
        }
    }

    private void ReadSegments(string path)
    {
        while (path.Length > 0)
        {
            if (path[0] == '{')
            {
                var close = path.IndexOf('}', StringComparison.Ordinal);
                if (close < 0 || close + 1 < path.Length && path[close + 1] != '/')
                {
                    throw new UnsupportedContractException($"The path {Text} has a variable that is not a whole part of it.");
                }

                ReadVariable(path[1..close]);
                path = path[Math.Min(close + 2, path.Length)..];
            }
            else
            {
                var slash = path.IndexOf('/', StringComparison.Ordinal);
                AddSegment(slash < 0 ? path : path[..slash]);
                path = slash < 0 ? "" : path[(slash + 1)..];
            }
        }
    }

    private void ReadVariable(string variable)
    {
        var equals = variable.IndexOf('=', StringComparison.Ordinal);
        var pattern = equals < 0 ? "*" : variable[(equals + 1)..];
        var first = _segments.Count;
        foreach (var segment in pattern.Split('/'))
        {
            AddSegment(segment);
        }

        _variables.Add(new Variable(equals < 0 ? variable : variable[..equals], first, _segments.Count - first, _segments[^1] == "**"));
    }

    private void AddSegment(string segment)
    {
        if (segment.Length == 0 || segment is not ("*" or "**") && segment.AsSpan().ContainsAny("*{}?"))
        {
            throw new UnsupportedContractException($"The path {Text} has a part '{segment}' that is not supported.");
        }

        _segments.Add(segment);
    }

    private sealed record Variable(string Field, int First, int Count, bool IsOpen);
}
