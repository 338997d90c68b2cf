using System.Globalization;

namespace GoldenThread.Gateway.Transcoding.Json;

/// <summary>The caller's request does not fit the contract. Becomes a problem of status 400, where it does not say otherwise.</summary>
/// <param name="code">Stable name of the error.</param>
/// <param name="detail">What is wrong, in words for the caller.</param>
internal sealed class BadInputException(string code, string detail) : Exception(detail)
{
    public const string MalformedJson = "MALFORMED_JSON";
    public const string UnknownField = "UNKNOWN_FIELD";
    public const string UnknownParameter = "UNKNOWN_PARAMETER";
    public const string InvalidValue = "INVALID_VALUE";
    public const string BodyRequired = "BODY_REQUIRED";
    public const string BodyNotAllowed = "BODY_NOT_ALLOWED";
    public const string MessageTooLarge = "MESSAGE_TOO_LARGE";
    public const string UploadTooLarge = "UPLOAD_TOO_LARGE";
    public const string UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE";

    /// <summary>Stable name of the error.</summary>
    public string Code { get; } = code;

    /// <summary>HTTP status of the problem.</summary>
    public int Status { get; init; } = StatusCodes.Status400BadRequest;

    /// <summary>JSON Pointer to the value at fault; empty where the request as a whole is.</summary>
    public string Pointer { get; set; } = "";

    public static BadInputException Invalid(string detail) => new(InvalidValue, detail);

    public static BadInputException JsonBeyond(long most) => Beyond(MessageTooLarge, $"A JSON body has at most {Size(most)}. Send it in several requests.");

    public static BadInputException UploadBeyond(long most) => Beyond(UploadTooLarge, $"A file has at most {Size(most)}. Split it and send the parts.");

    private static BadInputException Beyond(string code, string detail) => new(code, detail) { Status = StatusCodes.Status413PayloadTooLarge };

    private static string Size(long bytes) => bytes switch
    {
        _ when bytes % (1 << 30) == 0 => $"{bytes >> 30} GiB",
        _ when bytes % (1 << 20) == 0 => $"{bytes >> 20} MiB",
        _ when bytes % (1 << 10) == 0 => $"{bytes >> 10} KiB",
        _ => bytes.ToString("N0", CultureInfo.InvariantCulture) + " bytes",
    };
}
