using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using GoldenThread.Assessment.Events.V1;
using GoldenThread.Reviews.Events.V1;
using GoldenThread.Tracking.Events.V1;
using MassTransit.Serialization;

namespace GoldenThread.Contracts.Tests;

/// <summary>
/// The events as they lie on the wire, each held to a golden sample in which every field has a value. A field that is renamed or moved breaks a
/// consumer that is already running; a field or an event that is added needs its sample.
/// </summary>
public sealed class EventTests
{
    private static readonly JsonSerializerOptions Publisher = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly Assembly[] Contracts = [typeof(ResultsRecorded).Assembly, typeof(VisitChanged).Assembly, typeof(GrantChanged).Assembly];

    public static TheoryData<string> Events => new(EventTypes().Select(type => type.FullName!));

    [Theory]
    [MemberData(nameof(Events))]
    public void Event_KeepsItsShape(string name)
    {
        var type = TypeOf(name);
        var golden = Golden(type);
        var read = JsonSerializer.Deserialize(golden, type, Publisher);
        Assert.Equal(golden, JsonSerializer.Serialize(read, type, Publisher) + "\n");
    }

    [Theory]
    [MemberData(nameof(Events))]
    public void Event_IsReadByConsumers_AsThePublisherMeantIt(string name)
    {
        var type = TypeOf(name);
        var read = JsonSerializer.Deserialize(Golden(type), type, SystemTextJsonMessageSerializer.Options);
        Assert.Equal(Golden(type), JsonSerializer.Serialize(read, type, Publisher) + "\n");
    }

    [Theory]
    [MemberData(nameof(Events))]
    public void Sample_HasAValueForEveryField(string name) => RequireAll(TypeOf(name), JsonNode.Parse(Golden(TypeOf(name))), name);

    [Theory]
    [MemberData(nameof(Events))]
    public void Event_WithAFieldOfTomorrow_IsStillRead(string name)
    {
        var type = TypeOf(name);
        var grown = JsonNode.Parse(Golden(type))!.AsObject();
        grown["fieldOfTomorrow"] = new JsonObject { ["any"] = 1 };
        var read = JsonSerializer.Deserialize(grown, type, SystemTextJsonMessageSerializer.Options);
        Assert.Equal(Golden(type), JsonSerializer.Serialize(read, type, Publisher) + "\n");
    }

    [Fact]
    public void Sample_OfNoEvent_IsNotKept()
    {
        var events = EventTypes().Select(type => type.FullName).ToHashSet();
        var samples = Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "golden"), "*.json").Select(Path.GetFileNameWithoutExtension);
        Assert.All(samples, sample => Assert.Contains(sample, events));
    }

    // What is published is what no other record of the contracts is made of.
    private static IEnumerable<System.Type> EventTypes()
    {
        var records = Contracts.SelectMany(assembly => assembly.GetExportedTypes()).ToList();
        var parts = records.SelectMany(type => type.GetProperties()).Select(property => ElementOf(property.PropertyType)).ToHashSet();
        return records.Where(type => !parts.Contains(type)).OrderBy(type => type.FullName, StringComparer.Ordinal);
    }

    private static System.Type TypeOf(string name) => EventTypes().Single(type => type.FullName == name);

    private static System.Type ElementOf(System.Type type) => type.IsGenericType ? ElementOf(type.GetGenericArguments()[0]) : type;

    private static string Golden(System.Type type)
    {
        var file = Path.Combine(AppContext.BaseDirectory, "golden", type.FullName + ".json");
        Assert.True(File.Exists(file), $"{type.FullName} has no sample: add golden/{type.FullName}.json with a value for every field");
        return File.ReadAllText(file);
    }

    private static void RequireAll(System.Type type, JsonNode? sample, string where)
    {
        foreach (var property in type.GetProperties())
        {
            var name = JsonNamingPolicy.CamelCase.ConvertName(property.Name);
            var value = sample?[name];
            Assert.True(value is not null, $"the sample of {where} has no value for {name}");
            var element = ElementOf(property.PropertyType);
            if (value is JsonArray items)
            {
                Assert.True(items.Count > 0, $"the sample of {where} has nothing in {name}");
                value = items[0];
            }

            if (element.Namespace == type.Namespace)
            {
                RequireAll(element, value, $"{where}.{name}");
            }
        }
    }
}
