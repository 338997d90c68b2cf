using GoldenThread.Reviews;
using GoldenThread.ServiceDefaults;

var builder = ServiceHost.CreateBuilder(args, ReviewsService.Name, typeof(ReviewsService).Assembly);
if (await ServiceCommands.RunIfAskedAsync(builder, args, typeof(ReviewsService).Assembly))
{
    return;
}

builder.AddReviews();
var app = builder.Build();
app.MapReviews();
await app.RunAsync();
