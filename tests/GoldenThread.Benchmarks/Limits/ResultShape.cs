using System.Text.Json.Serialization;

namespace GoldenThread.Benchmarks.Limits;

/// <summary>A result as the product answers it, field by field, so that the floor writes as many bytes.</summary>
public sealed record ResultShape
{
    public required string ResultId { get; init; }

    public required int SchoolUrn { get; init; }

    public required string PupilId { get; init; }

    public required string TestId { get; init; }

    public required string Subject { get; init; }

    public required string CollectionId { get; init; }

    public required string SatOn { get; init; }

    public required string YearGroup { get; init; }

    public required string Source { get; init; }

    public required string Score { get; init; }

    public required int Version { get; init; }

    public required DateTimeOffset RecordedAt { get; init; }
}

/// <summary>What the product answers to a list.</summary>
public sealed record ResultListShape(IReadOnlyList<ResultShape> Results, string NextPageToken);

/// <summary>What the product answers to a POST.</summary>
public sealed record RecordedShape(ResultShape Result, string Effect);

/// <summary>What a caller posts.</summary>
public sealed record EntryShape(Guid PupilId, Guid TestId, Guid CollectionId, DateOnly SatOn, string Score);

/// <summary>JSON without reflection, as fast as .NET writes it.</summary>
[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ResultListShape))]
[JsonSerializable(typeof(RecordedShape))]
[JsonSerializable(typeof(EntryShape))]
public sealed partial class Shapes : JsonSerializerContext;
