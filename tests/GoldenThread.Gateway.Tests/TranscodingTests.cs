using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using GoldenThread.Gateway.Tests.Kitchen.V1;
using GoldenThread.TestSupport;
using Grpc.Core;
using Grpc.Net.Client;

namespace GoldenThread.Gateway.Tests;

/// <summary>REST at one end, a gRPC service at the other.</summary>
public sealed class TranscodingTests(KitchenFixture fixture) : IClassFixture<KitchenFixture>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private GatewayUnderTest Gateway => fixture.Gateway;

    [Fact]
    public async Task Get_BindsThePath_AndWritesWhatIsNotPresent_ButNotWhatIsAbsent()
    {
        var answer = await Gateway.GetAsync("/v1/dishes/42");
        Assert.Equal(
            """{"dish":{"dishId":"42","name":"Soup","calories":0,"vegan":false,"etag":"v7","tags":[]},"restaurant":""}""", answer.ToJsonString());
    }

    [Fact]
    public async Task Get_ByAnAdditionalBinding_ReachesTheSameRpc()
    {
        var answer = await Gateway.GetAsync("/v1/restaurants/blue/dishes/42");
        Assert.Equal("blue", (string?)answer["restaurant"]);
        Assert.Equal("42", (string?)answer["dish"]!["dishId"]);
    }

    [Theory]
    [InlineData("a%2Fb", "a/b")]
    [InlineData("a%252Fb", "a%2Fb")]
    [InlineData("%C3%A9%20x", "é x")]
    [InlineData("a:b", "a:b")]
    [InlineData("a+b", "a+b")]
    public async Task PathVariable_IsDecodedOnce(string encoded, string expected)
    {
        var answer = await Gateway.GetAsync("/v1/dishes/" + encoded);
        Assert.Equal(expected, (string?)answer["dish"]!["dishId"]);
    }

    [Fact]
    public async Task PathVariable_OfManyParts_IsBoundWhole()
    {
        Assert.Equal("shelves/1/books/a/b", (string?)(await Gateway.GetAsync("/v1/shelves/1/books/a%2Fb"))["name"]);
        Assert.Equal("x/y/z.txt", (string?)(await Gateway.GetAsync("/v1/files/x/y/z.txt"))["path"]);
    }

    [Theory]
    [InlineData("%00")]
    [InlineData("a%FFb")]
    public async Task PathVariable_WithNulOrWithoutUnicode_IsRefused(string value)
    {
        using var response = await Gateway.Http.GetAsync("/v1/dishes/" + value, Ct);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task Query_BindsScalarsListsEnumsInstantsAndNestedFields()
    {
        var answer = await Gateway.GetAsync(
            "/v1/dishes?pageSize=7&page_token=t%26x&tags=a&tags=b&colour=COLOUR_RED&asAt=2026-09-01T08:30:00%2B01:00"
            + "&filter.minCalories=5&filter.vegan=true&big=9007199254740993");
        Assert.Equal(
            """{"pageSize":7,"pageToken":"t&x","tags":["a","b"],"colour":"COLOUR_RED","asAt":"2026-09-01T07:30:00Z","filter":{"minCalories":5,"vegan":true},"big":"9007199254740993"}""",
            answer["request"]!.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
    }

    [Theory]
    [InlineData("/v1/dishes?colr=1", "UNKNOWN_PARAMETER", "/colr")]
    [InlineData("/v1/dishes?filter.minCal=1", "UNKNOWN_PARAMETER", "/filter/minCal")]
    [InlineData("/v1/dishes?filter=1", "UNKNOWN_PARAMETER", "/filter")]
    [InlineData("/v1/dishes/42?dishId=43", "UNKNOWN_PARAMETER", "/dishId")]
    [InlineData("/v1/dishes?pageSize=many", "INVALID_VALUE", "/pageSize")]
    [InlineData("/v1/dishes?pageSize=99999999999", "INVALID_VALUE", "/pageSize")]
    [InlineData("/v1/dishes?pageSize=1&pageSize=2", "INVALID_VALUE", "/pageSize")]
    [InlineData("/v1/dishes?colour=COLOUR_PINK", "INVALID_VALUE", "/colour")]
    [InlineData("/v1/dishes?asAt=yesterday", "INVALID_VALUE", "/asAt")]
    [InlineData("/v1/dishes?asAt=2026-09-01T08:30:00", "INVALID_VALUE", "/asAt")]
    [InlineData("/v1/dishes?pageToken=a%00b", "INVALID_VALUE", "/pageToken")]
    public async Task Parameter_ThatIsUnknownOrWrong_IsRefusedByName(string path, string code, string pointer)
    {
        using var response = await Gateway.Http.GetAsync(path, Ct);
        var problem = await GatewayUnderTest.ProblemAsync(response, 400, code);
        Assert.Equal(pointer, (string?)problem["errors"]![0]!["pointer"]);
    }

    [Fact]
    public async Task Body_OfOneField_LeavesTheOthersToPathAndQuery()
    {
        var answer = await Gateway.PostAsync("/v1/restaurants/blue/dishes?dryRun=true", """{"name":"Pie","calories":"12","note":null}""");
        Assert.Equal("blue", (string?)answer["restaurant"]);
        Assert.True((bool?)answer["dryRun"]);
        Assert.Equal("Pie", (string?)answer["dish"]!["name"]);
        Assert.Equal(12, (int?)answer["dish"]!["calories"]);
        Assert.False(answer["dish"]!.AsObject().ContainsKey("note"));
    }

    [Theory]
    [InlineData("", "BODY_REQUIRED", "")]
    [InlineData("{", "MALFORMED_JSON", "")]
    [InlineData("""{"name":"Pie"} x""", "MALFORMED_JSON", "")]
    [InlineData("""{"name":"Pie",}""", "MALFORMED_JSON", "")]
    [InlineData("""{"nam":"Pie"}""", "UNKNOWN_FIELD", "/nam")]
    [InlineData("""{"name":7}""", "INVALID_VALUE", "/name")]
    [InlineData("""{"calories":"x"}""", "INVALID_VALUE", "/calories")]
    [InlineData("""{"calories":1.5}""", "INVALID_VALUE", "/calories")]
    [InlineData("""{"calories":2147483648}""", "INVALID_VALUE", "/calories")]
    [InlineData("""{"vegan":"yes"}""", "INVALID_VALUE", "/vegan")]
    [InlineData("""{"tags":["a",{"b":1}]}""", "INVALID_VALUE", "/tags/1")]
    [InlineData("""{"tags":["a",null]}""", "INVALID_VALUE", "/tags/1")]
    [InlineData("""{"name":"a\u0000b"}""", "INVALID_VALUE", "/name")]
    [InlineData("""{"name":"\ud800"}""", "INVALID_VALUE", "/name")]
    [InlineData("""{"name":"a","name":"b"}""", "INVALID_VALUE", "/name")]
    [InlineData("[]", "INVALID_VALUE", "")]
    public async Task Body_ThatDoesNotFit_IsRefusedWithItsPlace(string json, string code, string pointer)
    {
        using var response = await Gateway.Http.PostAsync("/v1/restaurants/blue/dishes", GatewayUnderTest.Json(json), Ct);
        var problem = await GatewayUnderTest.ProblemAsync(response, 400, code);
        if (code != "MALFORMED_JSON")
        {
            Assert.Equal(pointer, (string?)problem["errors"]![0]!["pointer"]);
        }
    }

    [Theory]
    [InlineData("""{"children":[{},{"colour":"COLOUR_PINK"}]}""", "/children/1/colour")]
    [InlineData("""{"byText":{"a/b~c":7}}""", "/byText/a~1b~0c")]
    [InlineData("""{"byNumber":{"1":{"inner":{"bools":[true,2]}}}}""", "/byNumber/1/inner/bools/1")]
    [InlineData("""{"chosenInt32":1,"chosenString":"x"}""", "/chosenString")]
    [InlineData("""{"colour":99}""", "/colour")]
    [InlineData("""{"someBytes":"***"}""", "/someBytes")]
    public async Task Body_WithAFaultDeepWithin_NamesItsPlace(string json, string pointer)
    {
        using var response = await Gateway.Http.PostAsync("/v1/echo", GatewayUnderTest.Json(json), Ct);
        var problem = await GatewayUnderTest.ProblemAsync(response, 400, "INVALID_VALUE");
        Assert.Equal(pointer, (string?)problem["errors"]![0]!["pointer"]);
    }

    [Fact]
    public async Task Body_ThatIsNotUtf8_IsRefused()
    {
        using var content = new ByteArrayContent([(byte)'{', (byte)'"', 0xff, (byte)'"', (byte)':', (byte)'1', (byte)'}']);
        content.Headers.ContentType = new("application/json");
        using var response = await Gateway.Http.PostAsync("/v1/echo", content, Ct);
        await GatewayUnderTest.ProblemAsync(response, 400, "MALFORMED_JSON");
    }

    [Fact]
    public async Task Body_NestedTooDeep_IsRefused_AndDeepEnoughIsRead()
    {
        static string Nested(int depth) => string.Concat(Enumerable.Repeat("{\"inner\":", depth)) + "{}" + new string('}', depth);
        using var response = await Gateway.Http.PostAsync("/v1/echo", GatewayUnderTest.Json(Nested(10_000)), Ct);
        var problem = await GatewayUnderTest.ProblemAsync(response, 400, "MALFORMED_JSON");
        Assert.Contains("nested", (string)problem["detail"]!, StringComparison.Ordinal);
        await Gateway.PostAsync("/v1/echo", Nested(50));
    }

    [Fact]
    public async Task Body_BeyondTheLimit_IsRefused_DeclaredOrNot()
    {
        var large = """{"aString":" """ + new string('x', 300_000) + "\"}";
        using var declared = await Gateway.Http.PostAsync("/v1/echo", GatewayUnderTest.Json(large), Ct);
        var told = await GatewayUnderTest.ProblemAsync(declared, 413, "MESSAGE_TOO_LARGE");
        Assert.Equal("A JSON body has at most 256 KiB. Send it in several requests.", (string?)told["detail"]);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/echo") { Content = GatewayUnderTest.Json(large) };
        request.Headers.TransferEncodingChunked = true;
        using var chunked = await Gateway.Http.SendAsync(request, Ct);
        await GatewayUnderTest.ProblemAsync(chunked, 413, "MESSAGE_TOO_LARGE");
        // The rest of such a body is not read, so the connection cannot go on; that of a small one can.
        Assert.All([declared, chunked], response => Assert.True(response.Headers.ConnectionClose));
        using var small = await Gateway.Http.PostAsync("/v1/echo", GatewayUnderTest.Json("{"), Ct);
        Assert.NotEqual(true, small.Headers.ConnectionClose);
    }

    [Fact]
    public async Task Body_OfAnotherType_OrWhereNoneBelongs_IsRefused()
    {
        using var text = await Gateway.Http.PostAsync("/v1/echo", new StringContent("{}", Encoding.UTF8, "text/plain"), Ct);
        await GatewayUnderTest.ProblemAsync(text, 415, "UNSUPPORTED_MEDIA_TYPE");
        using var unwanted = await Gateway.Http.PostAsync("/v1/dishes/1:serve", GatewayUnderTest.Json("{}"), Ct);
        await GatewayUnderTest.ProblemAsync(unwanted, 400, "BODY_NOT_ALLOWED");
        using var none = await Gateway.Http.PostAsync("/v1/dishes/1:serve", null, Ct);
        Assert.Equal("{}", await none.Content.ReadAsStringAsync(Ct));
    }

    [Fact]
    public async Task EveryKindOfField_TravelsThereAndBack()
    {
        var formatter = new Google.Protobuf.JsonFormatter(Google.Protobuf.JsonFormatter.Settings.Default.WithFormatDefaultValues(true));
        var messages = new RandomMessages(7);
        for (var round = 0; round < 100; round++)
        {
            var json = formatter.Format(messages.Create(Everything.Descriptor));
            if (Encoding.UTF8.GetByteCount(json) > 200_000)
            {
                continue;
            }

            var answer = await Gateway.PostAsync("/v1/echo", json);
            Assert.Equal("", JsonComparison.FirstDifference(answer["everything"]!.ToJsonString(), json));
        }
    }

    [Fact]
    public async Task Etag_ComesAsHeader_AndIfMatchArrives()
    {
        using var read = await Gateway.Http.GetAsync("/v1/dishes/42", Ct);
        Assert.Equal("\"v7\"", read.Headers.ETag?.ToString());
        using var request = new HttpRequestMessage(HttpMethod.Patch, "/v1/dishes/42") { Content = GatewayUnderTest.Json("""{"name":"Stew"}""") };
        request.Headers.TryAddWithoutValidation("If-Match", "\"v7\"");
        using var written = await Gateway.Http.SendAsync(request, Ct);
        Assert.Equal("\"v7+1\"", written.Headers.ETag?.ToString());
        Assert.Equal("""{"etag":"v7+1","name":"Stew"}""", await written.Content.ReadAsStringAsync(Ct));
    }

    [Fact]
    public async Task Etag_ThatBearsItsQuotesAlready_IsNotQuotedAgain()
    {
        using var read = await Gateway.Http.GetAsync("/v1/dishes/quoted", Ct);
        Assert.Equal("\"7\"", Assert.Single(read.Headers.NonValidated["ETag"]));
    }

    [Fact]
    public async Task Metadata_CarriesWhatTheCallerMaySay_AndNothingElse()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/dishes/42:cook") { Content = GatewayUnderTest.Json("""{"minutes":3}""") };
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer abc");
        request.Headers.TryAddWithoutValidation("Idempotency-Key", "k-1");
        request.Headers.TryAddWithoutValidation("Purpose", "review");
        request.Headers.TryAddWithoutValidation("If-Match", "\"v7\"");
        request.Headers.TryAddWithoutValidation("traceparent", "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01");
        request.Headers.TryAddWithoutValidation("grpc-timeout", "1H");
        request.Headers.TryAddWithoutValidation("x-secret", "s");
        using var response = await Gateway.Http.SendAsync(request, Ct);
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync(Ct))!;
        var metadata = answer["metadata"]!;
        Assert.Equal("Bearer abc", (string?)metadata["authorization"]);
        Assert.Equal("k-1", (string?)metadata["idempotency-key"]);
        Assert.Equal("review", (string?)metadata["purpose"]);
        Assert.Equal("v7", (string?)metadata["if-match"]);
        Assert.Contains("0123456789abcdef0123456789abcdef", (string)metadata["traceparent"]!, StringComparison.Ordinal);
        Assert.Null(metadata["x-secret"]);
        Assert.InRange((double)answer["deadlineSeconds"]!, 1, 30);
        Assert.Contains("0123456789abcdef0123456789abcdef", Assert.Single(response.Headers.GetValues("traceparent")), StringComparison.Ordinal);
        Assert.Equal("no-store", response.Headers.CacheControl?.ToString());
    }

    [Fact]
    public async Task Header_ThatIsNotAscii_IsRefused()
    {
        using var client = new HttpClient(new SocketsHttpHandler { RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8 });
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Gateway.RestAddress, "/v1/dishes/42:cook"));
        request.Headers.TryAddWithoutValidation("Purpose", "résumé");
        using var response = await client.SendAsync(request, Ct);
        await GatewayUnderTest.ProblemAsync(response, 400, "INVALID_VALUE");
    }

    [Theory]
    [InlineData(3, "NAME_TOO_LONG", 400)]
    [InlineData(11, "PAST_THE_END", 400)]
    [InlineData(16, "TOKEN_EXPIRED", 401)]
    [InlineData(7, "SCOPE_MISSING", 403)]
    [InlineData(5, "DISH_NOT_FOUND", 404)]
    [InlineData(6, "DISH_EXISTS", 409)]
    [InlineData(9, "COLLECTION_LOCKED", 409)]
    [InlineData(10, "TRY_AGAIN", 409)]
    [InlineData(10, "ETAG_MISMATCH", 412)]
    [InlineData(9, "IF_MATCH_REQUIRED", 428)]
    [InlineData(10, "IF_MATCH_REQUIRED", 428)]
    [InlineData(9, "IDEMPOTENCY_KEY_REUSED", 422)]
    [InlineData(10, "IDEMPOTENCY_KEY_REUSED", 422)]
    [InlineData(8, "TOO_MANY", 429)]
    [InlineData(8, "UPLOAD_TOO_LARGE", 413)]
    [InlineData(8, "MESSAGE_TOO_LARGE", 413)]
    [InlineData(12, "NOT_OFFERED", 501)]
    [InlineData(14, "DATABASE_AWAY", 503)]
    [InlineData(4, "TOO_SLOW", 504)]
    public async Task Status_BecomesItsProblem(int code, string reason, int status)
    {
        var json = $$"""{"code":{{code}},"message":"words é %","reason":"{{reason}}"}""";
        using var response = await Gateway.Http.PostAsync("/v1/failures", GatewayUnderTest.Json(json), Ct);
        var problem = await GatewayUnderTest.ProblemAsync(response, status, reason);
        Assert.Equal("words é %", (string?)problem["detail"]);
        Assert.Equal(status == 401, response.Headers.WwwAuthenticate.Count > 0);
        Assert.Equal(status is 503 or 429, response.Headers.RetryAfter is not null);
    }

    [Theory]
    [InlineData(3, "INVALID_ARGUMENT", 400)]
    [InlineData(14, "UNAVAILABLE", 503)]
    [InlineData(9, "FAILED_PRECONDITION", 409)]
    public async Task Status_WithoutAReason_IsNamedByItself(int code, string name, int status)
    {
        using var response = await Gateway.Http.PostAsync("/v1/failures", GatewayUnderTest.Json($$"""{"code":{{code}},"message":"m"}"""), Ct);
        await GatewayUnderTest.ProblemAsync(response, status, name);
    }

    [Fact]
    public async Task Violations_BecomePointers_AndRetryInfoBecomesRetryAfter()
    {
        const string json = """{"code":3,"message":"m","reason":"BAD","retrySeconds":17,"fields":["dish_name","rows[3].date_of_birth"]}""";
        using var response = await Gateway.Http.PostAsync("/v1/failures", GatewayUnderTest.Json(json), Ct);
        var problem = await GatewayUnderTest.ProblemAsync(response, 400, "BAD");
        Assert.Equal(
            """[{"pointer":"/dishName","detail":"not good"},{"pointer":"/rows/3/dateOfBirth","detail":"not good"}]""", problem["errors"]!.ToJsonString());
        Assert.Equal(TimeSpan.FromSeconds(17), response.Headers.RetryAfter?.Delta);
    }

    [Theory]
    [InlineData("""{"crash":true}""")]
    [InlineData("""{"code":13,"message":"at Secret.cs"}""")]
    [InlineData("""{"code":15,"message":"at Secret.cs","reason":"LOST"}""")]
    public async Task Defect_TellsTheCallerNothingButTheTrace(string json)
    {
        using var response = await Gateway.Http.PostAsync("/v1/failures", GatewayUnderTest.Json(json), Ct);
        var problem = await GatewayUnderTest.ProblemAsync(response, 500, "INTERNAL");
        Assert.DoesNotContain("Secret", problem.ToJsonString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/v1/nowhere", 404, "NOT_FOUND")]
    [InlineData("DELETE", "/v1/dishes/1", 405, "METHOD_NOT_ALLOWED")]
    [InlineData("GET", "/v1/peek", 404, "NOT_FOUND")]
    [InlineData("POST", "/test.kitchen.v1.Kitchen/Secret", 404, "NOT_FOUND")]
    [InlineData("POST", "/test.kitchen.v1.Kitchen/GetDish", 404, "NOT_FOUND")]
    public async Task Address_ThatIsNotServed_IsAProblem(string verb, string path, int status, string code)
    {
        using var response = await Gateway.Http.SendAsync(new HttpRequestMessage(new HttpMethod(verb), path), Ct);
        await GatewayUnderTest.ProblemAsync(response, status, code);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Backend_ThatHangs_IsA504_AtTheDeadline(bool ignoreDeadline)
    {
        using var response = await Gateway.Http.GetAsync("/v1/hang?ignoreDeadline=" + (ignoreDeadline ? "true" : "false"), Ct);
        await GatewayUnderTest.ProblemAsync(response, 504, "DEADLINE_EXCEEDED");
    }

    [Fact]
    public async Task Stream_IsOneJsonPerLine()
    {
        using var response = await Gateway.Http.GetAsync("/v1/dishes:watch?count=1000", Ct);
        Assert.Equal("application/x-ndjson", response.Content.Headers.ContentType?.MediaType);
        var lines = (await response.Content.ReadAsStringAsync(Ct)).TrimEnd('\n').Split('\n');
        Assert.Equal(1000, lines.Length);
        Assert.Equal(999, (int?)JsonNode.Parse(lines[999])!["dish"]!["calories"]);
        using var empty = await Gateway.Http.GetAsync("/v1/dishes:watch", Ct);
        Assert.Equal("application/x-ndjson", empty.Content.Headers.ContentType?.MediaType);
        Assert.Equal("", await empty.Content.ReadAsStringAsync(Ct));
    }

    [Fact]
    public async Task Stream_ThatFailsOnTheWay_EndsWithTheError_AndAtOnceWithAProblem()
    {
        using var later = await Gateway.Http.GetAsync("/v1/dishes:watch?count=9&failAfter=3", Ct);
        var lines = (await later.Content.ReadAsStringAsync(Ct)).TrimEnd('\n').Split('\n');
        Assert.Equal(4, lines.Length);
        Assert.Equal("UNAVAILABLE", (string?)JsonNode.Parse(lines[3])!["error"]!["code"]);
        using var atOnce = await Gateway.Http.GetAsync("/v1/dishes:watch?count=9&failAfter=0", Ct);
        await GatewayUnderTest.ProblemAsync(atOnce, 503, "UNAVAILABLE");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(65_536)]
    [InlineData(5_000_001)]
    [InlineData(64_000_000)]
    public async Task Upload_ArrivesWhole_WithItsFieldsAndType(int length)
    {
        var file = new byte[length];
        new Random(1).NextBytes(file);
        using var content = new ByteArrayContent(file);
        content.Headers.ContentType = new("text/csv");
        using var response = await Gateway.Http.PostAsync("/v1/restaurants/a%2Fb/menu:import?dryRun=true", content, Ct);
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync(Ct))!;
        Assert.Equal(length.ToString(System.Globalization.CultureInfo.InvariantCulture), (string?)answer["bytes"]);
        Assert.Equal(Convert.ToHexString(SHA256.HashData(file)), (string?)answer["sha256"]);
        Assert.Equal("a/b", (string?)answer["restaurant"]);
        Assert.Equal("text/csv", (string?)answer["contentType"]);
        Assert.True((bool?)answer["dryRun"]);
    }

    [Fact]
    public async Task Upload_RefusedWhileItFlows_SaysWhy()
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(Gateway.RestAddress.Host, Gateway.RestAddress.Port, Ct);
        var stream = socket.GetStream();
        await stream.WriteAsync("POST /v1/restaurants/a/menu:import?refuse=true HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n"u8.ToArray(), Ct);
        await stream.WriteAsync(new byte[200_000], Ct);

        var (head, body) = await GatewayUnderTest.EarlyAnswerAsync(stream);

        Assert.StartsWith("HTTP/1.1 400 ", head[0], StringComparison.Ordinal);
        Assert.Equal(("INVALID_ARGUMENT", "this file is not wanted"), ((string?)JsonNode.Parse(body)!["code"], (string?)JsonNode.Parse(body)!["detail"]));
    }

    [Fact]
    public async Task Upload_ThatBreaksOff_NeverLooksComplete()
    {
        var complete = fixture.Kitchen.CompleteUploads;
        var begun = fixture.Kitchen.BegunUploads;
        var broken = fixture.Kitchen.BrokenUploads;
        using (var socket = new TcpClient())
        {
            await socket.ConnectAsync(Gateway.RestAddress.Host, Gateway.RestAddress.Port, Ct);
            var head = "POST /v1/restaurants/a/menu:import HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n";
            var stream = socket.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes(head), Ct);
            await stream.WriteAsync(new byte[200_000], Ct);
            await Eventually.Async(() => Task.FromResult(fixture.Kitchen.BegunUploads > begun), "the service sees the upload begin");
            socket.Client.Shutdown(SocketShutdown.Send);
            var answer = await AnswerAsync(stream);
            Assert.True(answer.Length == 0 || answer.StartsWith("HTTP/1.1 400", StringComparison.Ordinal), answer);
        }

        await Eventually.Async(() => Task.FromResult(fixture.Kitchen.BrokenUploads > broken), "the service learns that the upload broke off");
        Assert.Equal(complete, fixture.Kitchen.CompleteUploads);
    }

    [Theory]
    [InlineData(0L)]
    [InlineData(50_000_000L)]
    public async Task Download_IsTheRawFile_WithItsTypeAndName(long length)
    {
        using var response = await Gateway.Http.GetAsync($"/v1/menus/1:download?bytes={length}", HttpCompletionOption.ResponseHeadersRead, Ct);
        Assert.Equal(length == 0 ? "application/octet-stream" : "text/csv", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("attachment; filename=\"menu.csv\"", response.Content.Headers.ContentDisposition?.ToString());
        Assert.False(response.Headers.Contains("inner"));
        await using var stream = await response.Content.ReadAsStreamAsync(Ct);
        var buffer = new byte[65536];
        long total = 0;
        for (int read; (read = await stream.ReadAsync(buffer, Ct)) > 0; total += read)
        {
        }

        Assert.Equal(length, total);
    }

    [Fact]
    public async Task Download_ThatFailsOnTheWay_BreaksOff_AndAtOnceIsAProblem()
    {
        await Assert.ThrowsAsync<HttpRequestException>(() => Gateway.Http.GetByteArrayAsync("/v1/menus/1:download?bytes=500000&failAfter=100000", Ct));
        using var atOnce = await Gateway.Http.GetAsync("/v1/menus/1:download?bytes=500000&failAfter=0", Ct);
        await GatewayUnderTest.ProblemAsync(atOnce, 500, "INTERNAL");
    }

    [Fact]
    public async Task NativeGrpc_IsPassedThrough_ForPublicRpcsOnly()
    {
        using var channel = GrpcChannel.ForAddress(Gateway.GrpcAddress);
        var client = new Kitchen.V1.Kitchen.KitchenClient(channel);
        Assert.Equal("7", (await client.GetDishAsync(new GetDishRequest { DishId = "7" }, cancellationToken: Ct)).Dish.DishId);
        using var watch = client.WatchDishes(new WatchDishesRequest { Count = 3 }, cancellationToken: Ct);
        Assert.Equal(3, await watch.ResponseStream.ReadAllAsync(Ct).CountAsync(Ct));
        var failed = await Assert.ThrowsAsync<RpcException>(async () => await client.FailAsync(new FailRequest { Code = 9, Message = "no" }, cancellationToken: Ct));
        Assert.Equal(StatusCode.FailedPrecondition, failed.StatusCode);
        var secret = await Assert.ThrowsAsync<RpcException>(async () => await client.SecretAsync(new SecretRequest(), cancellationToken: Ct));
        Assert.Equal(StatusCode.Unimplemented, secret.StatusCode);
        var store = new Kitchen.Internal.V1.Store.StoreClient(channel);
        var peek = await Assert.ThrowsAsync<RpcException>(async () => await store.PeekAsync(new(), cancellationToken: Ct));
        Assert.Equal(StatusCode.Unimplemented, peek.StatusCode);
    }

    [Fact]
    public async Task Health_SaysLiveAndReady()
    {
        Assert.Equal("live", (string?)(await Gateway.GetAsync("/health/live"))["status"]);
        var ready = await Gateway.GetAsync("/health/ready");
        Assert.Equal("1 of 1 healthy", (string?)ready["services"]!["kitchen"]);
    }

    /// <summary>All that the gateway says before it closes; nothing where it closes without a word, as it may to a client that broke off.</summary>
    private static async Task<string> AnswerAsync(Stream stream)
    {
        try
        {
            return await new StreamReader(stream).ReadToEndAsync(Ct);
        }
        catch (IOException)
        {
            return "";
        }
    }
}
