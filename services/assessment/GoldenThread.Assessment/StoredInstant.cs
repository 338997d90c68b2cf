namespace GoldenThread.Assessment;

/// <summary>Instants as the database keeps them.</summary>
internal static class StoredInstant
{
    /// <summary>The instant now, to the microsecond that the database keeps: what is answered is what will be read.</summary>
    public static DateTimeOffset Instant(this TimeProvider clock)
    {
        var now = clock.GetUtcNow();
        return now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
    }
}
