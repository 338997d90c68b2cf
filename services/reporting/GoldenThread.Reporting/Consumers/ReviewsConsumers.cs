using GoldenThread.Reporting.Overview;
using GoldenThread.Reviews.Events.V1;
using GoldenThread.ServiceDefaults;
using MassTransit;

namespace GoldenThread.Reporting.Consumers;

/// <summary>A school's category was set.</summary>
internal sealed class CategoryChangedConsumer(Inbox inbox, SchoolWorkIntake intake) : IConsumer<CategoryChanged>
{
    public Task Consume(ConsumeContext<CategoryChanged> context) => inbox.HandleOnceAsync(context, "category-changed", intake.KeepCategoryAsync);
}

/// <summary>A visit was planned, moved, held or cancelled.</summary>
internal sealed class VisitChangedConsumer(Inbox inbox, SchoolWorkIntake intake) : IConsumer<VisitChanged>
{
    public Task Consume(ConsumeContext<VisitChanged> context) => inbox.HandleOnceAsync(context, "visit-changed", intake.KeepVisitAsync);
}

/// <summary>An action was agreed at a visit, changed or done.</summary>
internal sealed class AgreedActionChangedConsumer(Inbox inbox, SchoolWorkIntake intake) : IConsumer<AgreedActionChanged>
{
    public Task Consume(ConsumeContext<AgreedActionChanged> context) =>
        inbox.HandleOnceAsync(context, "agreed-action-changed", intake.KeepAgreedActionAsync);
}
