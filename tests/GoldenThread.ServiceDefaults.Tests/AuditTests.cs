using System.Globalization;
using System.Text.Json.Nodes;
using GoldenThread.TestSupport;
using Grpc.Core;
using Npgsql;

namespace GoldenThread.ServiceDefaults.Tests;

/// <summary>Who did or read what is kept, with why, and nobody alters it without a trace.</summary>
public sealed class AuditTests : IAsyncLifetime
{
    // Rows are linked once no transaction of the server is older than they are, and other tests' uploads hold some for long.
    private static readonly TimeSpan LinkPatience = TimeSpan.FromMinutes(2);

    private const string AllLinked = "select count(*) > 0 and count(*) = count(c.position) from audit left join audit_chain c using (audit_id)";

    private Specimen specimen = null!;

    public async ValueTask InitializeAsync() => specimen = await Specimen.StartedAsync();

    public ValueTask DisposeAsync() => specimen.DisposeAsync();

    [Fact]
    public async Task Chain_ShowsWhatASuperuserAlteredOrDeleted()
    {
        for (var urn = 300_001; urn <= 300_003; urn++)
        {
            await specimen.PutSchoolAsync(urn);
        }

        await AllLinkedAsync();
        var (exit, told) = await CheckAsync();
        Assert.Equal(0, exit);
        Assert.Matches("^the audit chain holds; its head is [0-9]+:[0-9a-f]{64}\n$", told);

        var position = await specimen.ScalarAsync<long>("select position from audit join audit_chain using (audit_id) where school_urn = 300002");
        foreach (var change in new[]
        {
            "at = at + interval '1 microsecond'", "issuer = 'x'", "subject = 'somebody else'", "client_id = 'x'", "action = 'x'", "purpose = 'x'",
            "subject_kind = 'x'", "subject_ids = array['300009']", "school_urn = null", "detail = 'x'",
        })
        {
            await specimen.ExecuteAsync("drop table if exists kept; create table kept as select * from audit where school_urn = 300002");
            await specimen.ExecuteAsync($"update audit set {change} where audit_id = (select audit_id from kept)");
            Assert.True(await FirstBreakAsync() == position, $"{change} was not found");
            await specimen.ExecuteAsync("""
                update audit a
                set at = k.at, issuer = k.issuer, subject = k.subject, client_id = k.client_id, action = k.action, purpose = k.purpose,
                    subject_kind = k.subject_kind, subject_ids = k.subject_ids, school_urn = k.school_urn, detail = k.detail
                from kept k
                where a.audit_id = k.audit_id
                """);
            Assert.Null(await FirstBreakAsync());
        }

        await specimen.ExecuteAsync("delete from audit where school_urn = 300002");
        (exit, told) = await CheckAsync();
        Assert.Equal(1, exit);
        Assert.StartsWith($"the audit chain breaks at position {position}:", told, StringComparison.Ordinal);

        // Whoever takes away the link as well is found at the next one.
        await specimen.ExecuteAsync($"delete from audit_chain where position = {position}");
        Assert.Equal(position + 1, await FirstBreakAsync());
    }

    [Fact]
    public async Task Chain_ShowsWhatWasPutInAfterwards()
    {
        await specimen.PutSchoolAsync(300_004);
        await specimen.PutSchoolAsync(300_005);
        await AllLinkedAsync();
        Assert.Equal(0, (await CheckAsync()).Exit);
        const string Forge = """
            insert into audit (tx, at, issuer, subject, action, purpose, subject_kind, subject_ids)
            select {0}, at, issuer, 'somebody else', action, purpose, subject_kind, subject_ids from audit where school_urn = 300004
            """;

        // As of a transaction long past, and of one that never was: neither is ever linked.
        await specimen.ExecuteAsync(string.Format(CultureInfo.InvariantCulture, Forge, "tx"));
        await specimen.ExecuteAsync(string.Format(CultureInfo.InvariantCulture, Forge, "'9000000000000000000'::xid8"));

        var first = await specimen.ScalarAsync<long>("select min(audit_id) from audit where subject = 'somebody else'");
        var (exit, told) = await CheckAsync();
        Assert.Equal((1, $"the audit chain leaves out 2 rows, first the one with audit_id {first}: they were put in afterwards\n"), (exit, told));

        // What comes after is linked as ever.
        await specimen.PutSchoolAsync(300_006);
        await specimen.TrueAsync("select exists (select from audit join audit_chain using (audit_id) where school_urn = 300006)");
    }

    [Fact]
    public async Task HeadThatWasWrittenDown_ShowsThatTheNewestRowsWereTakenAway()
    {
        await specimen.PutSchoolAsync(300_007);
        await AllLinkedAsync();
        var head = (await CheckAsync()).Told.Trim().Split(' ')[^1];
        await Eventually.Async(async () => Assert.Contains("The audit chain reaches to ", await specimen.LogAsync(), StringComparison.Ordinal));
        await specimen.PutSchoolAsync(300_008);
        await AllLinkedAsync();
        Assert.Equal(0, (await CheckAsync("--expect", head)).Exit);

        await specimen.ExecuteAsync($"""
            delete from audit where audit_id in (select audit_id from audit_chain where position >= {head.Split(':')[0]});
            delete from audit_chain where position >= {head.Split(':')[0]}
            """);

        Assert.Equal(0, (await CheckAsync()).Exit);
        Assert.Equal((1, $"the audit chain does not hold {head}: its newest rows were taken away, or it was linked anew\n"), await CheckAsync($"--expect={head}"));

        // Linked again with other rows, the place is taken, and not by the same.
        await specimen.PutSchoolAsync(300_009);
        await specimen.PutSchoolAsync(300_010);
        await AllLinkedAsync();
        Assert.Equal(1, (await CheckAsync("--expect", head)).Exit);
    }

    [Fact]
    public async Task List_TellsWhoDidAndSawWhat_AndNoMoreThanWasAskedFor()
    {
        var pupil = await specimen.AddPupilAsync(await specimen.PutSchoolAsync(300_041, "opening of a school"));
        await specimen.PutSchoolAsync(300_042);
        await specimen.ReadPupilAsync(pupil, "safeguarding");
        await specimen.TrueAsync("select exists (select from audit where purpose = 'safeguarding')");

        var ofPupil = await ListAsync("--whom", pupil);
        Assert.Equal(
            [("/goldenthread.tracking.v1.PupilService/CreatePupil", "lead"), ("/goldenthread.tracking.v1.PupilService/GetPupil", "lead")],
            ofPupil.Select(row => ((string)row["action"]!, (string)row["subject"]!)));
        Assert.Equal(("safeguarding", "pupil"), ((string?)ofPupil[1]["purpose"], (string?)ofPupil[1]["subjectKind"]));
        var opened = Assert.Single(await ListAsync("--school=300041", "--subject=lead", "--until=2999-01-01"), row => (string?)row["purpose"] == "opening of a school");
        Assert.Equal("300041", (string?)opened["subjectIds"]![0]);
        var since = (string)ofPupil[1]["at"]!;
        Assert.Equal("safeguarding", (string?)Assert.Single(await ListAsync("--whom", pupil, "--since", since))["purpose"]);
        Assert.Equal(["/goldenthread.tracking.v1.PupilService/CreatePupil"], (await ListAsync("--whom", pupil, "--until", since)).Select(row => (string?)row["action"]));
        Assert.Empty(await ListAsync("--subject", "nobody"));
    }

    [Fact]
    public async Task ReadThatCannotBePutDown_IsRefused_AndNoneBeforeIsForgotten()
    {
        await using var small = await Specimen.StartedAsync("--Service:MostReadsWaiting=3");
        var pupil = await small.AddPupilAsync(await small.PutSchoolAsync(300_051));
        await small.ExecuteAsync("alter table audit rename to audit_elsewhere");
        for (var read = 0; read < 3; read++)
        {
            await small.ReadPupilAsync(pupil, "too many");
        }

        var refused = await Assert.ThrowsAsync<RpcException>(() => small.ReadPupilAsync(pupil, "too many"));
        Assert.Equal((StatusCode.Unavailable, "Who reads this must be put down, and that is not possible now. Try again."), (refused.StatusCode, refused.Status.Detail));

        await small.ExecuteAsync("alter table audit_elsewhere rename to audit");
        await small.TrueAsync("select count(*) = 3 from audit where purpose = 'too many'");
        await small.ReadPupilAsync(pupil, "again");
    }

    [Theory]
    [InlineData("audit", "--subjct=lead", "--subjct=lead is not known here; there is --subject, --whom, --school, --since, --until")]
    [InlineData("audit", "lead", "lead is not known here; there is --subject, --whom, --school, --since, --until")]
    [InlineData("audit", "--whom", "--whom needs a value")]
    [InlineData("audit", "--since=22/11/2026", "--since cannot be read; example: --since 2026-11-01")]
    [InlineData("check-audit", "--expect=12", "--expect cannot be read; example: --expect 1234:9f86d0…, as an earlier check printed it")]
    public async Task CommandThatCannotBeFollowed_IsRefusedInWords(string command, string option, string words)
    {
        var outcome = await Specimen.RunAsync(command, option);
        Assert.Equal((2, words), (outcome.ExitCode, outcome.Output.Trim()));
    }

    [Fact]
    public async Task ApplicationRole_MayAddToTheAudit_AndNeverChangeIt()
    {
        await specimen.PutSchoolAsync(300_011);
        await using var application = NpgsqlDataSource.Create(specimen.Database!.ConnectionString);
        foreach (var change in new[]
        {
            "update audit set purpose = 'x'", "delete from audit", "truncate audit",
            "update audit_chain set position = 0", "delete from audit_chain", "truncate audit_chain",
            "insert into schema_migration (name, checksum) values ('x', 'x')", "delete from schema_migration", "drop table audit",
        })
        {
            await using var command = application.CreateCommand(change);
            var refused = await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));
            Assert.True(refused.SqlState == PostgresErrorCodes.InsufficientPrivilege, $"{change}: {refused.Message}");
        }
    }

    [Fact]
    public async Task Purpose_IsWhatTheCallerSaid_OrElseTheDefaultOfTheRpc()
    {
        await specimen.PutSchoolAsync(300_021);
        await specimen.PutSchoolAsync(300_022, "opening of a school");

        Assert.Equal(
            ["school register", "opening of a school"],
            await specimen.RowsAsync("select purpose from audit where subject_kind = 'school' order by school_urn", row => row.GetString(0)));
    }

    [Fact]
    public async Task Reads_OfAName_AreKeptTogetherWithWhomTheyShowed()
    {
        const int Reads = 40;
        var pupil = await specimen.AddPupilAsync(await specimen.PutSchoolAsync(300_031));

        await Task.WhenAll(Enumerable.Range(0, Reads).Select(read => specimen.ReadPupilAsync(pupil, read % 2 == 0 ? "safeguarding" : null)));

        const string Kept = """
            from audit
            where action = '/goldenthread.tracking.v1.PupilService/GetPupil' and subject = 'lead' and subject_kind = 'pupil'
            """;
        await specimen.TrueAsync($"select count(*) = {Reads} {Kept} and subject_ids = array['{pupil}']");
        Assert.Equal(
            [("safeguarding", Reads / 2L), ("teaching", Reads / 2L)],
            await specimen.RowsAsync($"select purpose, count(*) {Kept} group by purpose order by purpose", row => (row.GetString(0), row.GetInt64(1))));
        // A commit for each would make as many transactions as reads.
        Assert.InRange(await specimen.ScalarAsync<long>($"select count(distinct tx) {Kept}"), 1, Reads / 2);
    }

    private async Task<(int Exit, string Told)> CheckAsync(params string[] options)
    {
        var outcome = await Specimen.RunAsync(["check-audit", $"--Database:ConnectionString={specimen.Database!.ConnectionString}", .. options]);
        return (outcome.ExitCode, outcome.Output);
    }

    private async Task<List<JsonNode>> ListAsync(params string[] options)
    {
        var outcome = await Specimen.RunAsync(["audit", $"--Database:ConnectionString={specimen.Database!.ConnectionString}", .. options]);
        Assert.True(outcome.ExitCode == 0, outcome.Output);
        return [.. outcome.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];
    }

    private Task AllLinkedAsync() => Eventually.Async(() => specimen.ScalarAsync<bool>(AllLinked), AllLinked, LinkPatience);

    private async Task<long?> FirstBreakAsync()
    {
        await using var application = NpgsqlDataSource.Create(specimen.Database!.ConnectionString);
        return (await AuditChain.CheckAsync(application, null, TestContext.Current.CancellationToken)).BreaksAt;
    }
}
