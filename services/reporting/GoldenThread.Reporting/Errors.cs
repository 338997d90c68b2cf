using GoldenThread.ServiceDefaults;
using Grpc.Core;

namespace GoldenThread.Reporting;

/// <summary>Every error that reporting names.</summary>
internal static class Errors
{
    public static RpcException CollectionNotFound() =>
        Refusal.NotFound("COLLECTION_NOT_FOUND", "There is no such collection here.");

    public static RpcException SchoolNotFound() =>
        Refusal.NotFound("SCHOOL_NOT_FOUND", "There is no such school here.");

    public static RpcException FixedTablesOnly() => Refusal.InvalidField(
        "FIXED_TABLES_ONLY", "on", "Your role sees fixed tables, one per collection. Leave out \"on\"; a day of one's own choice needs access to pupils.");

    public static RpcException StatusUnknown(string status) => Refusal.InvalidField(
        "STATUS_UNKNOWN", "status", $"\"{status}\" is no status. It is one of no-data, falling-behind, stuck, slow-moving, exceeding, on-track.");

    public static RpcException MappingNotFound() =>
        Refusal.NotFound("MAPPING_NOT_FOUND", "There is no mapping of that id. Set it first, then import.");

    public static RpcException MappingInvalid(string field, string words) => Refusal.InvalidField("MAPPING_INVALID", field, words);

    public static RpcException FileUnreadable(string words) => Refusal.InvalidField("FILE_UNREADABLE", "file", words);

    public static RpcException FileTooLarge(int megabytes) =>
        Refusal.TooLarge("FILE_TOO_LARGE", $"A file of published figures has at most {megabytes} MB. Split it, or leave out what is not needed.");
}
