using GoldenThread.ServiceDefaults;
using GoldenThread.Statistics;
using GoldenThread.Tracking.Events.V1;
using GoldenThread.Tracking.Results;

namespace GoldenThread.Tracking.Progress;

/// <summary>Makes fits anew and judges pupils anew after their results, tests or collections changed, and tells of what became different.</summary>
public sealed class Judge(ProgressStore store, TimeProvider clock)
{
    private const int Batch = 2000;
    private const int LargestInline = 300;

    /// <summary>
    /// Makes the fits of locked collections anew, then judges, once, the pupils whom those of a collection with different ones touch, and those
    /// named besides. All schools must be locked.
    /// </summary>
    public async Task RefitAsync(Work work, IReadOnlyCollection<Guid> collections, IEnumerable<PupilSubject> besides, CancellationToken ct)
    {
        var at = clock.GetUtcNow();
        var different = new List<Guid>();
        foreach (var collection in collections)
        {
            if (await store.RefitAsync(work, collection, ProgressRule.Default.MinimumFitPupils, at, ct))
            {
                different.Add(collection);
            }
        }

        await JudgeAsync(work, [.. besides.Union(await store.JudgedByFitsOfAsync(work, different, ct))], ct);
    }

    /// <summary>Judges these pupils in these subjects, at every window, in the work at hand. Their schools must be locked.</summary>
    public async Task JudgeAsync(Work work, IReadOnlyCollection<PupilSubject> whose, CancellationToken ct)
    {
        if (whose.Count == 0)
        {
            return;
        }

        var changeSetId = Guid.CreateVersion7();
        var at = clock.GetUtcNow();
        var inline = new List<JudgedStatus>();
        var count = 0;
        foreach (var batch in whose.Chunk(Batch))
        {
            var windows = await store.WindowsAsync(work, batch, ct);
            var fits = await store.FitsAsync(work, windows.SelectMany(own => own).ToList(), ct);
            var judged = windows.SelectMany(own => Judging.Judge(own.ToList(), fits, ProgressRule.Default).Select(j => (own.Key, j))).ToList();
            var changed = await store.SaveAsync(work, changeSetId, at, judged, ct);
            count += changed.Count;
            if (count <= LargestInline)
            {
                inline.AddRange(changed);
            }
        }

        if (count > 0)
        {
            work.Publish(new StatusesChanged
            {
                ChangeSetId = changeSetId,
                JudgedAt = at,
                Count = count,
                Rows = count <= LargestInline ? inline : null,
            });
        }
    }
}
