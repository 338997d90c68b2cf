using System.Collections.Concurrent;
using GoldenThread.Assessment.Internal.V1;
using GoldenThread.Tracking.Internal.V1;
using GoldenThread.Tracking.V1;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GoldenThread.Tests;

/// <summary>Assessment's and tracking's side of the contracts, over real gRPC: they answer what a test put there.</summary>
public sealed class Peers : IAsyncDisposable
{
    private readonly WebApplication server;

    private Peers(WebApplication server) => this.server = server;

    public string Address => server.Urls.First();

    /// <summary>Large change sets of results.</summary>
    public ConcurrentDictionary<string, IReadOnlyList<ResultChange>> Results { get; } = new();

    /// <summary>Large change sets of pupils.</summary>
    public ConcurrentDictionary<string, IReadOnlyList<PupilSnapshot>> Pupils { get; } = new();

    /// <summary>Large change sets of statuses.</summary>
    public ConcurrentDictionary<string, IReadOnlyList<StatusSnapshot>> Statuses { get; } = new();

    /// <summary>Names that tracking gives; a pupil that is not here is one the caller may not see.</summary>
    public ConcurrentDictionary<string, (string Forename, string Surname)> Names { get; } = new();

    /// <summary>The authorization header tracking was last asked for names with.</summary>
    public string? NamesAskedWith { get; set; }

    /// <summary>Tracking answers as one that is down.</summary>
    public bool TrackingIsDown { get; set; }

    public static async Task<Peers> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddGrpc();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, l => l.Protocols = HttpProtocols.Http2));
        builder.Services.AddSingleton<PeersHolder>();
        var server = builder.Build();
        server.MapGrpcService<Changes>();
        server.MapGrpcService<PupilFeed>();
        server.MapGrpcService<StatusFeed>();
        server.MapGrpcService<PupilNames>();
        var peers = new Peers(server);
        server.Services.GetRequiredService<PeersHolder>().Peers = peers;
        await server.StartAsync();
        return peers;
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private sealed class PeersHolder
    {
        public Peers Peers { get; set; } = null!;
    }

    private sealed class Changes(PeersHolder holder) : ChangesService.ChangesServiceBase
    {
        public override async Task StreamResults(
            StreamResultsRequest request, IServerStreamWriter<StreamResultsResponse> responseStream, ServerCallContext context)
        {
            foreach (var chunk in holder.Peers.Results[request.ChangeSetId].Chunk(500))
            {
                await responseStream.WriteAsync(new StreamResultsResponse { Results = { chunk } });
            }
        }
    }

    private sealed class PupilFeed(PeersHolder holder) : PupilFeedService.PupilFeedServiceBase
    {
        public override async Task StreamPupils(
            StreamPupilsRequest request, IServerStreamWriter<StreamPupilsResponse> responseStream, ServerCallContext context)
        {
            foreach (var pupil in holder.Peers.Pupils[request.ChangeSetId])
            {
                await responseStream.WriteAsync(new StreamPupilsResponse { Pupil = pupil });
            }
        }
    }

    private sealed class StatusFeed(PeersHolder holder) : StatusFeedService.StatusFeedServiceBase
    {
        public override async Task StreamStatuses(
            StreamStatusesRequest request, IServerStreamWriter<StreamStatusesResponse> responseStream, ServerCallContext context)
        {
            foreach (var chunk in holder.Peers.Statuses[request.ChangeSetId].Chunk(500))
            {
                await responseStream.WriteAsync(new StreamStatusesResponse { Statuses = { chunk } });
            }
        }
    }

    private sealed class PupilNames(PeersHolder holder) : PupilService.PupilServiceBase
    {
        public override Task<BatchGetPupilNamesResponse> BatchGetPupilNames(BatchGetPupilNamesRequest request, ServerCallContext context)
        {
            var peers = holder.Peers;
            peers.NamesAskedWith = context.RequestHeaders.GetValue("authorization");
            if (peers.TrackingIsDown)
            {
                throw new RpcException(new Grpc.Core.Status(StatusCode.Unavailable, "down"));
            }

            var answer = new BatchGetPupilNamesResponse();
            answer.Names.AddRange(request.PupilIds.Where(peers.Names.ContainsKey).Select(id => new PupilName
            {
                PupilId = id,
                Forename = peers.Names[id].Forename,
                Surname = peers.Names[id].Surname,
            }));
            return Task.FromResult(answer);
        }
    }
}
