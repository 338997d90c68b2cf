namespace Grpc.Core;

/// <summary>How a call ended. The numbers are those of the gRPC protocol.</summary>
public enum StatusCode
{
    /// <summary>The call succeeded.</summary>
    OK = 0,

    /// <summary>The call was cancelled, usually by the caller.</summary>
    Cancelled = 1,

    /// <summary>An error without a better name.</summary>
    Unknown = 2,

    /// <summary>An argument is wrong whatever the state of the system.</summary>
    InvalidArgument = 3,

    /// <summary>The deadline passed before the call ended.</summary>
    DeadlineExceeded = 4,

    /// <summary>What was asked for does not exist.</summary>
    NotFound = 5,

    /// <summary>What was to be created exists.</summary>
    AlreadyExists = 6,

    /// <summary>The caller is known and may not do this.</summary>
    PermissionDenied = 7,

    /// <summary>A quota, a size limit or the disk is used up.</summary>
    ResourceExhausted = 8,

    /// <summary>The system is not in the state that the call needs.</summary>
    FailedPrecondition = 9,

    /// <summary>A concurrent change won; the caller may read again and retry.</summary>
    Aborted = 10,

    /// <summary>The call reached past the valid range.</summary>
    OutOfRange = 11,

    /// <summary>The server does not offer this method.</summary>
    Unimplemented = 12,

    /// <summary>An invariant of the system is broken.</summary>
    Internal = 13,

    /// <summary>The service cannot be reached now; a retry may succeed.</summary>
    Unavailable = 14,

    /// <summary>Data is lost or corrupted beyond repair.</summary>
    DataLoss = 15,

    /// <summary>The caller's credentials are missing or invalid.</summary>
    Unauthenticated = 16,
}
