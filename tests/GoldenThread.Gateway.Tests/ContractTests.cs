using GoldenThread.Gateway.Contracts;
using GoldenThread.Gateway.Transcoding.Json;
using GoldenThread.TestSupport;
using Google.Api;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace GoldenThread.Gateway.Tests;

/// <summary>Descriptor sets: loaded, taken over while running, refused by name.</summary>
public sealed class ContractTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"contracts-{Guid.NewGuid():N}.pb");

    [Fact]
    public void RealContracts_Load_AndEveryAnnotatedPublicRpcHasExactlyOneRoutePerRule()
    {
        var set = ContractSet.Load(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "contracts.pb")));
        var annotated = set.Files.Where(file => !file.Package.Contains(".internal.", StringComparison.Ordinal))
            .SelectMany(file => file.Services)
            .SelectMany(service => service.Methods)
            .Where(rpc => rpc.GetOptions()?.GetExtension(AnnotationsExtensions.Http) is not null)
            .ToList();
        Assert.NotEmpty(annotated);
        foreach (var rpc in annotated)
        {
            var rules = 1 + rpc.GetOptions().GetExtension(AnnotationsExtensions.Http).AdditionalBindings.Count;
            Assert.Equal(rules, set.Methods.Count(method => method.Rpc == rpc));
        }

        Assert.Equal(set.Methods.Count, set.Methods.Select(method => $"{method.Verb} {method.Path.Route}").Distinct().Count());
        Assert.DoesNotContain(set.PublicRpcs, rpc => rpc.File.Package.Contains("internal", StringComparison.Ordinal));
    }

    [Fact]
    public async Task GrownContracts_AreTakenOver_WithoutRestart()
    {
        await using var kitchen = await KitchenServer.StartAsync("only");
        File.Copy(GatewayUnderTest.KitchenContracts, _path);
        await using var gateway = await GatewayUnderTest.StartAsync([kitchen], "Gateway:Contracts=" + _path, "Gateway:ContractsInterval=00:00:00.050");
        await gateway.GetAsync("/v1/dishes/1");
        Write(set =>
        {
            // A field that the running service does not know yet, and a second way to reach an rpc.
            Message(set, "GetDishRequest").Field.Add(new FieldDescriptorProto
            {
                Name = "sauce",
                JsonName = "sauce",
                Number = 9,
                Type = FieldDescriptorProto.Types.Type.String,
                Label = FieldDescriptorProto.Types.Label.Optional,
            });
            Rule(set, "WhoAnswers").AdditionalBindings.Add(new HttpRule { Get = "/v1/whoever" });
        });
        await Eventually.Async(async () => Assert.Equal("only", (string?)(await gateway.GetAsync("/v1/whoever"))["name"]));
        await gateway.GetAsync("/v1/dishes/1?sauce=mint");
        Assert.True(gateway.Log.Says("Took over"));
    }

    [Fact]
    public async Task BreakingOrUnsupportedContracts_AreRefusedByName_AndTheOldOnesStay()
    {
        await using var kitchen = await KitchenServer.StartAsync("only");
        File.Copy(GatewayUnderTest.KitchenContracts, _path);
        await using var gateway = await GatewayUnderTest.StartAsync([kitchen], "Gateway:Contracts=" + _path, "Gateway:ContractsInterval=00:00:00.050");
        await RefusedAsync(gateway, set => Message(set, "Dish").Field[2].Type = FieldDescriptorProto.Types.Type.String, "test.kitchen.v1.Dish.calories (3) was int32");
        await RefusedAsync(gateway, set => Message(set, "Dish").Field.RemoveAt(6), "test.kitchen.v1.Dish.tags (7) is gone");
        await RefusedAsync(gateway, set => Rule(set, "GetDish").Get = "/v2/dishes/{dish_id}", "GetDish#0 was GET /v1/dishes/{dish_id}");
        await RefusedAsync(gateway, set => Kitchen(set).Method.Remove(Method(set, "ServeDish")), "ServeDish#0 (POST /v1/dishes/{dish_id}:serve) is gone");
        await RefusedAsync(gateway, set => set.File.Single(IsKitchen).EnumType[0].Value.RemoveAt(1), "COLOUR_RED (1) is gone");
        await RefusedAsync(gateway, set => Rule(set, "ListDishes").ResponseBody = "dishes", "ListDishes uses response_body");
        await RefusedAsync(gateway, set => set.File.Single(IsKitchen).Dependency.Clear(), "not a descriptor set");
        await File.WriteAllTextAsync(_path, "this is no descriptor set", TestContext.Current.CancellationToken);
        await gateway.GetAsync("/v1/dishes/1");
        // A folder in its place may not be read, whoever asks: like a file whose rights are wrong.
        File.Delete(_path);
        Directory.CreateDirectory(_path);
        await Eventually.Async(() => Task.FromResult(gateway.Log.Says("cannot be read now")), "the log says that the file cannot be read");
        await gateway.GetAsync("/v1/dishes/1");
        Directory.Delete(_path);
        Write(set => Rule(set, "WhoAnswers").AdditionalBindings.Add(new HttpRule { Get = "/v1/whoever" }));
        await Eventually.Async(async () => Assert.Equal("only", (string?)(await gateway.GetAsync("/v1/whoever"))["name"]));
    }

    [Fact]
    public void Unsupported_IsRefusedByName()
    {
        Refuses(set => Rule(set, "GetDish").Get = "/v1/{**}/x", "GetDish");
        Refuses(set => Rule(set, "GetFile").Get = "/v1/{path=**}/x", "**");
        Refuses(set => Rule(set, "GetDish").Get = "/v1/dishes/{dish}", "'dish' in its path");
        Refuses(set => Rule(set, "GetDish").Get = "/v1/dishes/x{dish_id}", "is not supported");
        Refuses(set => Rule(set, "CookDish").Body = "nothing", "the body 'nothing'");
        Refuses(set => Rule(set, "GetDish").Body = "*", "a body on GET");
        Refuses(set => Rule(set, "GetDish").Custom = new CustomHttpPattern { Kind = "LOOK", Path = "/x" }, "neither get");
        Refuses(set => Rule(set, "WhoAnswers").Get = "/v1/dishes", "leads to");
        Refuses(set => Rule(set, "ImportMenu").Body = "*", "HttpBody's shape");
        Refuses(set => Method(set, "WatchDishes").ClientStreaming = true, "streams both ways");
        Refuses(set => Method(set, "Echo").OutputType = ".google.protobuf.Any", "google.protobuf.Any");
        Refuses(set => Method(set, "Echo").OutputType = ".google.api.HttpBody", "google.api.HttpBody other than");
    }

    public void Dispose()
    {
        if (Directory.Exists(_path))
        {
            Directory.Delete(_path);
        }

        File.Delete(_path);
    }

    private static FileDescriptorSet Read()
    {
        var extensions = new ExtensionRegistry { AnnotationsExtensions.Http };
        return FileDescriptorSet.Parser.WithExtensionRegistry(extensions).ParseFrom(File.ReadAllBytes(GatewayUnderTest.KitchenContracts));
    }

    private static bool IsKitchen(FileDescriptorProto file) => file.Name == "kitchen.proto";

    private static ServiceDescriptorProto Kitchen(FileDescriptorSet set) => set.File.Single(IsKitchen).Service.Single();

    private static MethodDescriptorProto Method(FileDescriptorSet set, string name) => Kitchen(set).Method.Single(method => method.Name == name);

    private static HttpRule Rule(FileDescriptorSet set, string name) => Method(set, name).Options.GetExtension(AnnotationsExtensions.Http);

    private static DescriptorProto Message(FileDescriptorSet set, string name) =>
        set.File.Single(IsKitchen).MessageType.Single(message => message.Name == name);

    private static void Refuses(Action<FileDescriptorSet> change, string reason)
    {
        var set = Read();
        change(set);
        var refusal = Assert.Throws<UnsupportedContractException>(() => ContractSet.Load(set.ToByteArray()));
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
    }

    // Written beside and moved, as a mounted file changes: never half.
    private void Write(Action<FileDescriptorSet> change)
    {
        var set = Read();
        change(set);
        File.WriteAllBytes(_path + ".new", set.ToByteArray());
        File.Move(_path + ".new", _path, overwrite: true);
    }

    private async Task RefusedAsync(GatewayUnderTest gateway, Action<FileDescriptorSet> change, string reason)
    {
        Write(change);
        await Eventually.Async(() => Task.FromResult(gateway.Log.Says(reason)), "the log names: " + reason);
        var answer = await gateway.GetAsync("/v1/dishes/1");
        Assert.Equal(0, (int?)answer["dish"]!["calories"]);
    }
}
