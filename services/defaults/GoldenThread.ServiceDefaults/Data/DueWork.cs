using Microsoft.Extensions.Logging;

namespace GoldenThread.ServiceDefaults;

/// <summary>
/// Work that comes round and does what is noted as due, in one transaction a turn. Where a turn fails, all stays noted and the next tries again.
/// </summary>
/// <param name="works">Begins the transactions.</param>
/// <param name="self">In whose name: the service itself.</param>
/// <param name="action">What the audit calls it.</param>
/// <param name="what">What waits while turns fail, in the plural and for the log: "Fits".</param>
/// <param name="interval">From one turn to the next.</param>
/// <param name="log">Where a turn that failed is told.</param>
public abstract partial class DueWork(Works works, Caller self, string action, string what, TimeSpan interval, ILogger log) : RecurringWork(interval)
{
    /// <inheritdoc />
    protected sealed override async Task TurnAsync(CancellationToken ct)
    {
        try
        {
            await using var work = await works.BeginAsync(self, action, ct);
            if (await DoDueAsync(work, ct))
            {
                await work.CommitAsync();
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogFailed(log, what, e.GetType().Name, e.Message);
        }
    }

    /// <summary>Does what is due; whether there was anything to commit.</summary>
    protected abstract Task<bool> DoDueAsync(Work work, CancellationToken ct);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{What} wait: {Kind}: {Words}")]
    private static partial void LogFailed(ILogger log, string what, string kind, string words);
}
