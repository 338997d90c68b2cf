namespace GoldenThread.EndToEnd.Tests;

/// <summary>A house whose spans and metrics go to a receiver in the test process; shared by tests that leave it whole.</summary>
public sealed class WatchedHouse : IAsyncLifetime
{
    /// <summary>The house.</summary>
    public House House { get; private set; } = null!;

    /// <summary>Where its spans and metrics go.</summary>
    internal OtlpReceiver Telemetry { get; private set; } = null!;

    /// <summary>The school of the traces. A class has one to itself: what its pupil sat elsewhere would decide the status.</summary>
    internal const int TracedSchool = 900801;

    /// <summary>The school behind TLS.</summary>
    internal const int TlsSchool = 900802;

    /// <summary>Two schools with one pupil each, and one test.</summary>
    internal ResultsTrust Trust { get; private set; } = null!;

    /// <inheritdoc />
    public async ValueTask InitializeAsync()
    {
        Telemetry = await OtlpReceiver.StartAsync();
        House = House.With(new Dictionary<string, string?>
        {
            ["Telemetry__OtlpEndpoint"] = Telemetry.Endpoint,
            // Milliseconds between two sendings of the metrics; a minute unless said otherwise.
            ["OTEL_METRIC_EXPORT_INTERVAL"] = "2000",
        });
        await House.InitializeAsync();
        Trust = new ResultsTrust(House, [TracedSchool, TlsSchool], 1, 1);
        await Trust.MakeAsync();
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await House.DisposeAsync();
        await Telemetry.DisposeAsync();
    }
}

/// <summary>Gives the house to its classes, one after another.</summary>
[CollectionDefinition(nameof(WatchedHouse))]
public sealed class WatchedHouseTests : ICollectionFixture<WatchedHouse>;
