using GoldenThread.TestSupport;
using Npgsql;

namespace GoldenThread.EndToEnd.Tests;

/// <summary>A house whose spans go to a receiver in the test process; shared by tests that leave it whole.</summary>
public sealed class WatchedHouse : IAsyncLifetime
{
    /// <summary>The house.</summary>
    public House House { get; private set; } = null!;

    /// <summary>Where its spans go.</summary>
    internal OtlpReceiver Spans { get; private set; } = null!;

    /// <summary>The school of the traces. A class has one to itself: what its pupil sat elsewhere would decide the status.</summary>
    internal const int TracedSchool = 900801;

    /// <summary>The school behind TLS.</summary>
    internal const int TlsSchool = 900802;

    /// <summary>Two schools with one pupil each, and one test.</summary>
    internal ResultsTrust Trust { get; private set; } = null!;

    /// <inheritdoc />
    public async ValueTask InitializeAsync()
    {
        Spans = await OtlpReceiver.StartAsync();
        House = House.With(new Dictionary<string, string?> { ["Telemetry__OtlpEndpoint"] = Spans.Endpoint });
        await House.InitializeAsync();
        Trust = new ResultsTrust(House, [TracedSchool, TlsSchool], 1, 1);
        await Trust.MakeAsync();
        // A result that overtakes the news of its test is judged in the trace of the test.
        await EventuallyKnownAsync("tracking", "select exists (select from collection_copy) and exists (select from test_copy)");
        await EventuallyKnownAsync("reporting", "select exists (select from collection) and exists (select from test) and (select count(*) = 2 from pupil_enrolment)");
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await House.DisposeAsync();
        await Spans.DisposeAsync();
    }

    private async Task EventuallyKnownAsync(string service, string sql)
    {
        await using var source = NpgsqlDataSource.Create(House.Services[service].Database!.ConnectionString);
        await Eventually.Async(async () => (bool)(await source.CreateCommand(sql).ExecuteScalarAsync())!, $"{service} knows the trust");
    }
}

/// <summary>Gives the house to its classes, one after another.</summary>
[CollectionDefinition(nameof(WatchedHouse))]
public sealed class WatchedHouseTests : ICollectionFixture<WatchedHouse>;
