using GoldenThread.Infrastructure;

namespace GoldenThread.Infrastructure.Tests;

/// <summary>A folder for one test that servers under their own users can reach, removed at the end.</summary>
internal sealed class Scratch : IDisposable
{
    public Scratch() => Directory.CreateDirectory(Folder, (UnixFileMode)0b111_001_001);

    public string Folder { get; } = Path.Combine(Path.GetTempPath(), $"gt-scratch-{Secrets.ShortName()}");

    public string Log => Path.Combine(Folder, "log");

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    /// <summary>The pids of all processes whose command line or working files name this folder.</summary>
    public List<int> ProcessesLeft() =>
        [.. Directory.GetDirectories("/proc")
            .Where(folder => int.TryParse(Path.GetFileName(folder), out _) && NamesThisFolder(folder))
            .Select(folder => int.Parse(Path.GetFileName(folder)))];

    private bool NamesThisFolder(string process)
    {
        try
        {
            return File.ReadAllText($"{process}/cmdline").Contains(Folder) || File.ReadAllText($"{process}/environ").Contains(Folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
