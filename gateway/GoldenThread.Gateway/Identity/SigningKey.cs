using System.Security.Cryptography;
using Microsoft.IdentityModel.Tokens;

namespace GoldenThread.Gateway.Identity;

/// <summary>The development issuer's RSA key, kept in a file that only its owner may read.</summary>
public sealed class SigningKey
{
    private const int Bits = 2048;

    private SigningKey(RSA rsa)
    {
        var id = Base64UrlEncoder.Encode(SHA256.HashData(rsa.ExportSubjectPublicKeyInfo()))[..16];
        Credentials = new SigningCredentials(new RsaSecurityKey(rsa) { KeyId = id }, SecurityAlgorithms.RsaSha256);
        Public = JsonWebKeyConverter.ConvertFromRSASecurityKey(new RsaSecurityKey(rsa.ExportParameters(includePrivateParameters: false)) { KeyId = id });
        Public.Use = "sig";
        Public.Alg = SecurityAlgorithms.RsaSha256;
    }

    /// <summary>Signs tokens.</summary>
    public SigningCredentials Credentials { get; }

    /// <summary>The public half, for the key set.</summary>
    public JsonWebKey Public { get; }

    /// <summary>Reads the key, or makes it.</summary>
    public static SigningKey At(string file)
    {
        var path = Path.GetFullPath(file);
        try
        {
            if (!File.Exists(path))
            {
                Make(path);
            }

            var rsa = RSA.Create();
            rsa.ImportFromPem(File.ReadAllText(path));
            return new SigningKey(rsa);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or CryptographicException)
        {
            throw new InvalidOperationException(
                $"Gateway:Issuer:KeyFile is no key, or none can be written there: {path}; example: Gateway__Issuer__KeyFile=/var/lib/goldenthread/issuer-key.pem", e);
        }
    }

    // Written beside and moved into place: a kill in between leaves no half key, and two starts at once agree on one.
    private static void Make(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var rsa = RSA.Create(Bits);
        var draft = $"{path}.{Environment.ProcessId}";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var writer = new StreamWriter(draft, options))
        {
            writer.Write(rsa.ExportPkcs8PrivateKeyPem());
        }

        try
        {
            File.Move(draft, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            File.Delete(draft);
        }
    }
}
