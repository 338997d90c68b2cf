using GoldenThread.Demo.Seeding;
using GoldenThread.Demo.Trust;

namespace GoldenThread.Demo.Tests;

/// <summary>Seeding that breaks off, after any of its writes, and is begun again.</summary>
public class InterruptedSeedTests
{
    private static readonly string Packs = Path.Combine(AppContext.BaseDirectory, "packs");
    private static readonly DemoTrust Trust = DemoTrust.From(DemoPack.Read(Packs));
    private static readonly DateOnly Today = new(2026, 11, 20);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task BrokenOffAfterAnyWrite_TheNextSeedEndsWhereAWholeOneDoes()
    {
        var whole = new InterruptedHouse(Trust);
        await SeedAsync(whole);
        var writes = whole.Writes;
        Assert.InRange(writes, 60, 100);

        for (var at = 1; at <= writes; at++)
        {
            var house = new InterruptedHouse(Trust) { BreaksAfter = at };
            await Assert.ThrowsAsync<HttpRequestException>(() => SeedAsync(house));

            await SeedAsync(house);

            Assert.Equal(whole.Everything(), house.Everything());
            Assert.Equal(writes, house.Writes);
        }
    }

    [Fact]
    public async Task WholeSeed_IsNotChangedByTheNext()
    {
        var house = new InterruptedHouse(Trust);
        await SeedAsync(house);
        var writes = house.Writes;

        await SeedAsync(house);

        Assert.Equal(writes, house.Writes);
    }

    private static async Task SeedAsync(InterruptedHouse house)
    {
        using var http = new HttpClient(house, disposeHandler: false) { BaseAddress = new Uri("http://house/") };
        var seed = new SeedContext(Trust, Packs, person => new Identity("issuer", person), Today, _ => Task.FromResult(new RestApi(http, "token")), _ => { });
        foreach (var person in Trust.Staff)
        {
            seed.People[person.Key] = person.Key;
        }

        foreach (var collection in Trust.Pack.Collections)
        {
            seed.Collections[collection.Name] = collection.Name;
        }

        await ImprovementSeeding.VisitsAsync(seed, Ct);
        await ThreadSeeding.AllAsync(seed, Ct);
    }
}
