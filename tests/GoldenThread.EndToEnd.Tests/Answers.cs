using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace GoldenThread.EndToEnd.Tests;

/// <summary>An answer of the gateway, or that there was none.</summary>
/// <param name="Service">Whose it is.</param>
/// <param name="What">Method and path.</param>
/// <param name="Status">HTTP status; 0 where the connection broke.</param>
/// <param name="MediaType">Its media type.</param>
/// <param name="Body">Its body.</param>
/// <param name="RetryAfter">When to come again, where it says so.</param>
/// <param name="Began">When the request was sent.</param>
/// <param name="Took">How long it took.</param>
internal sealed partial record Answer(
    string Service, string What, int Status, string MediaType, string Body, TimeSpan? RetryAfter, DateTimeOffset Began, TimeSpan Took)
{
    // Words that only our insides know.
    private static readonly string[] Inner = ["   at ", "Exception", "Npgsql", "Grpc", "Socket", "127.0.0.1", "Host=", "refused (", "MassTransit"];

    public bool IsGood => Status == 200;

    public bool IsUnavailable => Status == 503;

    public JsonNode Json => JsonNode.Parse(Body)!;

    /// <summary>What is wrong with it as an answer during an outage; null where nothing is.</summary>
    public string? Fault(TimeSpan limit)
    {
        if (Took > limit)
        {
            return $"it took {Took.TotalSeconds:0.0} s";
        }

        if (IsGood)
        {
            return null;
        }

        return Status != 503 ? "its status is neither 200 nor 503"
            : MediaType != "application/problem+json" ? "it is no problem+json"
            : RetryAfter is not { TotalSeconds: >= 1 and <= 60 } ? "it does not say when to come again"
            : !Code().IsMatch((string?)Json["code"] ?? "") ? "it has no code"
            : Inner.FirstOrDefault(word => Body.Contains(word, StringComparison.OrdinalIgnoreCase)) is { } told ? $"it tells of our insides: {told}"
            : null;
    }

    public override string ToString() => $"{Began:HH:mm:ss.f} {What}: {Status} {MediaType} {(Body.Length > 300 ? Body[..300] : Body)}";

    [GeneratedRegex("^[A-Z][A-Z_]+$")]
    private static partial Regex Code();
}

/// <summary>A partner's client: sends, writes down every answer, and comes again as it is told to, under the same Idempotency-Key.</summary>
internal sealed class PatientClient(House house) : IDisposable
{
    private static readonly TimeSpan AfterBrokenConnection = TimeSpan.FromMilliseconds(200);

    // Far beyond what is allowed: a hang ends as a failure that names the request.
    private readonly HttpClient http = new() { BaseAddress = house.Http.BaseAddress, Timeout = TimeSpan.FromSeconds(90) };
    private readonly string token = house.TokenOf(House.Administrator);

    /// <summary>Every answer so far.</summary>
    public ConcurrentQueue<Answer> Answers { get; } = [];

    /// <summary>Sends once.</summary>
    public async Task<Answer> SendAsync(string service, HttpMethod method, string path, Func<HttpContent?> body, string? key, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body() };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        var began = DateTimeOffset.UtcNow;
        var clock = Stopwatch.StartNew();
        Answer answer;
        try
        {
            using var response = await http.SendAsync(request, ct);
            var text = await response.Content.ReadAsStringAsync(ct);
            answer = new Answer(service, $"{method} {path}", (int)response.StatusCode, response.Content.Headers.ContentType?.MediaType ?? "",
                text, response.Headers.RetryAfter?.Delta, began, clock.Elapsed);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            answer = new Answer(service, $"{method} {path}", 0, "", $"{e.Message} {e.GetBaseException().Message}", null, began, clock.Elapsed);
        }

        Answers.Enqueue(answer);
        return answer;
    }

    /// <summary>Sends until it is done. Anything but success, "come again" and a broken connection ends the test.</summary>
    public async Task<Answer> SendUntilDoneAsync(string service, HttpMethod method, string path, Func<HttpContent?> body, CancellationToken ct, string? key = null)
    {
        key ??= Guid.CreateVersion7().ToString();
        while (true)
        {
            var answer = await SendAsync(service, method, path, body, key, ct);
            if (answer.IsGood)
            {
                return answer;
            }

            Assert.True(answer.Status is 0 or 429 or 503, answer.ToString());
            await Task.Delay(answer.RetryAfter ?? AfterBrokenConnection, ct);
        }
    }

    public void Dispose() => http.Dispose();
}

/// <summary>A CSV file whose sending waits in the middle until something has happened.</summary>
internal sealed class HaltingFile : HttpContent
{
    private readonly byte[] bytes;
    private readonly TaskCompletionSource half;
    private readonly Task goOn;

    /// <param name="text">The file.</param>
    /// <param name="half">Is told that half of it is sent.</param>
    /// <param name="goOn">What to wait for then.</param>
    public HaltingFile(string text, TaskCompletionSource half, Task goOn)
    {
        bytes = Encoding.UTF8.GetBytes(text);
        this.half = half;
        this.goOn = goOn;
        Headers.ContentType = new MediaTypeHeaderValue("text/csv");
    }

    protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context)
    {
        await stream.WriteAsync(bytes.AsMemory(0, bytes.Length / 2));
        await stream.FlushAsync();
        half.TrySetResult();
        await goOn;
        await stream.WriteAsync(bytes.AsMemory(bytes.Length / 2));
    }

    protected override bool TryComputeLength(out long length)
    {
        length = bytes.Length;
        return true;
    }
}

/// <summary>A file of 4,000 results, sent until it is taken, always under the same key; the first time its sending halts in the middle.</summary>
internal sealed class Upload
{
    private const string Service = "assessment";

    private readonly PatientClient client;
    private readonly string path;
    private readonly string text;
    private readonly string key = Guid.CreateVersion7().ToString();
    private readonly TaskCompletionSource half = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task<Answer>? sending;

    public Upload(PatientClient client, ResultsTrust trust, int day)
    {
        this.client = client;
        (text, Rows) = trust.FileOf(day);
        path = $"/v1/collections/{trust.CollectionId}/results:import";
    }

    public IReadOnlyList<Row> Rows { get; }

    /// <summary>Ends when half of it is sent.</summary>
    public Task Half => half.Task;

    /// <summary>The answer that it was taken.</summary>
    public Task<Answer> Answer => sending ?? throw new InvalidOperationException("The file was not sent.");

    public void Start() => sending = client.SendUntilDoneAsync(
        Service, HttpMethod.Post, path, () => half.Task.IsCompleted ? Whole() : new HaltingFile(text, half, goOn.Task), TestContext.Current.CancellationToken, key);

    /// <summary>Sends the other half.</summary>
    public void GoOn() => goOn.TrySetResult();

    /// <summary>Sends it once more, under its key.</summary>
    public Task<Answer> AgainAsync() => client.SendAsync(Service, HttpMethod.Post, path, Whole, key, TestContext.Current.CancellationToken);

    private StringContent Whole() => new(text, Encoding.UTF8, "text/csv");
}
