using GoldenThread.TestSupport;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace GoldenThread.ServiceDefaults.Tests;

/// <summary>What has served is removed after its time, and nothing before.</summary>
public sealed class HousekeepingTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Turn_RemovesAnswersAfterSevenDays_AndClaimsAfterThirty()
    {
        await using var database = await Specimen.DatabaseAsync();
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await ExecuteAsync(source, """
            insert into idempotency (client, rpc, key, request_hash, answer, created_at)
            select 'client', 'rpc', age, '', '', now() - age::interval from unnest(array['7 days 1 minute', '6 days 23 hours', '1 minute']) as age;
            insert into inbox (consumer, message_id, handled_at)
            select age, gen_random_uuid(), now() - age::interval from unnest(array['30 days 1 minute', '29 days 23 hours', '1 minute']) as age;
            """);
        using var housekeeping = new Housekeeping(source, NullLogger<Housekeeping>.Instance, new Hasty());

        await housekeeping.StartAsync(Ct);
        await Eventually.Async(async () => await KeptAsync(source, "inbox", "consumer") is not ["1 minute", "29 days 23 hours", "30 days 1 minute"], "a turn is done");
        await housekeeping.StopAsync(Ct);

        Assert.Equal(["1 minute", "6 days 23 hours"], await KeptAsync(source, "idempotency", "key"));
        Assert.Equal(["1 minute", "29 days 23 hours"], await KeptAsync(source, "inbox", "consumer"));
    }

    private static async Task ExecuteAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Ct);
    }

    private static async Task<string[]> KeptAsync(NpgsqlDataSource source, string table, string column)
    {
        await using var command = source.CreateCommand($"select array_agg({column} order by {column}) from {table}");
        return (string[])(await command.ExecuteScalarAsync(Ct))!;
    }

    /// <summary>Comes round at once, whatever the interval.</summary>
    private sealed class Hasty : TimeProvider
    {
        private static readonly TimeSpan AtOnce = TimeSpan.FromMilliseconds(10);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, AtOnce, AtOnce);
    }
}
