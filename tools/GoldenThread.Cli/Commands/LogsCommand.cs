using System.CommandLine;
using GoldenThread.Cli.House;
using GoldenThread.Infrastructure;

namespace GoldenThread.Cli.Commands;

/// <summary><c>./gt logs [service]</c>: the end of the logs, each line prefixed with whose it is.</summary>
public static class LogsCommand
{
    /// <summary>The command.</summary>
    public static System.CommandLine.Command Create()
    {
        var service = new Argument<string?>("service") { Description = "One of them; all when left out", Arity = ArgumentArity.ZeroOrOne };
        var lines = new Option<int>("--lines", "-n") { Description = "How many of the last lines of each", DefaultValueFactory = _ => 100 };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on until interrupted" };
        var command = new System.CommandLine.Command("logs", "What the processes say") { service, lines, follow };
        command.SetAction(async (parsed, cancellation) =>
        {
            var files = LogFiles(parsed.GetValue(service));
            var positions = files.ToDictionary(file => file, file => ShowEnd(file, parsed.GetValue(lines)));
            while (parsed.GetValue(follow) && !cancellation.IsCancellationRequested)
            {
                await Task.Delay(300, CancellationToken.None);
                foreach (var file in files)
                {
                    positions[file] = ShowFrom(file, positions[file]);
                }
            }

            return 0;
        });
        return command;
    }

    private static string[] LogFiles(string? service)
    {
        var files = Directory.Exists(Tree.Logs) ? Directory.GetFiles(Tree.Logs, "*.log").Order().ToArray() : [];
        if (service is null)
            return files;
        return files.Where(file => NameOf(file) == service).ToArray() is { Length: > 0 } chosen
            ? chosen
            : throw new InfrastructureException($"no log of {service}; there are: {string.Join(", ", files.Select(NameOf))}");
    }

    private static long ShowEnd(string file, int count)
    {
        var length = new FileInfo(file).Length;
        foreach (var line in File.ReadLines(file).TakeLast(count))
        {
            Show(file, line);
        }

        return length;
    }

    private static long ShowFrom(string file, long position)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        stream.Position = position;
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            Show(file, line);
        }

        return stream.Position;
    }

    private static void Show(string file, string line) => Console.WriteLine($"{NameOf(file),-12}| {line}");

    private static string NameOf(string file) => Path.GetFileNameWithoutExtension(file);
}
