using GoldenThread.Assessment.Changes;
using GoldenThread.Assessment.Collections;
using GoldenThread.Assessment.Consumers;
using GoldenThread.Assessment.Imports;
using GoldenThread.Assessment.Pupils;
using GoldenThread.Assessment.Quarantine;
using GoldenThread.Assessment.Results;
using GoldenThread.Assessment.Scales;
using GoldenThread.Assessment.Subjects;
using GoldenThread.Assessment.Tests;
using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Internal.V1;

var assembly = typeof(Program).Assembly;
var builder = ServiceHost.CreateBuilder(args, "assessment", assembly);
builder.AddEventBus("assessment", assembly, bus => bus
    .Consume<PupilsChangedConsumer>()
    .Consume<PupilIdentifiersChangedConsumer>());
builder.Services.AddPeer("Tracking", channel => new PupilFeedService.PupilFeedServiceClient(channel));
builder.Services
    .AddSingleton<SubjectStore>()
    .AddSingleton<ScaleStore>()
    .AddSingleton<TestStore>()
    .AddSingleton<CollectionStore>()
    .AddSingleton<CompletenessStore>()
    .AddSingleton<ResultStore>()
    .AddSingleton<ResultImport>()
    .AddSingleton<QuarantineStore>()
    .AddSingleton<ChangeStore>()
    .AddHostedService<UnknownPupils>()
    .AddHostedService<QuarantinePurge>();
if (await ServiceCommands.RunIfAskedAsync(builder, args, assembly))
{
    return;
}

var app = builder.Build();
app.MapServiceDefaults();
app.MapGrpcService<SubjectsEdge>();
app.MapGrpcService<ScalesEdge>();
app.MapGrpcService<TestsEdge>();
app.MapGrpcService<CollectionsEdge>();
app.MapGrpcService<ResultsEdge>();
app.MapGrpcService<QuarantineEdge>();
app.MapGrpcService<ChangesEdge>();
await app.RunAsync();
