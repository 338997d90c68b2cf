using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace GoldenThread.ServiceDefaults;

/// <summary>Which broker is believed to be ours.</summary>
internal static class BrokerTls
{
    public const SslProtocols Protocols = SslProtocols.Tls12 | SslProtocols.Tls13;

    /// <summary>Believes a certificate that names the host and that the configured authority signed; the machine's own judgement where none is configured.</summary>
    public static RemoteCertificateValidationCallback Validation(RabbitOptions options)
    {
        if (options.AuthorityFile is not { } file)
        {
            return (_, _, _, errors) => errors == SslPolicyErrors.None;
        }

        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(file);
        return (_, certificate, _, errors) =>
            certificate is not null && (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) == SslPolicyErrors.None
            && OwnAuthority.Signed(new X509Certificate2(certificate), authorities);
    }
}
