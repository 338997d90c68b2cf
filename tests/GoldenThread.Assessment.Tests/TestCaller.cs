using System.Text;
using GoldenThread.Assessment.Internal.V1;
using GoldenThread.Assessment.V1;
using Google.Protobuf;
using Grpc.Core;

namespace GoldenThread.Assessment.Tests;

/// <summary>A caller with a token, at the door of the service.</summary>
public sealed class TestCaller(ChannelBase channel, string token)
{
    public required string Subject { get; init; }

    public Metadata Headers { get; } = new() { { "authorization", $"Bearer {token}" } };

    public SubjectsService.SubjectsServiceClient Subjects { get; } = new(channel);

    public ScalesService.ScalesServiceClient Scales { get; } = new(channel);

    public TestsService.TestsServiceClient Tests { get; } = new(channel);

    public CollectionsService.CollectionsServiceClient Collections { get; } = new(channel);

    public ResultsService.ResultsServiceClient Results { get; } = new(channel);

    public QuarantineService.QuarantineServiceClient Quarantine { get; } = new(channel);

    public ChangesService.ChangesServiceClient Changes { get; } = new(channel);

    /// <summary>The headers with one more.</summary>
    public Metadata With(string name, string value)
    {
        var headers = new Metadata { { name, value } };
        foreach (var header in Headers)
        {
            headers.Add(header);
        }

        return headers;
    }

    /// <summary>The headers with the version that is to be changed.</summary>
    public Metadata IfMatch(string etag) => With("if-match", etag);

    /// <summary>Imports a file in pieces.</summary>
    public Task<ImportResultsResponse> ImportAsync(
        string collectionId, string csv, bool dryRun = false, string satOn = "", Metadata? headers = null) =>
        ImportAsync(collectionId, Encoding.UTF8.GetBytes(csv), dryRun, satOn, headers);

    /// <summary>Imports a file in pieces.</summary>
    public async Task<ImportResultsResponse> ImportAsync(
        string collectionId, byte[] csv, bool dryRun = false, string satOn = "", Metadata? headers = null)
    {
        using var call = Results.ImportResults(headers ?? Headers);
        var first = new ImportResultsRequest { CollectionId = collectionId, DryRun = dryRun, SatOn = satOn };
        foreach (var chunk in csv.Chunk(8 * 1024).DefaultIfEmpty([]))
        {
            first.File = new() { ContentType = "text/csv", Data = ByteString.CopyFrom(chunk) };
            await call.RequestStream.WriteAsync(first);
            first = new ImportResultsRequest();
        }

        await call.RequestStream.CompleteAsync();
        return await call;
    }
}
