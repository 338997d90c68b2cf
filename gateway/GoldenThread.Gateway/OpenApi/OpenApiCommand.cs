using GoldenThread.Gateway.Contracts;
using GoldenThread.Gateway.Transcoding.Json;

namespace GoldenThread.Gateway.OpenApi;

/// <summary>`GoldenThread.Gateway openapi [contracts.pb]`: prints the document, without starting the gateway.</summary>
internal static class OpenApiCommand
{
    /// <summary>Prints the document where the command line asks for it; true when it did, and the process should end.</summary>
    public static bool RunIfAsked(string[] args)
    {
        if (args is not ["openapi", ..])
        {
            return false;
        }

        var file = args.Length > 1 ? args[1] : Path.Combine(AppContext.BaseDirectory, "contracts.pb");
        try
        {
            using var output = Console.OpenStandardOutput();
            output.Write(OpenApiDocument.Of(ContractSet.Load(File.ReadAllBytes(file))));
        }
        catch (Exception e) when (e is IOException or UnsupportedContractException)
        {
            Console.Error.WriteLine($"{file}: {e.Message}");
            Environment.ExitCode = 1;
        }

        return true;
    }
}
