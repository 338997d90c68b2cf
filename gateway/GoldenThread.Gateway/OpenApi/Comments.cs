using System.Text;
using System.Text.RegularExpressions;
using Google.Protobuf.Reflection;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace GoldenThread.Gateway.OpenApi;

/// <summary>The words that a contract gives to its parts: the comments that the descriptor set carries.</summary>
internal static partial class Comments
{
    private static readonly string[] ClauseEnds = [". ", ": ", "; ", " ("];

    /// <summary>The comment above a part of a contract as Markdown; empty where it has none.</summary>
    public static string Of(IDescriptor part) => Read(part switch
    {
        MethodDescriptor rpc => rpc.Declaration,
        ServiceDescriptor service => service.Declaration,
        MessageDescriptor message => message.Declaration,
        FieldDescriptor field => field.Declaration,
        EnumDescriptor type => type.Declaration,
        EnumValueDescriptor value => value.Declaration,
        OneofDescriptor oneof => oneof.Declaration,
        _ => null,
    });

    /// <summary>The first clause of a comment, without its full stop: what an rpc does, in a line.</summary>
    public static string FirstClause(string comment)
    {
        var line = comment.Split("\n\n")[0];
        foreach (var end in ClauseEnds)
        {
            line = line.Split(end)[0];
        }

        return line.TrimEnd('.');
    }

    /// <summary>`ListPupilResults` as "List pupil results".</summary>
    public static string Words(string pascalCase)
    {
        var words = WordStart().Replace(pascalCase, " $1").Trim();
        return words[..1] + words[1..].ToLowerInvariant();
    }

    // Lines flow together, blank lines part paragraphs. An angle bracket would begin HTML.
    private static string Read(DescriptorDeclaration? declaration)
    {
        var text = new StringBuilder();
        foreach (var raw in (declaration?.LeadingComments ?? "").Trim().Split('\n'))
        {
            var line = raw.Trim().Replace("<", "\\<", StringComparison.Ordinal);
            if (line.Length == 0)
            {
                text.Append("\n\n");
            }
            else
            {
                text.Append(text.Length == 0 || text[^1] == '\n' ? "" : " ").Append(line);
            }
        }

        return text.ToString();
    }

    [GeneratedRegex("([A-Z])")]
    private static partial Regex WordStart();
}
