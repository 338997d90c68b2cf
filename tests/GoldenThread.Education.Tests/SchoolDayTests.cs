namespace GoldenThread.Education.Tests;

/// <summary>A school's day ends at midnight in London, an hour before UTC's in summer.</summary>
public class SchoolDayTests
{
    [Theory]
    [InlineData("2026-01-15T23:30:00Z", "2026-01-15")]
    [InlineData("2026-07-15T22:30:00Z", "2026-07-15")]
    [InlineData("2026-07-15T23:30:00Z", "2026-07-16")]
    [InlineData("2026-10-25T00:30:00Z", "2026-10-25")]
    public void Today_IsLondons(string instant, string day) =>
        Assert.Equal(DateOnly.Parse(day), new At(DateTimeOffset.Parse(instant)).Today());

    private sealed class At(DateTimeOffset instant) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => instant;
    }
}
