using Dapper;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace GoldenThread.ServiceDefaults;

/// <summary>Removes what has served: stored answers after 7 days, claims of messages after 30.</summary>
internal sealed partial class Housekeeping(NpgsqlDataSource source, ILogger<Housekeeping> log, TimeProvider clock) : RecurringWork(Interval, clock)
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    protected override async Task TurnAsync(CancellationToken ct)
    {
        try
        {
            await using var connection = await source.OpenConnectionAsync(ct);
            await connection.ExecuteAsync("delete from idempotency where created_at < now() - interval '7 days'");
            await connection.ExecuteAsync("delete from inbox where handled_at < now() - interval '30 days'");
        }
        catch (Exception e) when (Transience.IsNotThereYet(e))
        {
            LogPutOff();
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Housekeeping is put off: the database is not there")]
    private partial void LogPutOff();
}
