using System.Collections.Frozen;
using System.Reflection;
using GoldenThread.Type.V1;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace GoldenThread.ServiceDefaults;

/// <summary>What an rpc asks of its caller, and answers.</summary>
/// <param name="Method">Full name as gRPC sends it: /package.Service/Method.</param>
/// <param name="Access">Scope and roles; null for an rpc between services.</param>
/// <param name="Anonymous">Whether anybody may call: health alone.</param>
/// <param name="Answer">Reads an answer.</param>
public sealed record RpcRule(string Method, Access? Access, bool Anonymous, MessageParser Answer);

/// <summary>Every rpc of the contracts with what it asks, read from the descriptors: the proto is the one place where it is written.</summary>
public static class RpcCatalogue
{
    private static readonly Lazy<FrozenDictionary<string, RpcRule>> AllRules = new(Read);

    /// <summary>The rules by full method name.</summary>
    public static FrozenDictionary<string, RpcRule> Rules => AllRules.Value;

    private static FrozenDictionary<string, RpcRule> Read() =>
        (from file in Files()
         from service in file.Services
         from method in service.Methods
         select Rule(file, service, method)).ToFrozenDictionary(r => r.Method, StringComparer.Ordinal);

    private static RpcRule Rule(FileDescriptor file, ServiceDescriptor service, MethodDescriptor method)
    {
        var name = $"/{service.FullName}/{method.Name}";
        if (file.Package == "grpc.health.v1")
        {
            return new(name, null, Anonymous: true, method.OutputType.Parser);
        }

        var access = method.GetOptions()?.GetExtension(AccessExtensions.Access);
        if (file.Package.Contains(".internal.", StringComparison.Ordinal))
        {
            return new(name, null, Anonymous: false, method.OutputType.Parser);
        }

        return access is { Scope.Length: > 0, Roles.Count: > 0 }
            ? new(name, access, Anonymous: false, method.OutputType.Parser)
            : throw new InvalidOperationException($"{name} carries no (goldenthread.type.v1.access) with a scope and roles. Every public rpc needs one.");
    }

    private static IEnumerable<FileDescriptor> Files() =>
        from type in typeof(Access).Assembly.GetTypes()
        where type.Name.EndsWith("Reflection", StringComparison.Ordinal)
        let property = type.GetProperty("Descriptor", BindingFlags.Public | BindingFlags.Static)
        where property?.PropertyType == typeof(FileDescriptor)
        select (FileDescriptor)property.GetValue(null)!;
}
