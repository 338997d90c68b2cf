using System.Net;
using System.Net.Sockets;
using Dapper;
using GoldenThread.TestSupport;
using Npgsql;

namespace GoldenThread.ServiceDefaults.Tests;

/// <summary>What passes by itself is told from a fault of ours, however deep it lies.</summary>
public sealed class TransienceTests
{
    private static readonly TemplateDatabase Empty = new("transience", (_, _) => Task.CompletedTask);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ConnectionThatBreaksInTheMiddleOfAValue_IsUnavailable()
    {
        await using var database = await Empty.CloneAsync();
        var direct = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        using var door = new TcpListener(IPAddress.Loopback, 0);
        door.Start();
        var relay = BreakOffAfterAsync(100_000, door, direct);
        var through = new NpgsqlConnectionStringBuilder(direct.ConnectionString) { Port = ((IPEndPoint)door.LocalEndpoint).Port, Pooling = false };
        await using var connection = new NpgsqlConnection(through.ConnectionString);
        await connection.OpenAsync(Ct);

        var broken = await Assert.ThrowsAnyAsync<Exception>(() => connection.QueryAsync<Row>("select 1 as number, repeat('x', 1000000) as text"));

        Assert.True(Transience.IsUnavailable(broken), broken.ToString());
        await relay;
    }

    // Carries bytes both ways, and closes both doors once so many have come back.
    private static async Task BreakOffAfterAsync(int most, TcpListener door, NpgsqlConnectionStringBuilder server)
    {
        using var client = await door.AcceptTcpClientAsync(Ct);
        using var backend = new TcpClient(server.Host!, server.Port);
        var asking = client.GetStream().CopyToAsync(backend.GetStream(), Ct);
        var buffer = new byte[8192];
        for (var sent = 0; sent < most;)
        {
            var read = await backend.GetStream().ReadAsync(buffer, Ct);
            await client.GetStream().WriteAsync(buffer.AsMemory(0, read), Ct);
            sent += read;
        }

        client.Close();
        await asking.ContinueWith(_ => { }, Ct, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    private sealed record Row
    {
        public required int Number { get; init; }

        public required string Text { get; init; }
    }
}
