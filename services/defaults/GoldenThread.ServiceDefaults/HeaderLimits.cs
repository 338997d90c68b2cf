namespace GoldenThread.ServiceDefaults;

/// <summary>How long the headers of a call may be, in characters: what is refused beyond, and what the OpenAPI document says.</summary>
public static class HeaderLimits
{
    /// <summary>Of Idempotency-Key.</summary>
    public const int IdempotencyKey = 255;

    /// <summary>Of Purpose.</summary>
    public const int Purpose = 200;
}
