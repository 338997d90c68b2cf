using System.Globalization;
using Npgsql;

namespace GoldenThread.Benchmarks.Limits;

/// <summary>
/// The floor: a bare minimal API over Npgsql on a table of the same shape. No authentication, no validation, no audit, no events.
/// Nobody could ship it; nobody can be faster for long.
/// </summary>
internal static class Floor
{
    /// <summary>Runs it until it is told to end.</summary>
    /// <param name="port">Where it listens on 127.0.0.1.</param>
    /// <param name="database">Connection string; the table <c>floor.result</c> is there.</param>
    public static async Task RunAsync(int port, string database)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, Shapes.Default));
        var settings = new NpgsqlConnectionStringBuilder(database) { MaxAutoPrepare = 20, AutoPrepareMinUsages = 2, NoResetOnClose = true, MaxPoolSize = 20 };
        await using var source = NpgsqlDataSource.Create(settings.ConnectionString);
        var app = builder.Build();
        app.MapGet("/v1/pupils/{pupilId:guid}/results", (Guid pupilId) => ReadAsync(source, pupilId));
        app.MapPost("/v1/schools/{schoolUrn:int}/results", (int schoolUrn, EntryShape entry) => WriteAsync(source, schoolUrn, entry));
        await app.RunAsync();
    }

    private static async Task<ResultListShape> ReadAsync(NpgsqlDataSource source, Guid pupilId)
    {
        await using var command = source.CreateCommand("""
            select r.school_urn, r.result_id, r.pupil_id, r.test_id, t.subject, r.collection_id, r.sitting, r.source, r.year_group, r.score,
                   r.version, r.recorded_at
            from floor.result r join test t on t.test_id = r.test_id
            where r.pupil_id = $1 order by r.sitting, r.result_id limit 51
            """);
        command.Parameters.Add(new() { Value = pupilId });
        await using var reader = await command.ExecuteReaderAsync();
        var results = new List<ResultShape>(32);
        while (await reader.ReadAsync())
        {
            results.Add(new ResultShape
            {
                SchoolUrn = reader.GetInt32(0),
                ResultId = reader.GetGuid(1).ToString(),
                PupilId = reader.GetGuid(2).ToString(),
                TestId = reader.GetGuid(3).ToString(),
                Subject = reader.GetString(4),
                CollectionId = reader.GetGuid(5).ToString(),
                SatOn = Iso(reader.GetFieldValue<DateOnly>(6)),
                Source = reader.GetString(7),
                YearGroup = reader.GetString(8),
                Score = reader.GetDecimal(9).ToString(CultureInfo.InvariantCulture),
                Version = reader.GetInt32(10),
                RecordedAt = reader.GetFieldValue<DateTimeOffset>(11),
            });
        }

        return new ResultListShape(results, "");
    }

    private static async Task<RecordedShape> WriteAsync(NpgsqlDataSource source, int schoolUrn, EntryShape entry)
    {
        const string Source = "manual";
        const string YearGroup = "4";
        var (id, at) = (Guid.CreateVersion7(), DateTimeOffset.UtcNow);
        await using var command = source.CreateCommand("""
            insert into floor.result (school_urn, result_id, pupil_id, test_id, collection_id, sitting, source, year_group, score, version,
                                      recorded_at, change_set_id)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, $2)
            """);
        var score = decimal.Parse(entry.Score, CultureInfo.InvariantCulture);
        object[] values = [schoolUrn, id, entry.PupilId, entry.TestId, entry.CollectionId, entry.SatOn, Source, YearGroup, score, at];
        foreach (var value in values)
        {
            command.Parameters.Add(new() { Value = value });
        }

        await command.ExecuteNonQueryAsync();
        return new RecordedShape(new ResultShape
        {
            SchoolUrn = schoolUrn,
            ResultId = id.ToString(),
            PupilId = entry.PupilId.ToString(),
            TestId = entry.TestId.ToString(),
            Subject = "",
            CollectionId = entry.CollectionId.ToString(),
            SatOn = Iso(entry.SatOn),
            Source = Source,
            YearGroup = YearGroup,
            Score = entry.Score,
            Version = 1,
            RecordedAt = at,
        }, "RECORDING_EFFECT_NEW");
    }

    private static string Iso(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
