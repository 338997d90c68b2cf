using System.Collections.Concurrent;
using GoldenThread.Tracking.Internal.V1;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GoldenThread.Assessment.Tests;

/// <summary>Tracking's side of the contract between services: answers what the tests told it, over real gRPC.</summary>
public sealed class TrackingPeer : IAsyncDisposable
{
    private readonly WebApplication server;
    private readonly ConcurrentDictionary<string, TestPupil> byUpn = new();
    private readonly ConcurrentDictionary<Guid, TestPupil[]> changeSets = new();
    private readonly ConcurrentDictionary<Guid, TaskCompletionSource> stalling = new();

    private TrackingPeer()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(this);
        server = builder.Build();
        server.MapGrpcService<Feed>();
    }

    public string Address => server.Urls.First();

    public static async Task<TrackingPeer> StartAsync()
    {
        var peer = new TrackingPeer();
        await peer.server.StartAsync();
        return peer;
    }

    /// <summary>From now on the pupil is found by UPN.</summary>
    public void Knows(TestPupil pupil) => byUpn[pupil.Upn] = pupil;

    /// <summary>From now on the change set is streamed.</summary>
    public void Holds(Guid changeSetId, params TestPupil[] pupils) => changeSets[changeSetId] = pupils;

    /// <summary>The first stream of the change set stops in the middle, and stays open; the task ends when somebody gave it up.</summary>
    public Task Stalls(Guid changeSetId) => stalling.GetOrAdd(changeSetId, _ => new TaskCompletionSource()).Task;

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private sealed class Feed(TrackingPeer peer) : PupilFeedService.PupilFeedServiceBase
    {
        public override Task<ResolvePupilsResponse> ResolvePupils(ResolvePupilsRequest request, ServerCallContext context)
        {
            Assert.StartsWith("Bearer ", context.RequestHeaders.GetValue("authorization"));
            var response = new ResolvePupilsResponse();
            foreach (var upn in request.Upns)
            {
                if (peer.byUpn.TryGetValue(upn, out var pupil))
                {
                    response.Pupils.Add(new PupilIdentifiers { PupilId = pupil.Id, Version = pupil.Version, Upn = pupil.Upn });
                }
            }

            return Task.FromResult(response);
        }

        public override async Task StreamPupils(
            StreamPupilsRequest request, IServerStreamWriter<StreamPupilsResponse> responseStream, ServerCallContext context)
        {
            var changeSetId = Guid.Parse(request.ChangeSetId);
            foreach (var pupil in peer.changeSets.GetValueOrDefault(changeSetId) ?? [])
            {
                var snapshot = new PupilSnapshot { PupilId = pupil.Id, Version = pupil.Version };
                snapshot.Enrolments.Add(new PupilEnrolment
                {
                    SchoolUrn = pupil.SchoolUrn,
                    From = pupil.From.ToString("yyyy-MM-dd"),
                    IsMain = true,
                    YearGroup = pupil.YearGroup,
                });
                await responseStream.WriteAsync(new StreamPupilsResponse { Pupil = snapshot });
                if (peer.stalling.TryRemove(changeSetId, out var givenUp))
                {
                    await Task.Delay(Timeout.InfiniteTimeSpan, context.CancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    givenUp.SetResult();
                }
            }
        }

        public override async Task StreamPupilIdentifiers(
            StreamPupilIdentifiersRequest request, IServerStreamWriter<StreamPupilIdentifiersResponse> responseStream, ServerCallContext context)
        {
            foreach (var pupil in peer.changeSets.GetValueOrDefault(Guid.Parse(request.ChangeSetId)) ?? [])
            {
                await responseStream.WriteAsync(new StreamPupilIdentifiersResponse
                {
                    Identifiers = new PupilIdentifiers { PupilId = pupil.Id, Version = pupil.Version, Upn = pupil.Upn },
                });
            }
        }
    }
}
