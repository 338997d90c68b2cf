using GoldenThread.Reviews.Categories;
using GoldenThread.Reviews.Changes;
using GoldenThread.Reviews.Meetings;
using GoldenThread.Reviews.Offers;
using GoldenThread.Reviews.People;
using GoldenThread.Reviews.Plans;
using GoldenThread.Reviews.Plans.Planning;
using GoldenThread.Reviews.Schools;
using GoldenThread.Reviews.Visits;
using GoldenThread.ServiceDefaults;

namespace GoldenThread.Reviews;

/// <summary>The service in two halves: what it is made of, and what it answers.</summary>
public static class ReviewsService
{
    /// <summary>Name of the service.</summary>
    public const string Name = "reviews";

    /// <summary>Adds stores, the planner and what is heard from tracking.</summary>
    public static WebApplicationBuilder AddReviews(this WebApplicationBuilder builder)
    {
        builder.AddEventBus(Name, typeof(ReviewsService).Assembly, bus => bus
            .Consume<SchoolChangedConsumer>()
            .Consume<CalendarChangedConsumer>()
            .Consume<PersonChangedConsumer>());
        builder.Services
            .AddSingleton<OfferStore>()
            .AddSingleton<CategoryStore>()
            .AddSingleton<AvailabilityStore>()
            .AddSingleton<PlanInputStore>()
            .AddSingleton<PlanStore>()
            .AddSingleton<VisitStore>()
            .AddSingleton<FindingStore>()
            .AddSingleton<ActionStore>()
            .AddSingleton<MeetingStore>()
            .AddSingleton<ChangeStore>()
            .AddSingleton<PlanMaking>(Planner.Make);
        return builder;
    }

    /// <summary>Maps health and every rpc.</summary>
    public static WebApplication MapReviews(this WebApplication app)
    {
        app.MapServiceDefaults();
        app.MapGrpcService<OffersEdge>();
        app.MapGrpcService<CategoriesEdge>();
        app.MapGrpcService<AvailabilityEdge>();
        app.MapGrpcService<PlansEdge>();
        app.MapGrpcService<VisitsEdge>();
        app.MapGrpcService<MeetingsEdge>();
        app.MapGrpcService<ChangeFeedEdge>();
        return app;
    }
}
