using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace GoldenThread.TestSupport;

/// <summary>A certificate authority for one test, whose certificates are good for 127.0.0.1 for an hour.</summary>
public sealed class ThrowAwayAuthority : IDisposable
{
    private readonly string folder;
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 authority;

    /// <param name="folder">Where its files go.</param>
    /// <param name="name">Unlike any other in the folder.</param>
    public ThrowAwayAuthority(string folder, string name)
    {
        this.folder = folder;
        File = Path.Combine(folder, $"{name}.crt");
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddHours(1));
        System.IO.File.WriteAllText(File, authority.ExportCertificatePem());
    }

    /// <summary>Its own certificate (PEM).</summary>
    public string File { get; }

    /// <summary>Signs a certificate for 127.0.0.1 and these names; the files of certificate and key (PEM).</summary>
    public (string Certificate, string Key) Sign(string name, params string[] dnsNames)
    {
        using var subject = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", subject, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        foreach (var dnsName in dnsNames)
        {
            names.AddDnsName(dnsName);
        }

        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        using var certificate = request.Create(authority, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddMinutes(55), RandomNumberGenerator.GetBytes(16));
        var files = (Certificate: Path.Combine(folder, $"{Path.GetFileName(File)}-{name}.crt"), Key: Path.Combine(folder, $"{Path.GetFileName(File)}-{name}.key"));
        System.IO.File.WriteAllText(files.Certificate, certificate.ExportCertificatePem());
        System.IO.File.WriteAllText(files.Key, subject.ExportPkcs8PrivateKeyPem());
        return files;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        authority.Dispose();
        key.Dispose();
    }
}
