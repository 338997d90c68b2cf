using GoldenThread.Gateway.Transcoding.Json;
using Google.Api;
using Google.Protobuf.Reflection;

namespace GoldenThread.Gateway.Transcoding;

/// <summary>How the two bodies of a call travel.</summary>
internal enum CallKind
{
    /// <summary>JSON in, JSON out.</summary>
    Unary,

    /// <summary>JSON in, one line of JSON per message out.</summary>
    Stream,

    /// <summary>JSON in, raw bytes out.</summary>
    Download,

    /// <summary>Raw bytes in, JSON out.</summary>
    Upload,
}

/// <summary>One way to reach one rpc over REST: a google.api.http rule with all that a call needs, worked out once.</summary>
internal sealed class RestMethod
{
    private const string HttpBodyName = "google.api.HttpBody";

    private RestMethod(MethodDescriptor rpc, HttpRule rule, int binding, ShapeCatalogue shapes)
    {
        Rpc = rpc;
        RouteId = $"{rpc.FullName}#{binding}";
        GrpcPath = $"/{rpc.Service.FullName}/{rpc.Name}";
        (Verb, var path) = VerbAndPath(rpc, rule);
        Path = PathTemplate.Parse(path);
        RefuseUnsupported(rpc, rule);
        Kind = rpc.IsClientStreaming ? CallKind.Upload
            : !rpc.IsServerStreaming ? CallKind.Unary
            : rpc.OutputType.FullName == HttpBodyName ? CallKind.Download
            : CallKind.Stream;
        TakesWholeBody = rule.Body == "*";
        if (Kind == CallKind.Upload)
        {
            Upload = UploadBody.Of(rpc, rule.Body);
            Request = shapes.WithoutBody(rpc.InputType, Upload.Field);
        }
        else
        {
            Request = shapes.Of(rpc.InputType, rpc.FullName);
            BodyField = rule.Body is "" or "*" ? null : Request.ByName(rule.Body)
                ?? throw new UnsupportedContractException($"{rpc.FullName} has the body '{rule.Body}', which its request does not have.");
        }

        Response = Kind == CallKind.Download ? null : shapes.Of(rpc.OutputType, rpc.FullName);
        EtagOfRequest = EtagField(Request);
        EtagOfResponse = Kind == CallKind.Unary ? EtagPath(Response!) : [];
        foreach (var field in Path.Fields)
        {
            RequestParameters.RequirePathField(this, field);
        }
    }

    /// <summary>The rpc.</summary>
    public MethodDescriptor Rpc { get; }

    /// <summary>Id of its YARP route: the rpc's full name and the number of the binding.</summary>
    public string RouteId { get; }

    /// <summary>The path of the call over gRPC.</summary>
    public string GrpcPath { get; }

    /// <summary>The HTTP method.</summary>
    public string Verb { get; }

    public PathTemplate Path { get; }

    public CallKind Kind { get; }

    /// <summary>The request message; for an upload without the field that travels raw.</summary>
    public MessageShape Request { get; }

    /// <summary>The response message; null for a download.</summary>
    public MessageShape? Response { get; }

    /// <summary>Whether the JSON body is the request message.</summary>
    public bool TakesWholeBody { get; }

    /// <summary>The request field that is the JSON body, if one is.</summary>
    public FieldShape? BodyField { get; }

    /// <summary>The raw body of an upload.</summary>
    public UploadBody? Upload { get; }

    /// <summary>The request field that If-Match also goes into, if there is one.</summary>
    public FieldShape? EtagOfRequest { get; }

    /// <summary>The fields that lead to the etag in the response; empty where there is none.</summary>
    public FieldShape[] EtagOfResponse { get; }

    /// <summary>Whether it may be sent again although it may have arrived: reading twice changes nothing.</summary>
    public bool IsSafe => Verb == "GET";

    /// <summary>All ways to reach an rpc: none for an rpc without a rule.</summary>
    /// <exception cref="UnsupportedContractException">A rule asks for what the gateway does not do.</exception>
    public static IEnumerable<RestMethod> Of(MethodDescriptor rpc, ShapeCatalogue shapes)
    {
        if (rpc.GetOptions()?.GetExtension(AnnotationsExtensions.Http) is not { } rule)
        {
            yield break;
        }

        var binding = 0;
        foreach (var each in rule.AdditionalBindings.Prepend(rule))
        {
            yield return new RestMethod(rpc, each, binding++, shapes);
        }
    }

    private static (string Verb, string Path) VerbAndPath(MethodDescriptor rpc, HttpRule rule) => rule.PatternCase switch
    {
        HttpRule.PatternOneofCase.Get => ("GET", rule.Get),
        HttpRule.PatternOneofCase.Post => ("POST", rule.Post),
        HttpRule.PatternOneofCase.Put => ("PUT", rule.Put),
        HttpRule.PatternOneofCase.Patch => ("PATCH", rule.Patch),
        HttpRule.PatternOneofCase.Delete => ("DELETE", rule.Delete),
        _ => throw new UnsupportedContractException($"{rpc.FullName} has a rule with neither get, post, put, patch nor delete."),
    };

    private static void RefuseUnsupported(MethodDescriptor rpc, HttpRule rule)
    {
        if (rpc.IsClientStreaming && rpc.IsServerStreaming)
        {
            throw new UnsupportedContractException($"{rpc.FullName} streams both ways, which REST cannot.");
        }

        if (rule.ResponseBody.Length > 0)
        {
            throw new UnsupportedContractException($"{rpc.FullName} uses response_body.");
        }

        if (rule.PatternCase is HttpRule.PatternOneofCase.Get or HttpRule.PatternOneofCase.Delete && rule.Body.Length > 0)
        {
            throw new UnsupportedContractException($"{rpc.FullName} has a body on GET or DELETE.");
        }

        if (rule.Body.Contains('.', StringComparison.Ordinal))
        {
            throw new UnsupportedContractException($"{rpc.FullName} has the nested body '{rule.Body}'.");
        }

        if (rule.AdditionalBindings.Any(each => each.AdditionalBindings.Count > 0))
        {
            throw new UnsupportedContractException($"{rpc.FullName} has additional_bindings within additional_bindings.");
        }
    }

    private static FieldShape? EtagField(MessageShape message) =>
        message.Fields.FirstOrDefault(field => field is { Type: FieldType.String, IsRepeated: false, Descriptor.Name: "etag" });

    private static FieldShape[] EtagPath(MessageShape response)
    {
        if (EtagField(response) is { } own)
        {
            return [own];
        }

        var resources = response.Fields.Where(field => field is { IsRepeated: false, Message: { } message } && EtagField(message) is not null).ToList();
        return resources is [var resource] ? [resource, EtagField(resource.Message!)!] : [];
    }
}

/// <summary>
/// The raw body of an upload: a request field of google.api.HttpBody's shape. Each message of the stream carries the next piece of it; the first
/// carries the media type and the fields that path and query give.
/// </summary>
internal sealed class UploadBody
{
    private UploadBody(FieldDescriptor field, FieldDescriptor contentType, FieldDescriptor data)
    {
        Field = field;
        Tag = TagOf(field);
        ContentTypeTag = TagOf(contentType);
        DataTag = TagOf(data);
    }

    public FieldDescriptor Field { get; }

    public uint Tag { get; }

    public uint ContentTypeTag { get; }

    public uint DataTag { get; }

    public static UploadBody Of(MethodDescriptor rpc, string body)
    {
        var field = rpc.InputType.FindFieldByName(body);
        if (field is not { FieldType: FieldType.Message, IsRepeated: false }
            || field.MessageType.FindFieldByName("content_type") is not { FieldType: FieldType.String, IsRepeated: false } contentType
            || field.MessageType.FindFieldByName("data") is not { FieldType: FieldType.Bytes, IsRepeated: false } data)
        {
            throw new UnsupportedContractException(
                $"{rpc.FullName} takes a stream, but its body is not a field of google.api.HttpBody's shape (content_type, data).");
        }

        return new UploadBody(field, contentType, data);
    }

    private static uint TagOf(FieldDescriptor field) => (uint)field.FieldNumber << 3 | 2;
}
