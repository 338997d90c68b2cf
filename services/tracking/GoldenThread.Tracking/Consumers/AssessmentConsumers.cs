using GoldenThread.Assessment.Events.V1;
using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Progress;
using GoldenThread.Tracking.Results;
using MassTransit;

namespace GoldenThread.Tracking.Consumers;

/// <summary>Results were recorded: take them over and judge those pupils anew.</summary>
public sealed class ResultsRecordedConsumer(Inbox inbox, ResultCopyStore copies, ResultFeed feed, Judge judge) : IConsumer<ResultsRecorded>
{
    private const string Name = "results-recorded";

    /// <inheritdoc />
    public Task Consume(ConsumeContext<ResultsRecorded> context) => context.Message.Rows is null
        ? inbox.HandleOnceAsync(context, Name, TakeLargeAsync)
        : inbox.HandleTogetherAsync(context, Name, TakeSmallAsync);

    private async Task TakeSmallAsync(Work work, IReadOnlyList<ResultsRecorded> told, CancellationToken ct)
    {
        await copies.LockSchoolsAsync(work, told.SelectMany(recorded => recorded.Schools).Select(s => s.SchoolUrn), ct);
        await judge.JudgeAsync(work, await copies.SaveAsync(work, [.. told.SelectMany(recorded => recorded.Rows!)], ct), ct);
    }

    private async Task TakeLargeAsync(Work work, ResultsRecorded recorded, CancellationToken ct)
    {
        await copies.LockSchoolsAsync(work, recorded.Schools.Select(s => s.SchoolUrn), ct);
        var touched = new HashSet<PupilSubject>();
        await foreach (var part in feed.RowsAsync(recorded, ct))
        {
            touched.UnionWith(await copies.SaveAsync(work, part, ct));
        }

        await judge.JudgeAsync(work, touched, ct);
    }
}

/// <summary>A test was defined or changed: results that came before it can now be judged, others anew.</summary>
public sealed class TestChangedConsumer(Inbox inbox, ResultCopyStore copies, Judge judge) : IConsumer<TestChanged>
{
    /// <inheritdoc />
    public Task Consume(ConsumeContext<TestChanged> context) => inbox.HandleOnceAsync(context, "test-changed", async (work, test, ct) =>
    {
        await copies.LockAllSchoolsAsync(work, ct);
        if (await copies.SaveAsync(work, test, ct))
        {
            await judge.JudgeAsync(work, await copies.PupilsOfTestAsync(work, test.TestId, ct), ct);
        }
    });
}

/// <summary>A collection changed: when it locks, fits are frozen from it; its pupils are judged anew.</summary>
public sealed class CollectionChangedConsumer(Inbox inbox, ResultCopyStore copies, ProgressStore progress, Judge judge) : IConsumer<CollectionChanged>
{
    /// <inheritdoc />
    public Task Consume(ConsumeContext<CollectionChanged> context) => inbox.HandleOnceAsync(context, "collection-changed", async (work, collection, ct) =>
    {
        await copies.LockAllSchoolsAsync(work, ct);
        if (!await copies.SaveAsync(work, collection, ct))
        {
            return;
        }

        var whose = await copies.PupilsOfCollectionAsync(work, collection.CollectionId, ct);
        if (collection.LockedAt is null)
        {
            await judge.JudgeAsync(work, whose, ct);
            return;
        }

        await copies.LaterFitsAreDueAsync(work, collection.CollectionId, ct);
        // The day it is due may have moved: then other windows are judged by its fits, also where none of them became different.
        Guid[] locked = [collection.CollectionId];
        await judge.RefitAsync(work, locked, whose.Union(await progress.JudgedByFitsOfAsync(work, locked, ct)), ct);
    });
}
