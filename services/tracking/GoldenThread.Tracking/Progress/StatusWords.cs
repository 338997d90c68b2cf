using GoldenThread.Statistics;
using ProtoStatus = GoldenThread.Tracking.V1.ProgressStatus;

namespace GoldenThread.Tracking.Progress;

/// <summary>A status as a number in the table and the proto, and as a word in events.</summary>
public static class StatusWords
{
    /// <summary>The number kept, which is that of the proto's enum.</summary>
    public static short Number(ProgressStatus status) => (short)(status switch
    {
        ProgressStatus.NoData => ProtoStatus.NoData,
        ProgressStatus.FallingBehind => ProtoStatus.FallingBehind,
        ProgressStatus.Stuck => ProtoStatus.Stuck,
        ProgressStatus.SlowMoving => ProtoStatus.SlowMoving,
        ProgressStatus.Exceeding => ProtoStatus.Exceeding,
        ProgressStatus.OnTrack => ProtoStatus.OnTrack,
        _ => throw new ArgumentOutOfRangeException(nameof(status)),
    });

    /// <summary>The word in events.</summary>
    public static string Of(short number) => (ProtoStatus)number switch
    {
        ProtoStatus.NoData => "no-data",
        ProtoStatus.FallingBehind => "falling-behind",
        ProtoStatus.Stuck => "stuck",
        ProtoStatus.SlowMoving => "slow-moving",
        ProtoStatus.Exceeding => "exceeding",
        ProtoStatus.OnTrack => "on-track",
        _ => throw new ArgumentOutOfRangeException(nameof(number)),
    };

    /// <summary>Why there is no status; null where there is one.</summary>
    public static string? Of(NoDataReason? reason) => reason switch
    {
        null => null,
        NoDataReason.NoScore => "no-score",
        NoDataReason.NoPriorScore => "no-prior-score",
        NoDataReason.NoFit => "no-fit",
        _ => throw new ArgumentOutOfRangeException(nameof(reason)),
    };
}
