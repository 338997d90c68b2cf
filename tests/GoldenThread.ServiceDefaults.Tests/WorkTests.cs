using Dapper;
using Npgsql;

namespace GoldenThread.ServiceDefaults.Tests;

/// <summary>Work that gives its connection back early leaves alone whoever has that connection next.</summary>
public sealed class WorkTests
{
    private static readonly Caller Somebody = Caller.Service("test");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task DisposedTwice_RollsBackNobodyElse()
    {
        await using var database = await Specimen.DatabaseAsync();
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(database.ConnectionString) { MaxPoolSize = 1 });
        using var signal = new OutboxSignal();
        var works = new Works(source, signal);
        var early = await works.BeginAsync(Somebody, "early", Ct);
        await early.DisposeAsync();
        await using (var next = await works.BeginAsync(Somebody, "next", Ct))
        {
            await next.Connection.ExecuteAsync(next.Command("insert into inbox (consumer, message_id) values ('next', gen_random_uuid())", null, Ct));

            await early.DisposeAsync();

            await next.CommitAsync();
        }

        await using var command = source.CreateCommand("select count(*) from inbox where consumer = 'next'");
        Assert.Equal(1L, await command.ExecuteScalarAsync(Ct));
    }
}
