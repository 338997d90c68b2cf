namespace GoldenThread.EndToEnd.Tests;

/// <summary>A house on servers of its own, with four schools of 200 pupils who sit five tests a day.</summary>
public sealed class FailureWorld : IAsyncLifetime
{
    /// <summary>The servers.</summary>
    public HouseGround Ground { get; private set; } = null!;

    /// <summary>The house.</summary>
    public House House { get; private set; } = null!;

    /// <summary>What is in it.</summary>
    internal ResultsTrust Trust { get; private set; } = null!;

    /// <inheritdoc />
    public async ValueTask InitializeAsync()
    {
        Ground = await HouseGround.StartAsync();
        House = House.On(Ground);
        await House.InitializeAsync();
        Trust = new ResultsTrust(House, [900001, 900002, 900003, 900004], 200, 5);
        await Trust.MakeAsync();
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => House.DisposeAsync();
}

/// <summary>Alone on the machine, since it says how long an answer may take.</summary>
[CollectionDefinition(nameof(AloneOnTheMachine), DisableParallelization = true)]
public sealed class AloneOnTheMachine : ICollectionFixture<FailureWorld>;
