using GoldenThread.Assessment.Internal.V1;
using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Consumers;
using GoldenThread.Tracking.Gaps;
using GoldenThread.Tracking.Progress;
using GoldenThread.Tracking.Results;
using GoldenThread.Tracking.Threads;

namespace GoldenThread.Tracking;

/// <summary>Progress, gaps and threads: what tracking makes of assessment's results.</summary>
internal static class ProgressHalf
{
    /// <summary>Its stores and decisions.</summary>
    public static IServiceCollection AddProgress(this IServiceCollection services) => services
        .AddPeer("Assessment", invoker => new ChangesService.ChangesServiceClient(invoker))
        .AddSingleton<ResultCopyStore>()
        .AddSingleton<ResultFeed>()
        .AddSingleton<ProgressStore>()
        .AddSingleton<Judge>()
        .AddHostedService<LateResults>()
        .AddSingleton<StatusReadStore>()
        .AddSingleton<GapStore>()
        .AddSingleton<ThreadStore>();

    /// <summary>What it hears.</summary>
    public static EventBusBuilder HearResults(this EventBusBuilder bus) => bus
        .Consume<ResultsRecordedConsumer>(together: true)
        .Consume<TestChangedConsumer>()
        .Consume<CollectionChangedConsumer>();

    /// <summary>What it answers.</summary>
    public static void MapProgress(this IEndpointRouteBuilder routes)
    {
        routes.MapGrpcService<ProgressEdge>();
        routes.MapGrpcService<StatusFeedEdge>();
        routes.MapGrpcService<GapsEdge>();
        routes.MapGrpcService<ThreadsEdge>();
    }
}
