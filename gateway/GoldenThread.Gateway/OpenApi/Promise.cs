using System.Text.RegularExpressions;
using Google.Protobuf.Reflection;

namespace GoldenThread.Gateway.OpenApi;

/// <summary>
/// How an rpc may fail, as its comment says: gRPC statuses, each followed by the stable reasons it comes with ("NOT_FOUND PUPIL_NOT_FOUND;
/// FAILED_PRECONDITION with ROW_CLOSED"), "Needs If-Match", and "as OtherRpc" for what is promised there already.
/// </summary>
internal sealed partial class Promise
{
    private const string IfMatchRequired = "IF_MATCH_REQUIRED";
    private const string EtagMismatch = "ETAG_MISMATCH";
    private const string UploadStalled = "UPLOAD_STALLED";
    private readonly SortedDictionary<int, SortedSet<string>> _reasons = [];

    private Promise(MethodDescriptor rpc, int depth)
    {
        var comment = Comments.Of(rpc);
        NeedsIfMatch = comment.Contains("Needs If-Match", StringComparison.Ordinal) || comment.Contains(IfMatchRequired, StringComparison.Ordinal);
        TakesIfMatch = NeedsIfMatch || comment.Contains("If-Match", StringComparison.Ordinal) || comment.Contains(EtagMismatch, StringComparison.Ordinal);
        ReadReasons(comment);
        if (depth > 0)
        {
            return;
        }

        foreach (Match like in AsOtherRpc().Matches(comment))
        {
            if (rpc.Service.FindMethodByName(like.Groups[1].Value) is { } other && other != rpc)
            {
                TakeOver(new Promise(other, depth + 1));
            }
        }
    }

    /// <summary>Whether If-Match must be sent.</summary>
    public bool NeedsIfMatch { get; }

    /// <summary>Whether If-Match is looked at where it is sent.</summary>
    public bool TakesIfMatch { get; }

    /// <summary>What an rpc's comment promises.</summary>
    public static Promise Of(MethodDescriptor rpc) => new(rpc, 0);

    /// <summary>Whether the comment speaks of failures that become this HTTP status.</summary>
    public bool Mentions(int status) => _reasons.ContainsKey(status);

    /// <summary>The reasons named for an HTTP status, in order of the alphabet.</summary>
    public IReadOnlyCollection<string> Reasons(int status) => _reasons.TryGetValue(status, out var reasons) ? reasons : [];

    private void ReadReasons(string comment)
    {
        int? status = null;
        foreach (Match word in UpperSnake().Matches(comment))
        {
            if (HttpStatus(word.Value) is { } spoken)
            {
                status = spoken;
                Add(spoken, null);
            }
            else if (word.Value == UploadStalled)
            {
                // The one reason of ABORTED that is no 409, as the etag's is 412.
                Add(StatusCodes.Status408RequestTimeout, UploadStalled);
            }
            else if (word.Value is not (IfMatchRequired or EtagMismatch) && word.Value.Contains('_') && status is { } under)
            {
                Add(under, word.Value);
            }
        }

        // ABORTED is 412 where nothing but the etag is meant, and FAILED_PRECONDITION 428 where nothing but its absence is.
        if (_reasons.TryGetValue(StatusCodes.Status409Conflict, out var conflicts) && conflicts.Count == 0 && !NamesAnotherConflict().IsMatch(comment))
        {
            _reasons.Remove(StatusCodes.Status409Conflict);
        }
    }

    private void TakeOver(Promise other)
    {
        foreach (var (status, reasons) in other._reasons)
        {
            Add(status, null);
            _reasons[status].UnionWith(reasons);
        }
    }

    private void Add(int status, string? reason)
    {
        if (!_reasons.TryGetValue(status, out var reasons))
        {
            _reasons[status] = reasons = new SortedSet<string>(StringComparer.Ordinal);
        }

        if (reason is not null)
        {
            reasons.Add(reason);
        }
    }

    private static int? HttpStatus(string word) => word switch
    {
        "INVALID_ARGUMENT" or "OUT_OF_RANGE" => StatusCodes.Status400BadRequest,
        "PERMISSION_DENIED" => StatusCodes.Status403Forbidden,
        "NOT_FOUND" => StatusCodes.Status404NotFound,
        "FAILED_PRECONDITION" or "ALREADY_EXISTS" or "ABORTED" => StatusCodes.Status409Conflict,
        "RESOURCE_EXHAUSTED" => StatusCodes.Status413PayloadTooLarge,
        "UNAVAILABLE" => StatusCodes.Status503ServiceUnavailable,
        _ => null,
    };

    [GeneratedRegex(@"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*\b")]
    private static partial Regex UpperSnake();

    [GeneratedRegex(@"\b(?:Reasons|Else|Fails|NOT_FOUND|rows) as ([A-Z]\w+)")]
    private static partial Regex AsOtherRpc();

    [GeneratedRegex(@"ALREADY_EXISTS|FAILED_PRECONDITION(?! IF_MATCH_REQUIRED)")]
    private static partial Regex NamesAnotherConflict();
}
