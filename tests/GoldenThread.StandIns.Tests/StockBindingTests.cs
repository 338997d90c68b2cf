using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Grpc.Net.Client;

namespace GoldenThread.StandIns.Tests;

/// <summary>Every type and member that the stock assemblies were compiled against must be there at run time.</summary>
public sealed class StockBindingTests
{
    public static TheoryData<string> StockAssemblies => new(
        typeof(GrpcServiceOptions).Assembly.Location,
        typeof(GrpcChannel).Assembly.Location,
        typeof(Yarp.ReverseProxy.Forwarder.IHttpForwarder).Assembly.Location);

    [Theory]
    [MemberData(nameof(StockAssemblies))]
    public void StockAssembly_FindsEveryTypeAndMemberItNames(string location)
    {
        var module = Assembly.LoadFrom(location).ManifestModule;
        using var file = new PEReader(File.OpenRead(location));
        var metadata = file.GetMetadataReader();
        var missing = new List<string>();

        foreach (var handle in metadata.TypeReferences)
        {
            Resolve(() => module.ResolveType(MetadataTokens.GetToken(handle)), missing);
        }

        // Members of generic types resolve only with some arguments for their parameters; which, does not matter here.
        var arguments = Enumerable.Repeat(typeof(object), 16).ToArray();
        foreach (var handle in metadata.MemberReferences)
        {
            Resolve(() => module.ResolveMember(MetadataTokens.GetToken(handle), arguments, arguments), missing);
        }

        Assert.Empty(missing);
        Assert.NotEmpty(metadata.MemberReferences);
    }

    [Theory]
    [MemberData(nameof(StockAssemblies))]
    public void StockAssembly_LoadsEveryTypeThatDerivesFromOurs(string location)
    {
        Assert.NotEmpty(Assembly.LoadFrom(location).GetTypes());
    }

    [Fact]
    public void GrpcAssemblies_BearTheIdentityThatStockAssembliesName()
    {
        foreach (var name in new[] { typeof(Metadata).Assembly.GetName(), typeof(Grpc.Net.Compression.ICompressionProvider).Assembly.GetName() })
        {
            Assert.Equal(new Version(2, 0, 0, 0), name.Version);
            Assert.Equal("D754F35622E28BAD", Convert.ToHexString(name.GetPublicKeyToken()!));
        }
    }

    private static void Resolve(Func<MemberInfo?> resolve, List<string> missing)
    {
        try
        {
            resolve();
        }
        catch (Exception exception) when (exception is MissingMemberException or FileNotFoundException)
        {
            missing.Add(exception.Message);
        }
        catch (TypeLoadException exception) when (!exception.Message.Contains("violates the constraint", StringComparison.Ordinal))
        {
            missing.Add(exception.Message);
        }
        catch (TypeLoadException)
        {
            // The type is there, but `object` is no argument for it.
        }
    }
}
