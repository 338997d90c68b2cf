using System.Globalization;
using GoldenThread.Assessment.Events.V1;
using GoldenThread.Assessment.Internal.V1;
using GoldenThread.Reporting.Results;
using GoldenThread.Reporting.Summaries;
using GoldenThread.ServiceDefaults;
using MassTransit;

namespace GoldenThread.Reporting.Consumers;

/// <summary>Results were recorded: keeps them; the sums they touch become due. A large change set is streamed from assessment.</summary>
internal sealed class ResultsRecordedConsumer(
    Inbox inbox, ResultIntake intake, SummaryCells cells, Peer<ChangesService.ChangesServiceClient> assessment) : IConsumer<ResultsRecorded>
{
    private const string Name = "results-recorded";
    private const int Portion = 10_000;

    public Task Consume(ConsumeContext<ResultsRecorded> context) => context.Message.Rows is null
        ? inbox.HandleOnceAsync(context, Name, TakeLargeAsync)
        : inbox.HandleTogetherAsync(context, Name, TakeSmallAsync);

    private async Task TakeSmallAsync(Work work, IReadOnlyList<ResultsRecorded> told, CancellationToken ct) =>
        await cells.AttainmentIsDueAsync(work, await intake.KeepAsync(work, [.. told.SelectMany(message => message.Rows!)], ct), ct);

    private async Task TakeLargeAsync(Work work, ResultsRecorded message, CancellationToken ct)
    {
        var touched = new HashSet<SummaryCell>();
        await foreach (var portion in StreamAsync(message.ChangeSetId, ct))
        {
            touched.UnionWith(await intake.KeepAsync(work, portion, ct));
        }

        await cells.AttainmentIsDueAsync(work, touched, ct);
    }

    private async IAsyncEnumerable<IReadOnlyList<RecordedResult>> StreamAsync(
        Guid changeSetId, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        var request = new StreamResultsRequest { ChangeSetId = changeSetId.ToString() };
        var portion = new List<RecordedResult>(Portion);
        await foreach (var answer in assessment.StreamAsync((peer, token) => peer.StreamResults(request, cancellationToken: token), ct))
        {
            portion.AddRange(answer.Results.Select(FromProto));
            if (portion.Count >= Portion)
            {
                yield return portion;
                portion = new List<RecordedResult>(Portion);
            }
        }

        if (portion.Count > 0)
        {
            yield return portion;
        }
    }

    private static RecordedResult FromProto(ResultChange row) => new()
    {
        ResultId = Guid.Parse(row.ResultId),
        Version = row.Version,
        SchoolUrn = row.SchoolUrn,
        PupilId = Guid.Parse(row.PupilId),
        TestId = Guid.Parse(row.TestId),
        CollectionId = Guid.Parse(row.CollectionId),
        SatOn = DateOnly.ParseExact(row.SatOn, "yyyy-MM-dd", CultureInfo.InvariantCulture),
        YearGroup = row.YearGroup,
        Score = row.HasScore ? decimal.Parse(row.Score, NumberStyles.Number, CultureInfo.InvariantCulture) : null,
        Code = row.HasCode ? row.Code : null,
        RecordedAt = row.RecordedAt.ToDateTimeOffset(),
    };
}

/// <summary>A test was defined or changed.</summary>
internal sealed class TestChangedConsumer(Inbox inbox, ResultIntake intake) : IConsumer<TestChanged>
{
    public Task Consume(ConsumeContext<TestChanged> context) => inbox.HandleOnceAsync(context, "test-changed", intake.KeepTestAsync);
}

/// <summary>A collection was planned, changed or locked.</summary>
internal sealed class CollectionChangedConsumer(Inbox inbox, ResultIntake intake) : IConsumer<CollectionChanged>
{
    public Task Consume(ConsumeContext<CollectionChanged> context) =>
        inbox.HandleOnceAsync(context, "collection-changed", intake.KeepCollectionAsync);
}
