namespace GoldenThread.Reviews.Tests;

/// <summary>A clock that stands where a test puts it.</summary>
internal sealed class FixedClock : TimeProvider
{
    public DateTimeOffset Now { get; set; } = new(2025, 8, 20, 9, 0, 0, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => Now;
}
