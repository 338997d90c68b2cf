using GoldenThread.Gateway.Contracts;
using Google.Api;
using Google.Protobuf.Reflection;

namespace GoldenThread.Contracts.Tests;

/// <summary>The descriptor set that is built from the protos of this tree, with their comments.</summary>
internal static class ContractFile
{
    /// <summary>The set as the gateway loads it.</summary>
    public static ContractSet Set { get; } = ContractSet.Load(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "contracts.pb")));

    /// <summary>The files that are ours.</summary>
    public static IEnumerable<FileDescriptor> OwnFiles => Set.Files.Where(file => file.Package.StartsWith("goldenthread.", StringComparison.Ordinal));

    /// <summary>All rpcs of packages that are not internal, annotated or not.</summary>
    public static IReadOnlyList<MethodDescriptor> PublicRpcs { get; } =
        [.. OwnFiles.Where(file => !IsInternal(file)).SelectMany(file => file.Services).SelectMany(service => service.Methods)];

    /// <summary>All rpcs of internal packages.</summary>
    public static IReadOnlyList<MethodDescriptor> InternalRpcs { get; } =
        [.. OwnFiles.Where(IsInternal).SelectMany(file => file.Services).SelectMany(service => service.Methods)];

    /// <summary>The REST rule of an rpc; null where it has none.</summary>
    public static HttpRule? RuleOf(MethodDescriptor rpc) => rpc.GetOptions()?.GetExtension(AnnotationsExtensions.Http);

    private static bool IsInternal(FileDescriptor file) => file.Package.Split('.').Contains("internal");
}
