using GoldenThread.Assessment.Internal.V1;
using GoldenThread.Reporting.Attainment;
using GoldenThread.Reporting.Benchmarks;
using GoldenThread.Reporting.Consumers;
using GoldenThread.Reporting.Disclosure;
using GoldenThread.Reporting.Overview;
using GoldenThread.Reporting.Progress;
using GoldenThread.Reporting.Reconciliation;
using GoldenThread.Reporting.Results;
using GoldenThread.Reporting.Roster;
using GoldenThread.Reporting.Summaries;
using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Internal.V1;
using GoldenThread.Tracking.V1;

var assembly = typeof(Program).Assembly;
var builder = ServiceHost.CreateBuilder(args, "reporting", assembly);
builder.AddEventBus("reporting", assembly, bus => bus
    .Consume<ResultsRecordedConsumer>(together: true)
    .Consume<TestChangedConsumer>()
    .Consume<CollectionChangedConsumer>()
    .Consume<PupilsChangedConsumer>()
    .Consume<GroupDefinedConsumer>()
    .Consume<SchoolChangedConsumer>()
    .Consume<StatusesChangedConsumer>(together: true)
    .Consume<ThreadChangedConsumer>()
    .Consume<CategoryChangedConsumer>()
    .Consume<VisitChangedConsumer>()
    .Consume<AgreedActionChangedConsumer>());
builder.Services
    .AddPeer("Assessment", channel => new ChangesService.ChangesServiceClient(channel))
    .AddPeer("Tracking", channel => new PupilFeedService.PupilFeedServiceClient(channel))
    .AddPeer("Tracking", channel => new StatusFeedService.StatusFeedServiceClient(channel))
    .AddPeer("Tracking", channel => new PupilService.PupilServiceClient(channel))
    .AddSingleton<SummaryCells>()
    .AddHostedService<SummaryRefresher>()
    .AddHostedService<GroupOpener>()
    .AddSingleton<ResultIntake>()
    .AddSingleton<PupilIntake>()
    .AddSingleton<SchoolIntake>()
    .AddSingleton<StatusIntake>()
    .AddSingleton<SchoolWorkIntake>()
    .AddSingleton<ReachStore>()
    .AddSingleton<AttainmentStore>()
    .AddSingleton<AttainmentReader>()
    .AddSingleton<BenchmarkStore>()
    .AddSingleton<OverviewStore>()
    .AddSingleton<ProgressStore>()
    .AddSingleton<DigestStore>();
if (await ServiceCommands.RunIfAskedAsync(builder, args, assembly))
{
    return;
}

var app = builder.Build();
app.MapServiceDefaults();
app.MapGrpcService<AttainmentEdge>();
app.MapGrpcService<BenchmarkEdge>();
app.MapGrpcService<OverviewEdge>();
app.MapGrpcService<ProgressEdge>();
app.MapGrpcService<ReconciliationEdge>();
await app.RunAsync();
