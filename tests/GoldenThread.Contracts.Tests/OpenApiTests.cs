using System.Text.Json.Nodes;
using GoldenThread.Gateway.Contracts;
using GoldenThread.Gateway.OpenApi;
using GoldenThread.Gateway.Transcoding;
using GoldenThread.Gateway.Transcoding.Json;
using GoldenThread.TestSupport;
using GoldenThread.Type.V1;

namespace GoldenThread.Contracts.Tests;

/// <summary>The OpenAPI document: complete, true to the contracts, and the one that is committed.</summary>
public sealed class OpenApiTests
{
    private static readonly byte[] Bytes = OpenApiDocument.Of(ContractFile.Set);
    private static readonly JsonObject Document = JsonNode.Parse(Bytes)!.AsObject();

    [Fact]
    public void CommittedDocument_IsWhatTheContractsSayNow() =>
        Assert.Equal(File.ReadAllText(Repository.File("gateway/openapi/v1.json")), System.Text.Encoding.UTF8.GetString(Bytes));

    [Fact]
    public void SameContracts_GiveTheSameBytes()
    {
        var again = ContractSet.Load(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "contracts.pb")));
        Assert.Equal(Bytes, OpenApiDocument.Of(again));
    }

    [Fact]
    public void AnnotatedRpc_IsReachedByExactlyOneRoute_AndStandsOnceInTheDocument()
    {
        foreach (var rpc in ContractFile.PublicRpcs)
        {
            var ways = ContractFile.Set.Methods.Where(method => method.Rpc == rpc).ToList();
            Assert.True(ways.Count == 1 + ContractFile.RuleOf(rpc)!.AdditionalBindings.Count, $"{rpc.FullName} has {ways.Count} routes");
            foreach (var way in ways)
            {
                var operation = OperationOf(way);
                Assert.True(operation is not null, $"{way.Verb} {way.Path.Text} is not in the document");
                Assert.StartsWith($"{ContractSet.ServiceNameOf(rpc)}_{rpc.Name}", (string?)operation["operationId"], StringComparison.Ordinal);
            }
        }

        Assert.Equal(ContractFile.Set.Methods.Count, Operations().Count());
        Assert.Equal(ContractFile.Set.Methods.Count, ContractFile.Set.Methods.Select(method => $"{method.Verb} {method.Path.Route}").Distinct().Count());
    }

    [Fact]
    public void OperationIds_AreUnique()
    {
        var ids = Operations().Select(operation => (string)operation["operationId"]!).ToList();
        Assert.Equal(ids.Distinct(), ids);
    }

    [Fact]
    public void Operation_IsDescribed_AndSaysItsScopeAndRoles()
    {
        foreach (var method in ContractFile.Set.Methods)
        {
            var operation = OperationOf(method)!;
            var access = method.Rpc.GetOptions().GetExtension(AccessExtensions.Access);
            Assert.False(string.IsNullOrWhiteSpace((string?)operation["summary"]), $"{method.Rpc.FullName} has no comment");
            Assert.Equal(access.Scope, (string?)operation["security"]![0]!["oauth2"]![0]);
            Assert.Equal(access.Roles.Count, operation["x-roles"]!.AsArray().Count);
            foreach (var status in new[] { "200", "400", "401", "403", "429", "503" })
            {
                Assert.True(operation["responses"]![status] is not null, $"{method.Rpc.FullName} does not say what {status} means");
            }
        }
    }

    [Fact]
    public void FieldOfARequest_IsAParameterOrInTheBody()
    {
        foreach (var method in ContractFile.Set.Methods)
        {
            var operation = OperationOf(method)!;
            var parameters = operation["parameters"]!.AsArray().Select(parameter => (string?)parameter!["name"]).ToHashSet();
            var body = method.TakesWholeBody ? BodyProperties(operation) : [];
            foreach (var field in method.Request.Fields.Where(field => field != method.BodyField))
            {
                var isParameter = parameters.Any(name => name == field.Descriptor.Name || name?.StartsWith(field.Descriptor.Name + ".", StringComparison.Ordinal) == true);
                Assert.True(isParameter != body.Contains(field.Descriptor.JsonName), $"{field.Descriptor.FullName} is in neither, or in both");
            }
        }
    }

    [Fact]
    public void ChangeOfAVersionedThing_SaysThatItNeedsIfMatch()
    {
        foreach (var method in ContractFile.Set.Methods.Where(method => method.Verb == "PATCH"))
        {
            var operation = OperationOf(method)!;
            var names = operation["parameters"]!.AsArray().Select(parameter => (string?)parameter!["$ref"]);
            Assert.True(names.Contains("#/components/parameters/IfMatchRequired"), $"the comment of {method.Rpc.FullName} does not say that it needs If-Match");
            Assert.NotNull(operation["responses"]!["412"]);
            Assert.NotNull(operation["responses"]!["428"]);
        }
    }

    [Fact]
    public void Replacement_SaysThatItTakesIfMatch()
    {
        foreach (var method in ContractFile.Set.Methods.Where(method => method.Verb == "PUT"))
        {
            var operation = OperationOf(method)!;
            var names = operation["parameters"]!.AsArray().Select(parameter => (string?)parameter!["$ref"]);
            Assert.True(names.Contains("#/components/parameters/IfMatch"), $"the comment of {method.Rpc.FullName} does not say that it takes If-Match");
            Assert.NotNull(operation["responses"]!["412"]);
        }
    }

    [Fact]
    public void References_LeadSomewhere()
    {
        foreach (var reference in References(Document).Distinct())
        {
            JsonNode? at = Document;
            foreach (var step in reference.TrimStart('#', '/').Split('/'))
            {
                at = at?[step];
            }

            Assert.True(at is not null, $"{reference} leads nowhere");
        }
    }

    [Fact]
    public void JsonShapes_AreThoseOfProto3()
    {
        var result = Document["components"]!["schemas"]!["assessment.Result"]!;
        Assert.Equal("date-time", (string?)result["properties"]!["recordedAt"]!["format"]);
        Assert.Equal("integer", (string?)result["properties"]!["schoolUrn"]!["type"]);
        Assert.Equal("string", (string?)result["properties"]!["score"]!["type"]);
        var required = result["required"]!.AsArray().Select(name => (string?)name).ToList();
        Assert.Contains("schoolUrn", required);
        Assert.DoesNotContain("score", required);
        Assert.Equal(["score", "code"], result["not"]!["required"]!.AsArray().Select(name => (string?)name));
    }

    [Fact]
    public void Upload_TakesItsFileRaw_AndDownload_GivesItRaw()
    {
        var upload = Document["paths"]!["/v1/collections/{collection_id}/results:import"]!["post"]!;
        Assert.NotNull(upload["requestBody"]!["content"]!["text/csv"]);
        var download = Document["paths"]!["/v1/attainment:download"]!["get"]!;
        Assert.NotNull(download["responses"]!["200"]!["content"]!["text/csv"]);
    }

    [Fact]
    public void BodyAndAnswer_HaveAnExample_ThatTheGatewayReads()
    {
        var bodies = 0;
        foreach (var method in ContractFile.Set.Methods)
        {
            var operation = OperationOf(method)!;
            if (JsonIn(operation["requestBody"]) is { } body)
            {
                bodies++;
                var example = ExampleIn(body, $"the body of {method.Rpc.FullName}");
                if (method.BodyField is { } field)
                {
                    JsonToWire.Field(field, example, new WireBuffer());
                }
                else
                {
                    JsonToWire.Message(method.Request, example, new WireBuffer());
                }
            }

            if (JsonIn(operation["responses"]!["200"]) is { } answer)
            {
                JsonToWire.Message(method.Response!, ExampleIn(answer, $"the answer of {method.Rpc.FullName}"), new WireBuffer());
            }
        }

        Assert.True(bodies > 40, $"only {bodies} bodies were looked at");
    }

    [Fact]
    public void Example_ShowsWhatAValueLooksLike()
    {
        var pupil = JsonIn(Document["paths"]!["/v1/pupils/{pupil_id}"]!["get"]!["responses"]!["200"])!["example"]!["pupil"]!;
        Assert.True(Guid.TryParse((string?)pupil["pupilId"], out _));
        Assert.True(DateOnly.TryParseExact((string?)pupil["bornOn"], "yyyy-MM-dd", out _));
        Assert.Equal("D801200012001", (string?)pupil["upn"]);
        Assert.Equal("SEX_FEMALE", (string?)pupil["sex"]);
        Assert.Equal("\"3\"", (string?)pupil["etag"]);
        var result = JsonIn(Document["paths"]!["/v1/schools/{school_urn}/results"]!["post"]!["responses"]!["200"])!["example"]!["result"]!;
        Assert.Equal(("104.5", null), ((string?)result["score"], (string?)result["code"]));
        Assert.Equal("2026-01-31T09:00:00Z", (string?)result["recordedAt"]);
    }

    private static JsonNode? JsonIn(JsonNode? bodyOrAnswer) => bodyOrAnswer?["content"]?["application/json"];

    private static byte[] ExampleIn(JsonNode media, string whose) =>
        media["example"] is { } example ? System.Text.Encoding.UTF8.GetBytes(example.ToJsonString()) : throw new InvalidOperationException($"{whose} has no example");

    private static JsonObject? OperationOf(RestMethod method) =>
        Document["paths"]![OpenApiDocument.PathOf(method.Path.Text)]?[method.Verb.ToLowerInvariant()]?.AsObject();

    private static IEnumerable<JsonObject> Operations() => Document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject()).Select(verb => verb.Value!.AsObject());

    private static HashSet<string> BodyProperties(JsonObject operation)
    {
        var schema = operation["requestBody"]?["content"]?["application/json"]?["schema"];
        var name = ((string?)schema?["$ref"])?.Split('/')[^1];
        return name is null ? [] : [.. Document["components"]!["schemas"]![name]!["properties"]!.AsObject().Select(property => property.Key)];
    }

    private static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject found => found.SelectMany(member => member.Key == "$ref" ? [(string)member.Value!] : References(member.Value)),
        JsonArray items => items.SelectMany(References),
        _ => [],
    };
}
