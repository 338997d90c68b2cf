namespace Grpc.Core;

/// <summary>The version of the API that this assembly offers.</summary>
public static class VersionInfo
{
    /// <summary>The assembly version, the same for all of gRPC 2.</summary>
    public const string CurrentAssemblyVersion = "2.0.0.0";

    /// <summary>The assembly's file version.</summary>
    public const string CurrentAssemblyFileVersion = "2.85.0.0";

    /// <summary>The release of gRPC for .NET whose API this is.</summary>
    public const string CurrentVersion = "2.85.0";
}
