using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace GoldenThread.Demo.Seeding;

/// <summary>The public REST API in one person's name.</summary>
/// <param name="http">Client whose base address is the gateway.</param>
/// <param name="token">The person's access token.</param>
public sealed class RestApi(HttpClient http, string token)
{
    private const string Json = "application/json";
    private const string Csv = "text/csv";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Reads; throws where it is refused.</summary>
    public Task<JsonObject> GetAsync(string path, CancellationToken ct) => SendAsync(() => new HttpRequestMessage(HttpMethod.Get, path), ct);

    /// <summary>Reads; null where there is nothing of that name.</summary>
    public async Task<JsonObject?> FindAsync(string path, CancellationToken ct)
    {
        try
        {
            return await GetAsync(path, ct);
        }
        catch (RefusedException e) when (e.Status == (int)HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>Whether the person may read it yet: false while a grant or a thing has not arrived at its service.</summary>
    public async Task<bool> CanReadAsync(string path, CancellationToken ct)
    {
        try
        {
            _ = await GetAsync(path, ct);
            return true;
        }
        catch (RefusedException e) when (e.Status is (int)HttpStatusCode.Forbidden or (int)HttpStatusCode.NotFound)
        {
            return false;
        }
    }

    /// <summary>Reads a whole list, page by page.</summary>
    /// <param name="path">Path with or without a query.</param>
    /// <param name="field">Field of the answer that holds the list.</param>
    /// <param name="ct">To give up.</param>
    public async Task<List<JsonObject>> ListAsync(string path, string field, CancellationToken ct)
    {
        var all = new List<JsonObject>();
        var page = "";
        do
        {
            var join = path.Contains('?', StringComparison.Ordinal) ? '&' : '?';
            var answer = await GetAsync(page.Length == 0 ? path : $"{path}{join}pageToken={Uri.EscapeDataString(page)}", ct);
            all.AddRange((answer[field]?.AsArray() ?? []).Select(item => item!.AsObject()));
            page = answer["nextPageToken"]?.GetValue<string>() ?? "";
        }
        while (page.Length > 0);
        return all;
    }

    /// <summary>Puts a thing as it is to be.</summary>
    public Task<JsonObject> PutAsync(string path, JsonNode body, CancellationToken ct) => SendAsync(() => WithBody(HttpMethod.Put, path, body), ct);

    /// <summary>Adds a thing or does something to one. The same request again is answered like the first.</summary>
    public Task<JsonObject> PostAsync(string path, JsonNode body, CancellationToken ct, string? ifMatch = null) => SendAsync(
        () =>
        {
            var request = WithBody(HttpMethod.Post, path, body);
            request.Headers.Add("Idempotency-Key", Key(path, ifMatch + body.ToJsonString()));
            if (ifMatch is not null) request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
            return request;
        },
        ct);

    /// <summary>Adds a thing that is another one each time, such as an attempt.</summary>
    public Task<JsonObject> PostNewAsync(string path, JsonNode body, CancellationToken ct) => SendAsync(() => WithBody(HttpMethod.Post, path, body), ct);

    /// <summary>Sends a CSV file. The same file again is answered like the first time.</summary>
    public Task<JsonObject> UploadAsync(string path, string file, CancellationToken ct) => SendAsync(
        () =>
        {
            var content = new ByteArrayContent(Encoding.UTF8.GetBytes(file));
            content.Headers.ContentType = new MediaTypeHeaderValue(Csv);
            var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
            request.Headers.Add("Idempotency-Key", Key(path, file));
            return request;
        },
        ct);

    private static HttpRequestMessage WithBody(HttpMethod method, string path, JsonNode body) =>
        new(method, path) { Content = new StringContent(body.ToJsonString(), Encoding.UTF8, Json) };

    // From what is sent, so that a second run repeats the first, and a changed pack is a new request.
    private static string Key(string path, string payload) =>
        "seed-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{path}\n{payload}")));

    private async Task<JsonObject> SendAsync(Func<HttpRequestMessage> make, CancellationToken ct)
    {
        var giveUp = DateTime.UtcNow + Patience;
        while (true)
        {
            using var request = make();
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            using var answer = await http.SendAsync(request, ct);
            var text = await answer.Content.ReadAsStringAsync(ct);
            if (answer.IsSuccessStatusCode)
                return text.Length == 0 ? [] : JsonNode.Parse(text)!.AsObject();
            if (answer.StatusCode is not (HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable) || DateTime.UtcNow > giveUp)
                throw Refused(request, answer.StatusCode, text);

            // The API itself says when to come back, if it does.
            await Task.Delay(answer.Headers.RetryAfter?.Delta ?? Pause, ct);
        }
    }

    private static RefusedException Refused(HttpRequestMessage request, HttpStatusCode status, string text)
    {
        var call = $"{request.Method} {request.RequestUri}";
        try
        {
            var problem = JsonNode.Parse(text)?.AsObject();
            var errors = problem?["errors"]?.ToJsonString() ?? "";
            return new RefusedException(
                call, (int)status, problem?["code"]?.GetValue<string>() ?? "", $"{problem?["detail"]?.GetValue<string>()} {errors}".Trim());
        }
        catch (JsonException)
        {
            return new RefusedException(call, (int)status, "", text);
        }
    }
}
