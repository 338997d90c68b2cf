using System.Xml.Linq;
using GoldenThread.Cli.House;

namespace GoldenThread.Cli.Testing;

/// <summary>A test project: a program of its own, since xunit.v3.</summary>
/// <param name="File">Its project file.</param>
public sealed record TestProject(string File)
{
    /// <summary>The configuration that tests run in.</summary>
    public const string Configuration = "Debug";

    /// <summary>Its name, such as <c>GoldenThread.Gateway.Tests</c>.</summary>
    public string Name => Path.GetFileNameWithoutExtension(File);

    /// <summary>The built test program.</summary>
    public string Program => Path.Combine(Path.GetDirectoryName(File)!, "bin", Configuration, "net10.0", $"{Name}.dll");

    /// <summary>All test projects of the tree whose name contains <paramref name="filter"/>, whatever its case.</summary>
    public static IReadOnlyList<TestProject> Find(string? filter) =>
        [.. Directory.GetFiles(Tree.File("tests"), "*.csproj", SearchOption.AllDirectories)
            .Where(UsesXunit)
            .Select(file => new TestProject(file))
            .Where(project => filter is null || project.Name.Contains(filter, StringComparison.OrdinalIgnoreCase))
            .OrderBy(project => project.Name, StringComparer.Ordinal)];

    private static bool UsesXunit(string file) =>
        XDocument.Load(file).Descendants("PackageReference").Any(reference => (string?)reference.Attribute("Include") == "xunit.v3");
}
