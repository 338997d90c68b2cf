using System.Globalization;
using GoldenThread.Reporting.Overview;
using GoldenThread.Reporting.Progress;
using GoldenThread.Reporting.Roster;
using GoldenThread.Reporting.Summaries;
using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Events.V1;
using GoldenThread.Tracking.Internal.V1;
using MassTransit;
using PupilSnapshot = GoldenThread.Tracking.Events.V1.PupilSnapshot;

namespace GoldenThread.Reporting.Consumers;

/// <summary>Pupils joined or changed. A large change set is streamed from tracking.</summary>
internal sealed class PupilsChangedConsumer(Inbox inbox, PupilIntake intake, Peer<PupilFeedService.PupilFeedServiceClient> tracking)
    : IConsumer<PupilsChanged>
{
    private const int Portion = 5_000;

    public Task Consume(ConsumeContext<PupilsChanged> context) => inbox.HandleOnceAsync(context, "pupils-changed", async (work, message, ct) =>
    {
        if (message.Rows is { } rows)
        {
            await intake.KeepAsync(work, rows, ct);
            return;
        }

        await foreach (var portion in StreamAsync(message.ChangeSetId, ct))
        {
            await intake.KeepAsync(work, portion, ct);
        }
    });

    private async IAsyncEnumerable<IReadOnlyCollection<PupilSnapshot>> StreamAsync(
        Guid changeSetId, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        var request = new StreamPupilsRequest { ChangeSetId = changeSetId.ToString() };
        var portion = new List<PupilSnapshot>();
        await foreach (var answer in tracking.StreamAsync((peer, token) => peer.StreamPupils(request, cancellationToken: token), ct))
        {
            portion.Add(FromProto(answer.Pupil));
            if (portion.Count == Portion)
            {
                yield return portion;
                portion = [];
            }
        }

        if (portion.Count > 0)
        {
            yield return portion;
        }
    }

    private static PupilSnapshot FromProto(GoldenThread.Tracking.Internal.V1.PupilSnapshot pupil) => new()
    {
        PupilId = Guid.Parse(pupil.PupilId),
        Version = pupil.Version,
        Erased = pupil.Erased,
        Enrolments = [.. pupil.Enrolments.Select(e => new GoldenThread.Tracking.Events.V1.PupilEnrolment
        {
            SchoolUrn = e.SchoolUrn,
            From = Day(e.From),
            To = e.HasTo ? Day(e.To) : null,
            IsMain = e.IsMain,
            YearGroup = e.YearGroup,
        })],
        Classes = [.. pupil.Classes.Select(c => new GoldenThread.Tracking.Events.V1.PupilClass
        {
            ClassId = Guid.Parse(c.ClassId),
            From = Day(c.From),
            To = c.HasTo ? Day(c.To) : null,
        })],
        Groups = [.. pupil.Groups.Select(g => new GoldenThread.Tracking.Events.V1.PupilGroup
        {
            Group = g.Group,
            DefinitionVersion = g.DefinitionVersion,
            From = Day(g.From),
            To = g.HasTo ? Day(g.To) : null,
        })],
    };

    private static DateOnly Day(string text) => DateOnly.ParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture);
}

/// <summary>A group was defined.</summary>
internal sealed class GroupDefinedConsumer(Inbox inbox, PupilIntake intake) : IConsumer<GroupDefined>
{
    public Task Consume(ConsumeContext<GroupDefined> context) => inbox.HandleOnceAsync(context, "group-defined", intake.KeepGroupAsync);
}

/// <summary>A school changed.</summary>
internal sealed class SchoolChangedConsumer(Inbox inbox, SchoolIntake intake) : IConsumer<SchoolChanged>
{
    public Task Consume(ConsumeContext<SchoolChanged> context) => inbox.HandleOnceAsync(context, "school-changed", intake.KeepAsync);
}

/// <summary>A thread was opened, changed or closed.</summary>
internal sealed class ThreadChangedConsumer(Inbox inbox, SchoolWorkIntake intake) : IConsumer<ThreadChanged>
{
    public Task Consume(ConsumeContext<ThreadChanged> context) => inbox.HandleOnceAsync(context, "thread-changed", intake.KeepThreadAsync);
}

/// <summary>Statuses of progress were judged. A large change set is streamed from tracking.</summary>
internal sealed class StatusesChangedConsumer(
    Inbox inbox, StatusIntake intake, SummaryCells cells, Peer<StatusFeedService.StatusFeedServiceClient> tracking) : IConsumer<StatusesChanged>
{
    private const string Name = "statuses-changed";
    private const int Portion = 10_000;

    public Task Consume(ConsumeContext<StatusesChanged> context) => context.Message.Rows is null
        ? inbox.HandleOnceAsync(context, Name, TakeLargeAsync)
        : inbox.HandleTogetherAsync(context, Name, TakeSmallAsync);

    private async Task TakeSmallAsync(Work work, IReadOnlyList<StatusesChanged> told, CancellationToken ct) =>
        await cells.StatusesAreDueAsync(work, await intake.KeepAsync(work, [.. told.SelectMany(message => message.Rows!)], ct), ct);

    private async Task TakeLargeAsync(Work work, StatusesChanged message, CancellationToken ct)
    {
        var touched = new HashSet<SummaryCell>();
        await foreach (var portion in StreamAsync(message.ChangeSetId, ct))
        {
            touched.UnionWith(await intake.KeepAsync(work, portion, ct));
        }

        await cells.StatusesAreDueAsync(work, touched, ct);
    }

    private async IAsyncEnumerable<IReadOnlyCollection<JudgedStatus>> StreamAsync(
        Guid changeSetId, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        var request = new StreamStatusesRequest { ChangeSetId = changeSetId.ToString() };
        var portion = new List<JudgedStatus>();
        await foreach (var answer in tracking.StreamAsync((peer, token) => peer.StreamStatuses(request, cancellationToken: token), ct))
        {
            portion.AddRange(answer.Statuses.Select(FromProto));
            if (portion.Count >= Portion)
            {
                yield return portion;
                portion = [];
            }
        }

        if (portion.Count > 0)
        {
            yield return portion;
        }
    }

    private static JudgedStatus FromProto(StatusSnapshot status) => new()
    {
        PupilId = Guid.Parse(status.PupilId),
        Subject = status.Subject,
        CollectionId = Guid.Parse(status.CollectionId),
        Version = status.Version,
        SchoolUrn = status.SchoolUrn,
        YearGroup = status.YearGroup,
        Status = status.Status,
        FitVersion = status.HasFitVersion ? status.FitVersion : null,
    };
}
