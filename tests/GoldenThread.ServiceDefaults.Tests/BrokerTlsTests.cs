using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using GoldenThread.TestSupport;

namespace GoldenThread.ServiceDefaults.Tests;

/// <summary>A service is ready once the broker has had its queues: over TLS that proves that it believed the broker's certificate.</summary>
public sealed class BrokerTlsTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("gt-broker-tls-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task BrokerOfTheConfiguredAuthority_IsBelieved_AndNoOther()
    {
        using var ours = new ThrowAwayAuthority(folder, "ours");
        using var foreign = new ThrowAwayAuthority(folder, "foreign");
        var rabbit = await RabbitServer.SharedAsync();
        await using var relay = new TlsRelay(ours.Sign("broker"), rabbit.Port);
        string[] throughRelay = [$"--Rabbit:Port={relay.Port}", "--Rabbit:UseTls=true"];

        await using (await Specimen.StartedAsync([.. throughRelay, $"--Rabbit:AuthorityFile={ours.File}"]))
        {
            Assert.True(relay.Secured > 0, "the specimen did not go through the relay");
        }

        var before = relay.Secured;
        await using var wary = await Specimen.StartedUnreadyAsync([.. throughRelay, $"--Rabbit:AuthorityFile={foreign.File}"]);
        await Eventually.Async(() => Task.FromResult(relay.Refused > 0), "the broker is refused");
        Assert.StartsWith("the broker has not had its queues yet", await wary.ReadyWordsAsync());
        Assert.Equal(before, relay.Secured);
    }

    /// <summary>Speaks TLS to who calls, and plainly to the broker behind.</summary>
    private sealed class TlsRelay : IAsyncDisposable
    {
        private readonly X509Certificate2 certificate;
        private readonly int behind;
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource end = new();
        private readonly Task accepting;
        private int secured;
        private int refused;

        public TlsRelay((string Certificate, string Key) files, int behind)
        {
            // Windows aside, a key read from PEM serves TLS as it is.
            certificate = X509Certificate2.CreateFromPemFile(files.Certificate, files.Key);
            this.behind = behind;
            listener.Start();
            accepting = AcceptAsync();
        }

        public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

        /// <summary>Callers who believed the certificate.</summary>
        public int Secured => secured;

        /// <summary>Callers who did not.</summary>
        public int Refused => refused;

        public async ValueTask DisposeAsync()
        {
            await end.CancelAsync();
            listener.Dispose();
            await accepting;
            certificate.Dispose();
            end.Dispose();
        }

        private async Task AcceptAsync()
        {
            var callers = new List<Task>();
            try
            {
                while (true)
                {
                    callers.Add(RelayAsync(await listener.AcceptTcpClientAsync(end.Token)));
                }
            }
            catch (OperationCanceledException)
            {
                await Task.WhenAll(callers);
            }
        }

        private async Task RelayAsync(TcpClient caller)
        {
            using var plain = new TcpClient();
            await using var stream = new SslStream(caller.GetStream());
            try
            {
                await stream.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate }, end.Token);
                await plain.ConnectAsync(IPAddress.Loopback, behind, end.Token);
                // In TLS 1.3 a caller's refusal comes after the handshake: only what it says then shows that it believed.
                var first = new byte[1];
                await stream.ReadExactlyAsync(first, end.Token);
                Interlocked.Increment(ref secured);
                await plain.GetStream().WriteAsync(first, end.Token);
                await Task.WhenAny(stream.CopyToAsync(plain.GetStream(), end.Token), plain.GetStream().CopyToAsync(stream, end.Token));
            }
            catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException)
            {
                Interlocked.Increment(ref refused);
            }
            catch (OperationCanceledException)
            {
                // The relay ends.
            }
            finally
            {
                caller.Dispose();
            }
        }
    }
}
