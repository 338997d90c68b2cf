using GoldenThread.Infrastructure;
using Npgsql;
using Xunit;

namespace GoldenThread.Infrastructure.Tests;

public class PrivatePostgresTests
{
    [Fact]
    public async Task TwoAtOnce_AreTwoServers_AndLeaveNothingBehind()
    {
        using var here = new Scratch();
        using var there = new Scratch();
        await using var first = await PrivatePostgres.StartAsync(Options(here));
        await using var second = await PrivatePostgres.StartAsync(Options(there));
        Assert.NotEqual(first.Port, second.Port);
        Assert.StartsWith(here.Folder, await AskAsync(first, "show data_directory"));
        Assert.StartsWith(there.Folder, await AskAsync(second, "show data_directory"));

        await first.StopAsync();
        await second.KillAsync();
        Assert.Empty(here.ProcessesLeft());
        Assert.Empty(there.ProcessesLeft());
        Assert.True(FreePorts.IsFree(first.Port));
    }

    [Fact]
    public async Task Data_OutlivesAStop_AndADurableServerACrash()
    {
        using var scratch = new Scratch();
        await using var postgres = await PrivatePostgres.StartAsync(Options(scratch) with { Durable = true });
        var port = postgres.Port;
        await AskAsync(postgres, "create table kept (word text); insert into kept values ('thread') returning word");

        await postgres.StopAsync();
        await postgres.StartAgainAsync();
        Assert.Equal("thread", await AskAsync(postgres, "select word from kept"));

        await postgres.KillAsync();
        await postgres.StartAgainAsync();
        Assert.Equal("thread", await AskAsync(postgres, "select word from kept"));
        Assert.Equal(port, postgres.Port);
    }

    [Fact]
    public async Task Durability_IsAsAskedFor()
    {
        using var here = new Scratch();
        using var there = new Scratch();
        await using var durable = await PrivatePostgres.StartAsync(Options(here) with { Durable = true });
        await using var quick = await PrivatePostgres.StartAsync(Options(there));
        Assert.Equal("on", await AskAsync(durable, "show fsync"));
        Assert.Equal("off", await AskAsync(quick, "show fsync"));
    }

    [Fact]
    public async Task WrongPassword_IsRefused_AndOtherAddressesAreNotListenedOn()
    {
        using var scratch = new Scratch();
        await using var postgres = await PrivatePostgres.StartAsync(Options(scratch));
        await using var stranger = new NpgsqlConnection(postgres.ConnectionStringFor("postgres", "postgres", "guess"));
        var refusal = await Assert.ThrowsAsync<PostgresException>(() => stranger.OpenAsync());
        Assert.Equal(PostgresErrorCodes.InvalidPassword, refusal.SqlState);
        Assert.Equal("127.0.0.1", await AskAsync(postgres, "show listen_addresses"));
    }

    [Fact]
    public async Task TakenPort_IsLeftAlone()
    {
        using var here = new Scratch();
        using var there = new Scratch();
        await using var first = await PrivatePostgres.StartAsync(Options(here));
        await using var second = await PrivatePostgres.StartAsync(Options(there) with { Port = first.Port });
        Assert.NotEqual(first.Port, second.Port);
    }

    private static PrivatePostgresOptions Options(Scratch scratch) =>
        new() { Folder = scratch.Folder, Password = Secrets.New(), Durable = false };

    private static async Task<string?> AskAsync(PrivatePostgres postgres, string sql)
    {
        var unpooled = new NpgsqlConnectionStringBuilder(postgres.ConnectionString) { Pooling = false };
        await using var connection = new NpgsqlConnection(unpooled.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (string?)await command.ExecuteScalarAsync();
    }
}
