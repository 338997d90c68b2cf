using GoldenThread.TestSupport;
using GoldenThread.Tracking.V1;
using GoldenThread.Type.V1;
using Grpc.Core;
using static GoldenThread.TestSupport.Refusals;

namespace GoldenThread.Tracking.Tests;

/// <summary>
/// UPNs can be guessed: whom a caller may not change is neither shown nor changed by a UPN alone. And a grant for part of a school neither
/// sends, reads nor mends that school's rows.
/// </summary>
public sealed class RosterReachTests(TrackingHouse house)
{
    private const string Header = "UPN,URN,Forename,Surname,DOB,Sex,Year group,Class,FSM,SEN,Looked after,From,Left on";
    private const string ShortHeader = "UPN,URN,Forename,Surname,DOB,Sex,Year group";

    public static TheoryData<string, string, string, bool> Guesses => new()
    {
        { "Bob", "Guess", "2015-01-01", false },
        { "Bob", "{surname}", "2016-05-10", false },
        { "Ada", "Guess", "2016-05-10", false },
        { "Ada", "{surname}", "2016-05-11", false },
        { "Ada", "{surname}", "2016-05-11", true },
    };

    [Theory]
    [MemberData(nameof(Guesses))]
    public async Task Import_ByUpnAlone_OfAnotherSchoolsLeaver_TellsNothingAndChangesNothing(string forename, string surname, string bornOn, bool former)
    {
        var (leaver, school) = await LeaverAsync(former);
        var (own, head) = await HeadAsync();
        var upn = former ? leaver.FormerUpns.Single() : leaver.Upn;
        var file = $"{Header}\n{upn},{own},{forename},{surname.Replace("{surname}", leaver.Surname)},{bornOn},M,6,,N,E,N,2025-10-01,\n";

        foreach (var answer in new[] { await head.ImportAsync(file, dryRun: true), await head.ImportAsync(file) })
        {
            Assert.Equal((0, 0, 0, 1), (answer.PupilsAdded, answer.PupilsChanged, answer.RowsUnchanged, answer.RowsQuarantined));
            Assert.Empty(answer.Differences);
            var problem = Assert.Single(answer.Problems);
            Assert.Equal(("", "NEEDS_CONFIRMATION"), (problem.Column, problem.Reason));
            Assert.DoesNotContain(leaver.Forename, problem.Words, StringComparison.Ordinal);
        }

        Assert.Empty(Assert.Single(await QuarantineAsync(head)).CandidatePupilIds);
        Assert.Equal(leaver.PupilId, Assert.Single(Assert.Single(await QuarantineAsync(house.Lead, own)).CandidatePupilIds));
        Assert.Equal(leaver, await house.Lead.PupilAsync(school, leaver.Surname, LastDay));
    }

    [Fact]
    public async Task Import_ByUpnAlone_OfAPupilOnAnotherRoll_DoesNotSayThatTheyAreThere()
    {
        var (there, upn) = (await house.SchoolAsync(), TrackingHouse.NewUpn());
        await house.Lead.ImportAsync($"{ShortHeader}\n{upn},{there},Ada,There {there},2016-05-10,F,5\n");
        var (own, head) = await HeadAsync();

        var guessed = await head.ImportAsync($"{ShortHeader}\n{upn},{own},Bob,Guess,2016-05-10,F,5\n", dryRun: true);
        var known = await head.ImportAsync($"{ShortHeader}\n{upn},{own},Ada,There {there},2016-05-10,F,5\n", dryRun: true);

        Assert.Equal("NEEDS_CONFIRMATION", Assert.Single(guessed.Problems).Reason);
        Assert.Equal("ON_ROLL_ELSEWHERE", Assert.Single(known.Problems).Reason);
    }

    [Fact]
    public async Task Import_OfAKnownUpn_AndOfAKnownNameAndBirthday_IsToldInTheSameWords()
    {
        var (leaver, _) = await LeaverAsync();
        var (own, head) = await HeadAsync();

        var answer = await head.ImportAsync(
            $"{ShortHeader}\n{leaver.Upn},{own},Bob,Guess,2016-05-10,F,6\n"
            + $"{TrackingHouse.NewUpn()},{own},Ada,{leaver.Surname},2016-05-10,F,6\n,{own},Ada,{leaver.Surname},2016-05-10,F,5\n", from: "2025-10-01");

        Assert.Equal(3, answer.RowsQuarantined);
        Assert.Single(answer.Problems.Select(p => (p.Column, p.Reason, p.Words)).Distinct());
        Assert.All(await QuarantineAsync(head), r => Assert.Empty(r.CandidatePupilIds));
    }

    [Fact]
    public async Task Mend_ByTheWordThatItIsAStranger_IsRefused_AsForAPupilWhoIsNot()
    {
        var (leaver, _) = await LeaverAsync();
        var (own, head) = await HeadAsync();
        await head.ImportAsync($"{ShortHeader}\n{leaver.Upn},{own},Bob,Guess,2016-05-10,F,6\n", from: "2025-10-01");
        var row = Assert.Single(await QuarantineAsync(head));
        Task SayAsync(string pupilId) => head.Rosters.MendQuarantinedRowAsync(
            new() { RowId = row.RowId, PupilId = pupilId }, head.IfMatch(row.Etag)).ResponseAsync;

        await SameRefusalAsync(() => SayAsync(leaver.PupilId), () => SayAsync($"{Guid.NewGuid()}"));
    }

    [Fact]
    public async Task Import_OfManyGuessesAboutOneUpn_TakesNoneOfThem()
    {
        var (leaver, _) = await LeaverAsync();
        var (own, head) = await HeadAsync();
        var rows = Enumerable.Range(9, 3).Select(
            day => $"{leaver.Upn},{own},Ada,{leaver.Surname},2016-05-{day:00},F,6,,,,,2025-10-{day:00},");

        var answer = await head.ImportAsync($"{Header}\n{string.Join('\n', rows)}\n", dryRun: true);

        Assert.Equal((0, 3), (answer.PupilsChanged, answer.RowsQuarantined));
        Assert.All(answer.Problems, p => Assert.Equal("NEEDS_CONFIRMATION", p.Reason));
    }

    [Fact]
    public async Task Import_WithNameAndBirthday_MovesALeaverIn_AndShowsNothingThatWasKnown()
    {
        var (leaver, _) = await LeaverAsync();
        var (own, head) = await HeadAsync();
        var surname = leaver.Surname.ToUpperInvariant();
        var file = $"{Header}\n{leaver.Upn},{own},ADA,{surname},2016-05-10,M,6,6B,Y,E,N,2025-10-01,\n";
        string[] shown = ["class:->6B from 2025-10-01", $"enrolment:->{own} year 6 from 2025-10-01"];

        var preview = await head.ImportAsync(file, dryRun: true);
        Assert.Equal(shown, preview.Differences.Select(d => $"{d.What}:{d.Before}->{d.After}"));
        Assert.Equal((0, 1, 0), (preview.PupilsAdded, preview.PupilsChanged, preview.RowsQuarantined));
        await house.KnownAsync(
            "select count(*) from audit where subject = @subject and @id = any (subject_ids) and action like '%/ImportRoster'",
            new { subject = head.Subject, id = leaver.PupilId });

        var headers = head.With("idempotency-key", $"{Guid.NewGuid()}");
        var answer = await head.ImportAsync(file, headers: headers);
        Assert.Equal(preview.Differences, answer.Differences);
        Assert.Equal(answer, await head.ImportAsync(file, headers: headers));

        var moved = await head.PupilAsync(own, surname);
        Assert.Equal((leaver.PupilId, "6B"), (moved.PupilId, moved.Classes.Single().Name));
        Assert.Equal(["fsm=yes", "sen=E"], moved.Facts.Select(f => $"{f.Fact}={f.Value}"));
        var next = await head.ImportAsync($"{Header}\n{leaver.Upn},{own},Ada,Changed,2016-05-10,M,6,,,K,,2025-11-01,\n", dryRun: true);
        Assert.Equal(["name:ADA " + surname, "sen:E"], next.Differences.Select(d => $"{d.What}:{d.Before}"));
    }

    [Fact]
    public async Task Import_ByTheSchoolALeaverWasAtLast_ShowsWhatWasKnown()
    {
        var (leaver, school) = await LeaverAsync();
        var head = await house.CallerAsync(Role.Headteacher, school);

        var answer = await head.ImportAsync($"{Header}\n{leaver.Upn},{school},Ada,Changed,2016-05-10,F,6,,,E,,2025-10-01,\n", dryRun: true);

        Assert.Contains(answer.Differences, d => d.What == "name" && d.Before == $"Ada {leaver.Surname}");
        Assert.Contains(answer.Differences, d => d is { What: "sen", Before: "K", After: "E" });
    }

    [Fact]
    public async Task Mend_OfAMisspeltMove_TakesNameAndBirthday_OrTheDataLeadsWord()
    {
        var (own, head) = await HeadAsync();
        async Task<(Pupil Leaver, QuarantinedRow Row)> MisspeltAsync()
        {
            var (leaver, _) = await LeaverAsync();
            await head.ImportAsync($"{ShortHeader}\n{leaver.Upn},{own},Ada,{leaver.Surname},2016-10-05,F,6\n", from: "2025-10-01");
            return (leaver, Assert.Single(await QuarantineAsync(head)));
        }

        var (corrected, first) = await MisspeltAsync();
        await RefusedAsync(StatusCode.NotFound, "PUPIL_NOT_FOUND", () => head.Rosters.MendQuarantinedRowAsync(
            new() { RowId = first.RowId, PupilId = corrected.PupilId }, head.IfMatch(first.Etag)).ResponseAsync);
        var still = (await head.Rosters.MendQuarantinedRowAsync(
            new() { RowId = first.RowId, Cells = { ["DOB"] = "2016-05-09" } }, head.IfMatch(first.Etag))).Row;
        Assert.Equal(("NEEDS_CONFIRMATION", 0), (Assert.Single(still.Problems).Reason, still.CandidatePupilIds.Count));
        var mended = (await head.Rosters.MendQuarantinedRowAsync(
            new() { RowId = first.RowId, Cells = { ["DOB"] = "2016-05-10" } }, head.IfMatch(still.Etag))).Row;
        Assert.Equal("mended", mended.ClosedBecause);
        Assert.Equal(corrected.PupilId, (await head.PupilAsync(own, corrected.Surname)).PupilId);

        var (confirmed, second) = await MisspeltAsync();
        await house.Lead.Rosters.MendQuarantinedRowAsync(
            new() { RowId = second.RowId, PupilId = confirmed.PupilId }, house.Lead.IfMatch(second.Etag));
        Assert.Equal((confirmed.PupilId, "2016-10-05"), ((await head.PupilAsync(own, confirmed.Surname)).PupilId, (await head.PupilAsync(own, confirmed.Surname)).BornOn));
    }

    [Theory]
    [InlineData("year")]
    [InlineData("class")]
    [InlineData("subject")]
    public async Task Grant_ForPartOfASchool_NeitherSendsNorReadsNorMendsItsRows(string part)
    {
        var urn = await house.SchoolAsync();
        await house.Lead.ImportAsync($"{Header}\n{TrackingHouse.NewUpn()},{urn},Ada,Part {urn},2016-05-10,F,5,5A,,,,,\n,{urn},Ada,Bad {urn},2016-05-10,Z,5,5A,,,,,\n");
        var classId = (await house.Lead.PupilAsync(urn, $"Part {urn}")).Classes.Single().ClassId;
        var waiting = Assert.Single(await QuarantineAsync(house.Lead, urn));
        var head = await house.CallerAsync(Role.Headteacher, urn, g => Limit(g, part, classId));

        var answer = await head.ImportAsync($"{ShortHeader}\n{TrackingHouse.NewUpn()},{urn},Bea,Sent {urn},2016-05-10,F,5\n");

        Assert.Equal((0, "URN_UNKNOWN"), (answer.PupilsAdded, Assert.Single(answer.Problems).Reason));
        Assert.Empty(await QuarantineAsync(head, urn));
        Assert.Equal("Bea", Assert.Single(await QuarantineAsync(head)).Cells["Forename"]);
        await NotTheirsAsync(head, waiting);
    }

    [Fact]
    public async Task DataLead_ForSomeSubjects_DoesNotGetTheRowsOfOthers()
    {
        var (own, head) = await HeadAsync();
        await head.ImportAsync($"{ShortHeader}\n,{own},Ada,Bad,2016-05-10,Z,5\n,999999,Ada,Nowhere {own},2016-05-10,F,5\n");
        var rows = await QuarantineAsync(head);
        var lead = await house.CallerAsync(Role.DataLead, limit: g => g.Subjects.Add("reading"));

        Assert.Equal(2, rows.Count);
        Assert.Empty(await QuarantineAsync(lead));
        foreach (var row in rows)
        {
            await NotTheirsAsync(lead, row);
        }

        foreach (var row in rows)
        {
            await house.Lead.Rosters.CloseQuarantinedRowAsync(new() { RowId = row.RowId, Reason = "test" }, house.Lead.IfMatch(row.Etag));
        }
    }

    [Fact]
    public async Task Sender_WhoNoLongerHoldsTheSchool_NoLongerHasItsRow()
    {
        var (kept, lost) = (await house.SchoolAsync(), await house.SchoolAsync());
        var head = await house.CallerAsync(Role.Headteacher, kept);
        var given = (await house.It.Grants.GiveGrantAsync(
            new() { Grant = new() { Issuer = house.Issuer.Authority, Subject = head.Subject, Role = Role.Headteacher, SchoolUrn = lost, Reason = "test" } },
            house.It.Headers)).Grant;
        await head.ImportAsync($"{ShortHeader}\n,{kept},Ada,Kept,2016-05-10,Z,5\n,{lost},Ada,Lost,2016-05-10,Z,5\n");
        var row = Assert.Single(await QuarantineAsync(head, lost));

        await house.It.Grants.EndGrantAsync(new() { GrantId = given.GrantId, Reason = "test" }, house.It.IfMatch(given.Etag));

        Assert.Equal("Kept", Assert.Single(await QuarantineAsync(head)).Cells["Surname"]);
        await NotTheirsAsync(head, row);
    }

    [Theory]
    [InlineData(Role.SeniorLeader)]
    [InlineData(Role.Partner)]
    public async Task Mend_OfACellThatIsNotForTheCaller_IsRefused_AndTheRowKeepsIt(Role role)
    {
        var urn = await house.SchoolAsync();
        var file = $"{ShortHeader},Looked after,Previously looked after,Ethnicity,Adopted\n,{urn},Ada,Care {urn},2016-05-10,Z,5,Y,SGO,BAFR,yes\n";
        await house.Lead.ImportAsync(file);
        var row = Assert.Single(await QuarantineAsync(house.Lead, urn));
        var caller = await house.CallerAsync(role, urn);
        Task TryAsync(string column) => caller.Rosters.MendQuarantinedRowAsync(
            new() { RowId = row.RowId, Cells = { ["Sex"] = "F", [column] = "N" } }, caller.IfMatch(row.Etag)).ResponseAsync;

        var words = new HashSet<string>();
        foreach (var column in new[] { "Looked after", "Previously looked after", "Ethnicity", "Adopted", "looked  AFTER", "Shoe size" })
        {
            var violation = Assert.Single((await RefusedAsync(StatusCode.InvalidArgument, "ROW_INVALID", () => TryAsync(column))).Violations());
            Assert.Equal("cells", violation.Field);
            words.Add(violation.Description);
        }

        // Whether the row has such a column is not told either.
        Assert.Single(words);
        await caller.Rosters.MendQuarantinedRowAsync(new() { RowId = row.RowId, Cells = { ["Sex"] = "F" } }, caller.IfMatch(row.Etag));
        var pupil = await house.Lead.PupilAsync(urn, $"Care {urn}");
        Assert.Equal(["ethnicity=BAFR", "looked-after=yes", "previously-looked-after=sgo"], pupil.Facts.Select(f => $"{f.Fact}={f.Value}"));
    }

    [Fact]
    public async Task Mend_IntoASchoolWhoseSensitiveCellsTheCallerSees_IsRefused()
    {
        var (where, own) = (await house.SchoolAsync(), await house.SchoolAsync());
        await house.Lead.ImportAsync($"{ShortHeader},Looked after\n,{where},Ada,Care {where},2016-05-10,Z,5,Y\n");
        var row = Assert.Single(await QuarantineAsync(house.Lead, where));
        var caller = await house.CallerAsync(Role.SeniorLeader, where);
        var grant = new Grant { Issuer = house.Issuer.Authority, Subject = caller.Subject, Role = Role.Headteacher, SchoolUrn = own, Reason = "test" };
        await house.It.Grants.GiveGrantAsync(new() { Grant = grant }, house.It.Headers);

        foreach (var sex in new[] { "Z", "F" })
        {
            var refused = await RefusedAsync(StatusCode.InvalidArgument, "ROW_INVALID", () => caller.Rosters.MendQuarantinedRowAsync(
                new() { RowId = row.RowId, Cells = { ["URN"] = $"{own}", ["Sex"] = sex } }, caller.IfMatch(row.Etag)).ResponseAsync);
            Assert.Equal("cells", Assert.Single(refused.Violations()).Field);
        }

        Assert.DoesNotContain("Looked after", Assert.Single(await QuarantineAsync(caller)).Cells.Keys);
        Assert.Empty(await caller.ListAsync(own));

        // A school mistyped by the sender, who knows the file, is theirs to correct; and where the pupil belongs is the data lead's to say.
        await caller.ImportAsync($"{ShortHeader},Looked after\n,999999,Bea,Sent {own},2016-05-10,F,5,Y\n");
        var sent = Assert.Single(await QuarantineAsync(caller), r => !r.HasSchoolUrn);
        await caller.Rosters.MendQuarantinedRowAsync(new() { RowId = sent.RowId, Cells = { ["URN"] = $"{own}" } }, caller.IfMatch(sent.Etag));
        Assert.Equal("looked-after", Assert.Single((await caller.PupilAsync(own, $"Sent {own}")).Facts).Fact);
        await house.Lead.Rosters.MendQuarantinedRowAsync(
            new() { RowId = row.RowId, Cells = { ["URN"] = $"{own}", ["Sex"] = "F" } }, house.Lead.IfMatch(row.Etag));
        Assert.Equal("looked-after", Assert.Single((await caller.PupilAsync(own, $"Care {where}")).Facts).Fact);
    }

    [Fact]
    public async Task Mend_NamingAPupilWhoWasAtTheSchoolOnce_AndElsewhereSince_IsRefused()
    {
        var ((own, head), upn) = (await HeadAsync(), TrackingHouse.NewUpn());
        await house.Lead.ImportAsync($"{Header}\n{upn},{own},Ada,Before {own},2016-05-10,F,4,,,,,2024-09-01,\n");
        var next = await house.SchoolAsync();
        var surname = $"After {own}";
        await house.Lead.ImportAsync($"{Header}\n{upn},{next},Ada,{surname},2016-05-10,F,5,,,,,2025-09-01,{LastDay}\n");
        var pupil = await house.Lead.PupilAsync(next, surname, LastDay);

        // By the number or the new name guessed, the former school does not learn that it is the child it knew.
        await head.ImportAsync(
            $"{ShortHeader}\n{upn},{own},Bob,Guess,2016-05-10,F,5\n,{own},Ada,{surname},2016-05-10,F,5\n", from: "2025-11-03");

        var rows = await QuarantineAsync(head);
        Assert.Equal(2, rows.Count);
        Assert.All(rows, r => Assert.Equal("NEEDS_CONFIRMATION", Assert.Single(r.Problems).Reason));
        Assert.All(rows, r => Assert.Empty(r.CandidatePupilIds));
        Assert.All(await QuarantineAsync(house.Lead, own), r => Assert.Equal(pupil.PupilId, Assert.Single(r.CandidatePupilIds)));
        foreach (var row in rows)
        {
            Task SayAsync(string pupilId) => head.Rosters.MendQuarantinedRowAsync(
                new() { RowId = row.RowId, PupilId = pupilId }, head.IfMatch(row.Etag)).ResponseAsync;
            await SameRefusalAsync(() => SayAsync(pupil.PupilId), () => SayAsync($"{Guid.NewGuid()}"));
        }
    }

    [Fact]
    public async Task Import_OfARowOnceConfirmed_OfAPupilWhoLeftAndWasRenamed_AsksAgain()
    {
        var ((own, head), upn) = (await HeadAsync(), TrackingHouse.NewUpn());
        await house.Lead.ImportAsync($"{Header}\n{upn},{own},Ada,Once {own},2016-05-10,F,4,,,,,2024-09-01,\n");
        var file = $"{ShortHeader}\n,{own},Ada,Once {own},2016-05-10,F,4\n";
        await head.ImportAsync(file, from: "2024-10-01");
        var row = Assert.Single(await QuarantineAsync(head));
        await head.Rosters.MendQuarantinedRowAsync(
            new() { RowId = row.RowId, PupilId = Assert.Single(row.CandidatePupilIds) }, head.IfMatch(row.Etag));
        Assert.Equal((0, 0), await CountsAsync("2024-10-01"));

        await house.Lead.ImportAsync($"{Header}\n{upn},{await house.SchoolAsync()},Ada,Since {own},2016-05-10,F,5,,,,,2025-09-01,{LastDay}\n");

        Assert.Equal((0, 1), await CountsAsync("2025-11-03"));

        async Task<(int Added, int Quarantined)> CountsAsync(string from)
        {
            var answer = await head.ImportAsync(file, dryRun: true, from: from);
            Assert.All(answer.Problems, p => Assert.Equal("NEEDS_CONFIRMATION", p.Reason));
            return (answer.PupilsAdded, answer.RowsQuarantined);
        }
    }

    [Fact]
    public async Task Import_ThatTellsThatSomebodyIsKnown_IsAudited_AlsoAsADryRun()
    {
        var (leaver, _) = await LeaverAsync();
        var (own, head) = await HeadAsync();

        await head.ImportAsync($"{ShortHeader}\n{leaver.Upn},{own},Bob,Guess,2016-05-10,F,6\n", dryRun: true);

        await house.KnownAsync(
            "select count(*) from audit where subject = @subject and @id = any (subject_ids) and action like '%/ImportRoster'",
            new { subject = head.Subject, id = leaver.PupilId });
    }

    [Fact]
    public async Task Import_ThatTellsThatSomebodyIsKnown_IsAudited_AlsoBehindManyBadRows()
    {
        var (leaver, _) = await LeaverAsync();
        var (own, head) = await HeadAsync();
        var bad = Enumerable.Range(0, 500).Select(at => $",{own},Bad,Row{at} {own},,F,5\n");

        await head.ImportAsync($"{ShortHeader}\n{string.Concat(bad)}{leaver.Upn},{own},Bob,Guess,2016-05-10,F,6\n", dryRun: true);

        await house.KnownAsync(
            "select count(*) from audit where subject = @subject and @id = any (subject_ids) and action like '%/ImportRoster'",
            new { subject = head.Subject, id = leaver.PupilId });
    }

    [Fact]
    public async Task Mend_IntoNoSchoolAndOutAgain_DoesNotTellTheSenderWhatOthersFilledIn()
    {
        var (where, own) = (await house.SchoolAsync(), await house.SchoolAsync());
        var (sender, head) = (await house.CallerAsync(Role.SeniorLeader, where), await house.CallerAsync(Role.Headteacher, where));
        var grant = new Grant { Issuer = house.Issuer.Authority, Subject = sender.Subject, Role = Role.Headteacher, SchoolUrn = own, Reason = "test" };
        await house.It.Grants.GiveGrantAsync(new() { Grant = grant }, house.It.Headers);
        await sender.ImportAsync($"{ShortHeader},Looked after\n,{where},Ada,Filled {where},2016-05-10,Z,5,\n");
        var row = Assert.Single(await QuarantineAsync(head, where));
        row = (await head.Rosters.MendQuarantinedRowAsync(
            new() { RowId = row.RowId, Cells = { ["Looked after"] = "Y" } }, head.IfMatch(row.Etag))).Row;

        var moved = (await sender.Rosters.MendQuarantinedRowAsync(
            new() { RowId = row.RowId, Cells = { ["URN"] = "999999" } }, sender.IfMatch(row.Etag))).Row;

        Assert.False(moved.HasSchoolUrn);
        Assert.DoesNotContain("Looked after", moved.Cells.Keys);
        Assert.DoesNotContain(await QuarantineAsync(sender), r => r.RowId == row.RowId);
        await NotTheirsAsync(sender, moved);
        await house.Lead.Rosters.CloseQuarantinedRowAsync(new() { RowId = row.RowId, Reason = "test" }, house.Lead.IfMatch(moved.Etag));
    }

    [Fact]
    public async Task Mend_OfASensitiveCell_ByTheHead_IsTaken()
    {
        var (own, head) = await HeadAsync();
        await head.ImportAsync($"{ShortHeader},Looked after\n,{own},Ada,Care {own},2016-05-10,F,5,perhaps\n");
        var row = Assert.Single(await QuarantineAsync(head));

        await head.Rosters.MendQuarantinedRowAsync(new() { RowId = row.RowId, Cells = { ["Looked after"] = "Y" } }, head.IfMatch(row.Etag));

        Assert.Equal("looked-after=yes", (await head.PupilAsync(own, $"Care {own}")).Facts.Select(f => $"{f.Fact}={f.Value}").Single());
    }

    [Fact]
    public async Task Import_ByAPartner_WritesSensitiveFacts_ButItsAnswerDoesNotTellWhatWasKnown()
    {
        var urn = await house.SchoolAsync();
        var upn = TrackingHouse.NewUpn();
        var partner = await house.CallerAsync(Role.Partner, urn);
        string Row(string lookedAfter) => $"{Header}\n{upn},{urn},Ada,Fostered {urn},2016-05-10,F,5,5A,,,{lookedAfter},,\n";

        await partner.ImportAsync(Row("Y"));
        Assert.Equal("looked-after=yes", (await house.Lead.PupilAsync(urn, $"Fostered {urn}")).Facts.Select(f => $"{f.Fact}={f.Value}").Single());

        var same = await partner.ImportAsync(Row("Y"), dryRun: true, from: "2025-10-01");
        var other = await partner.ImportAsync(Row("N"), dryRun: true, from: "2025-10-01");
        Assert.Equal(same, other);
        Assert.Equal((0, 1), (other.PupilsChanged, other.RowsUnchanged));
        Assert.Equal("looked-after", Assert.Single((await house.Lead.ImportAsync(Row("N"), dryRun: true, from: "2025-10-01")).Differences).What);

        await partner.ImportAsync(Row("N"), from: "2025-10-01");
        Assert.Empty((await house.Lead.PupilAsync(urn, $"Fostered {urn}")).Facts);
    }

    private const string LastDay = "2025-09-19";

    private static void Limit(Grant grant, string part, string classId)
    {
        switch (part)
        {
            case "year":
                grant.YearGroups.Add("5");
                break;
            case "class":
                grant.ClassIds.Add(classId);
                break;
            default:
                grant.Subjects.Add("reading");
                break;
        }
    }

    private static async Task<IReadOnlyList<QuarantinedRow>> QuarantineAsync(TestCaller caller, int schoolUrn = 0) =>
        (await caller.Rosters.ListQuarantinedRowsAsync(new() { SchoolUrn = schoolUrn, PageSize = 500 }, caller.Headers)).Rows;

    private static async Task NotTheirsAsync(TestCaller caller, QuarantinedRow row)
    {
        await RefusedAsync(StatusCode.NotFound, "QUARANTINED_ROW_NOT_FOUND", () => caller.Rosters.MendQuarantinedRowAsync(
            new() { RowId = row.RowId, Cells = { ["Sex"] = "F" } }, caller.IfMatch(row.Etag)).ResponseAsync);
        await RefusedAsync(StatusCode.NotFound, "QUARANTINED_ROW_NOT_FOUND", () => caller.Rosters.CloseQuarantinedRowAsync(
            new() { RowId = row.RowId, Reason = "test" }, caller.IfMatch(row.Etag)).ResponseAsync);
    }

    private async Task<(int Own, TestCaller Head)> HeadAsync()
    {
        var own = await house.SchoolAsync();
        return (own, await house.CallerAsync(Role.Headteacher, own));
    }

    // Somebody with facts and a class who has left the trust, as they were on their last day.
    private async Task<(Pupil Leaver, int School)> LeaverAsync(bool withFormerUpn = false)
    {
        var (school, upn) = (await house.SchoolAsync(), TrackingHouse.NewUpn());
        await house.Lead.ImportAsync($"{Header}\n{upn},{school},Ada,Gone {school},2016-05-10,F,5,5A,Y,K,Y,2025-09-01,\n");
        await house.Lead.ImportAsync($"{Header}\n{upn},{school},Ada,Gone {school},2016-05-10,F,5,,,,,,{LastDay}\n");
        var leaver = await house.Lead.PupilAsync(school, $"Gone {school}", LastDay);
        if (!withFormerUpn)
        {
            return (leaver, school);
        }

        await house.Lead.Pupils.UpdatePupilAsync(
            new() { PupilId = leaver.PupilId, Pupil = new() { Upn = TrackingHouse.NewUpn() } }, house.Lead.IfMatch(leaver.Etag));
        return (await house.Lead.PupilAsync(school, leaver.Surname, LastDay), school);
    }
}
