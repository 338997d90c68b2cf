using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking;
using GoldenThread.Tracking.Calendars;
using GoldenThread.Tracking.Changes;
using GoldenThread.Tracking.Classes;
using GoldenThread.Tracking.Grants;
using GoldenThread.Tracking.Groups;
using GoldenThread.Tracking.People;
using GoldenThread.Tracking.Pupils;
using GoldenThread.Tracking.Rosters;
using GoldenThread.Tracking.Schools;

var assembly = typeof(Program).Assembly;
var builder = ServiceHost.CreateBuilder(args, "tracking", assembly);
builder.AddEventBus("tracking", assembly, bus => bus.HearResults());
builder.Services.AddOptions<TrackingOptions>().BindConfiguration("Tracking")
    .Validate(o => o.Problem() is null, new TrackingOptions { BootstrapAdministrators = { new() } }.Problem()!)
    .ValidateOnStart();
builder.Services.AddOptions<RosterOptions>().BindConfiguration("Rosters").ValidateDataAnnotations().ValidateOnStart();
builder.Services
    .AddSingleton<SchoolStore>()
    .AddSingleton<CalendarStore>()
    .AddSingleton<PersonStore>()
    .AddSingleton<GrantStore>()
    .AddSingleton<ClassStore>()
    .AddSingleton<PupilStore>()
    .AddSingleton<QuarantineStore>()
    .AddSingleton<GroupStore>()
    .AddSingleton<ChangeStore>()
    .AddHostedService<BootstrapAdministrators>()
    .AddHostedService<QuarantinePurge>()
    .AddProgress();
if (await ServiceCommands.RunIfAskedAsync(builder, args, assembly))
{
    return;
}

var app = builder.Build();
app.MapServiceDefaults();
app.MapGrpcService<SchoolsEdge>();
app.MapGrpcService<CalendarsEdge>();
app.MapGrpcService<PeopleEdge>();
app.MapGrpcService<GrantsEdge>();
app.MapGrpcService<ClassesEdge>();
app.MapGrpcService<PupilsEdge>();
app.MapGrpcService<RostersEdge>();
app.MapGrpcService<GroupsEdge>();
app.MapGrpcService<PupilFeedEdge>();
app.MapGrpcService<ChangeFeedEdge>();
app.MapProgress();
await app.RunAsync();
