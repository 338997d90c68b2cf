using System.Text.Json;
using System.Text.Json.Nodes;
using MassTransit;

namespace GoldenThread.Tests;

/// <summary>Every event that reporting consumes is read from its golden sample without losing a field.</summary>
public sealed class GoldenEventTests
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static TheoryData<System.Type> Consumed => new(
        from type in typeof(Reporting.Errors).Assembly.GetTypes()
        from contract in type.GetInterfaces()
        where contract.IsGenericType && contract.GetGenericTypeDefinition() == typeof(IConsumer<>)
        select contract.GetGenericArguments()[0]);

    [Theory]
    [MemberData(nameof(Consumed))]
    public void Sample_IsReadWhole(System.Type type)
    {
        var sample = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "golden", $"{type.FullName}.json"));

        var read = JsonSerializer.Deserialize(sample, type, Json);

        Assert.True(
            JsonNode.DeepEquals(JsonNode.Parse(sample), JsonSerializer.SerializeToNode(read, type, Json)),
            $"{JsonSerializer.Serialize(read, type, Json)} is not {sample}");
    }

    [Fact]
    public void Reporting_ConsumesElevenEvents() => Assert.Equal(11, Consumed.Count);
}
