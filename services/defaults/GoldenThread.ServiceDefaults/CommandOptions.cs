namespace GoldenThread.ServiceDefaults;

/// <summary>A command line that cannot be followed, in words.</summary>
internal sealed class CommandRefusedException(string words) : Exception(words);

/// <summary>The options of a command, <c>--name value</c> or <c>--name=value</c>. Settings, whose names hold a colon, are not its matter.</summary>
internal sealed class CommandOptions
{
    private readonly Dictionary<string, string> values = new(StringComparer.Ordinal);

    /// <summary>Reads them; what is not known is refused rather than passed over.</summary>
    public CommandOptions(IEnumerable<string> args, params string[] known)
    {
        var words = new Queue<string>(args);
        while (words.TryDequeue(out var word))
        {
            var parts = word.Split('=', 2);
            var name = parts[0].StartsWith("--", StringComparison.Ordinal) ? parts[0][2..] : null;
            var isSetting = name?.Contains(':', StringComparison.Ordinal) == true;
            if (name is null || (!isSetting && !known.Contains(name)))
            {
                throw new CommandRefusedException($"{word} is not known here; there is {string.Join(", ", known.Select(each => "--" + each))}");
            }

            if ((parts.Length == 2 ? parts[1] : words.TryDequeue(out var next) ? next : "") is not { Length: > 0 } value)
            {
                throw new CommandRefusedException($"--{name} needs a value");
            }

            if (!isSetting && !values.TryAdd(name, value))
            {
                throw new CommandRefusedException($"--{name} is given twice");
            }
        }
    }

    /// <summary>An option's value as it stands; null where it was not given.</summary>
    public string? Text(string name) => values.GetValueOrDefault(name);

    /// <summary>An option's value, read; null where it was not given.</summary>
    public T? Read<T>(string name, Func<string, T?> read, string example) where T : class =>
        Text(name) is not { } text ? null : read(text) ?? throw Unreadable(name, example);

    /// <summary>An option's value, read; null where it was not given.</summary>
    public T? Read<T>(string name, Func<string, T?> read, string example) where T : struct =>
        Text(name) is not { } text ? null : read(text) ?? throw Unreadable(name, example);

    private static CommandRefusedException Unreadable(string name, string example) => new($"--{name} cannot be read; example: --{name} {example}");
}
