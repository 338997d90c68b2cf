using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using GoldenThread.Infrastructure;
using GoldenThread.TestSupport;

namespace GoldenThread.Assessment.Tests;

/// <summary>A large file passes through the gateway and the service without ever being in memory.</summary>
public sealed class UploadMemoryTests(AssessmentHouse house)
{
    private const long FileBytes = 200_000_000;

    // What each of the two processes may have for all its objects: less than half of the file.
    private const int HeapBytes = 96 * 1024 * 1024;

    // Long enough that the time goes into bytes, short enough that a row kept would be found: 400,000 of them.
    private const int RowLength = 500;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task LargeFile_Passes_WhereItWouldNotFitIntoMemory()
    {
        var trust = await Trust.FoundAsync(house);
        var small = new Dictionary<string, string?> { ["DOTNET_GCHeapHardLimit"] = HeapBytes.ToString("X", CultureInfo.InvariantCulture) };
        await using var service = await AssessmentProcess.StartAsync(house, small);
        await using var gateway = await GatewayProcess.StartAsync(
            typeof(Gateway.Program).Assembly.Location, "Assessment", service.Address, house.Issuer, small);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/collections/{trust.Autumn.CollectionId}/results:import?dryRun=true")
        {
            Content = new LargeFile(trust),
        };
        request.Headers.TryAddWithoutValidation("Authorization", trust.Lead.Headers.GetValue("authorization"));

        using var response = await gateway.Http.SendAsync(request, Ct);

        var text = await response.Content.ReadAsStringAsync(Ct);
        Assert.True(response.StatusCode == HttpStatusCode.OK, text);
        var answer = JsonNode.Parse(text)!;
        Assert.Equal(LargeFile.Rows, (int?)answer["rowCount"]);
        Assert.Equal("PUPIL_NOT_YET_KNOWN", (string?)answer["firstFaults"]![0]!["reason"]);
    }

    /// <summary>Results of pupils whom nobody knows, in rows that are long by a column which means nothing; made as it is sent.</summary>
    private sealed class LargeFile(Trust trust) : HttpContent
    {
        public const int Rows = (int)(FileBytes / RowLength);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes("pupil_id,URN,Subject,Date,Score,Remark\n"), Ct);
            var buffer = new byte[RowLength * 100];
            for (var row = 0; row < Rows;)
            {
                var length = 0;
                for (; length < buffer.Length; row++)
                {
                    var values = string.Create(CultureInfo.InvariantCulture,
                        $"00000000-0000-4000-8000-{row:x12},123456,{trust.ReadingCode},{Trust.SatOn},100,");
                    length += Encoding.ASCII.GetBytes(values.PadRight(RowLength - 1, 'x') + "\n", buffer.AsSpan(length));
                }

                await stream.WriteAsync(buffer, Ct);
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = -1;
            return false;
        }
    }

    /// <summary>The service once more, as a process of its own beside the house's.</summary>
    private sealed class AssessmentProcess : IAsyncDisposable
    {
        private readonly ChildProcess process;
        private readonly Keeper keeper;

        private AssessmentProcess(ChildProcess process, string address)
        {
            this.process = process;
            keeper = new Keeper(process.LogFile, process.Mark);
            Address = address;
        }

        public string Address { get; }

        public static async Task<AssessmentProcess> StartAsync(AssessmentHouse house, IReadOnlyDictionary<string, string?> environment)
        {
            var program = typeof(Errors).Assembly.Location;
            var ports = FreePorts.Take(2);
            var log = Path.Combine(Path.GetTempPath(), $"gt-assessment-{Secrets.ShortName()}.log");
            var started = await ChildProcess.StartAsync("assessment",
                ["dotnet", program, $"--Service:GrpcPort={ports[0]}", $"--Service:HealthPort={ports[1]}", .. await house.SettingsAsync()],
                log, environment, Path.GetDirectoryName(program));
            var service = new AssessmentProcess(started, $"http://127.0.0.1:{ports[0]}");
            using var http = new HttpClient();
            await started.ReadyAsync(() => IsReadyAsync(http, ports[1]), TimeSpan.FromMinutes(2), Ct);
            return service;
        }

        public async ValueTask DisposeAsync()
        {
            await process.StopAsync(TimeSpan.FromSeconds(25));
            keeper.Dispose();
            File.Delete(process.LogFile);
        }

        private static async Task<bool> IsReadyAsync(HttpClient http, int port)
        {
            try
            {
                return (await http.GetAsync($"http://127.0.0.1:{port}/health/ready", Ct)).IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }
    }
}
