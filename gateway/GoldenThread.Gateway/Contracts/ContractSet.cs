using System.Security.Cryptography;
using GoldenThread.Gateway.Transcoding;
using GoldenThread.Gateway.Transcoding.Json;
using GoldenThread.Type.V1;
using Google.Api;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace GoldenThread.Gateway.Contracts;

/// <summary>
/// One loaded descriptor set: the files, the ways to reach their rpcs over REST, and the rpcs that may be called over native gRPC. Never changes;
/// a new set is a new object.
/// </summary>
internal sealed class ContractSet
{
    private readonly Dictionary<string, RestMethod> _byRoute;

    private ContractSet(IReadOnlyList<FileDescriptor> files, IReadOnlyList<RestMethod> methods, string digest)
    {
        Files = files;
        Methods = methods;
        Digest = digest;
        PublicRpcs = methods.Select(method => method.Rpc).Distinct().ToList();
        _byRoute = methods.ToDictionary(method => method.RouteId, StringComparer.Ordinal);
    }

    /// <summary>The files, imports included, with the comments of their protos.</summary>
    public IReadOnlyList<FileDescriptor> Files { get; }

    /// <summary>Every way to reach a public rpc over REST.</summary>
    public IReadOnlyList<RestMethod> Methods { get; }

    /// <summary>The public rpcs: annotated, and not in a package named internal.</summary>
    public IReadOnlyList<MethodDescriptor> PublicRpcs { get; }

    /// <summary>SHA-256 of the file, in hex.</summary>
    public string Digest { get; }

    /// <summary>The services behind the public rpcs, such as "assessment".</summary>
    public IEnumerable<string> ServiceNames => PublicRpcs.Select(ServiceNameOf).Distinct(StringComparer.OrdinalIgnoreCase);

    /// <summary>The method of a YARP route, or null where the route is not a REST route.</summary>
    public RestMethod? ByRoute(string routeId) => _byRoute.GetValueOrDefault(routeId);

    /// <summary>Loads a descriptor set.</summary>
    /// <exception cref="UnsupportedContractException">It is unreadable or asks for what the gateway does not do; all reasons are named.</exception>
    public static ContractSet Load(byte[] descriptorSet)
    {
        IReadOnlyList<FileDescriptor> files;
        try
        {
            var extensions = new ExtensionRegistry { AnnotationsExtensions.Http, FieldBehaviorExtensions.FieldBehavior, AccessExtensions.Access };
            var set = FileDescriptorSet.Parser.WithExtensionRegistry(extensions).ParseFrom(descriptorSet);
            files = FileDescriptor.BuildFromByteStrings(set.File.Select(file => file.ToByteString()), extensions);
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or DescriptorValidationException or ArgumentException)
        {
            throw new UnsupportedContractException($"It is not a descriptor set with all its imports: {e.Message}");
        }

        var shapes = new ShapeCatalogue();
        var methods = new List<RestMethod>();
        var refused = new List<string>();
        foreach (var rpc in files.SelectMany(file => file.Services).SelectMany(service => service.Methods).Where(IsPublicPackage))
        {
            try
            {
                methods.AddRange(RestMethod.Of(rpc, shapes));
            }
            catch (UnsupportedContractException e)
            {
                refused.Add(e.Message);
            }
        }

        refused.AddRange(TwiceTaken(methods));
        return refused.Count == 0
            ? new ContractSet(files, methods, Convert.ToHexString(SHA256.HashData(descriptorSet)))
            : throw new UnsupportedContractException(string.Join(" ", refused));
    }

    /// <summary>The service behind an rpc: the part of its package before the version.</summary>
    public static string ServiceNameOf(MethodDescriptor rpc)
    {
        var parts = rpc.File.Package.Split('.');
        return parts.Length > 1 ? parts[^2] : parts[0];
    }

    private static bool IsPublicPackage(MethodDescriptor rpc) => !rpc.File.Package.Split('.').Contains("internal");

    private static IEnumerable<string> TwiceTaken(IEnumerable<RestMethod> methods) =>
        methods.GroupBy(method => $"{method.Verb} {method.Path.Route}")
            .Where(group => group.Count() > 1)
            .Select(group => $"{group.Key} leads to {string.Join(" and ", group.Select(method => method.Rpc.FullName))}.");
}
