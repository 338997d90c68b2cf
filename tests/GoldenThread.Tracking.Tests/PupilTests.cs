using GoldenThread.TestSupport;
using GoldenThread.Tracking.V1;
using GoldenThread.Type.V1;
using Grpc.Core;
using static GoldenThread.TestSupport.Refusals;

namespace GoldenThread.Tracking.Tests;

/// <summary>Pupils one by one: who sees what, corrections keep what was known, each refusal has a name.</summary>
public sealed class PupilTests(TrackingHouse house)
{
    private const string Header = "UPN,URN,Forename,Surname,DOB,Sex,Year group,Class,SEN,Ethnicity,Looked after,Previously looked after";

    [Fact]
    public async Task Create_ThenGet_AnswersThePupil()
    {
        var urn = await house.SchoolAsync();
        var created = (await house.Lead.Pupils.CreatePupilAsync(New(urn), house.Lead.Headers)).Pupil;

        var read = (await house.Lead.Pupils.GetPupilAsync(new() { PupilId = created.PupilId, On = "2025-10-01" }, house.Lead.Headers)).Pupil;

        Assert.Equal(created, read);
        Assert.Equal(("Ada", "Brook", "R", "\"1\""), (read.Forename, read.Surname, read.Enrolments.Single().YearGroup, read.Etag));
        await Eventually.Async(async () => Assert.True(await house.ScalarAsync<bool>(
            "select exists (select from audit where subject_kind = 'pupil' and @id = any (subject_ids) and action like '%GetPupil')", new { id = read.PupilId })));
    }

    [Fact]
    public async Task Answer_ThatNamesAPupil_IsAudited_EvenWhereNothingChanged()
    {
        var urn = await house.SchoolAsync();
        var key = house.Lead.With("idempotency-key", $"{Guid.NewGuid()}");
        var pupil = (await house.Lead.Pupils.CreatePupilAsync(New(urn), key)).Pupil;
        var reception = (await house.Lead.Classes.CreateClassAsync(
            new() { SchoolUrn = urn, Class = new() { AcademicYear = "2025-26", Name = "RA" } }, house.Lead.Headers)).Class;
        var update = new UpdatePupilRequest { PupilId = pupil.PupilId, Pupil = new() };
        var enrol = new EnrolPupilRequest { PupilId = pupil.PupilId, Enrolment = new() { SchoolUrn = urn, YearGroup = "R", From = "2025-09-03" } };
        var assign = new AssignClassRequest { PupilId = pupil.PupilId, Class = new() { ClassId = reception.ClassId, From = "2025-09-03" } };
        var leave = new EndEnrolmentRequest { PupilId = pupil.PupilId, SchoolUrn = urn, LastDay = "2026-01-09" };

        // Each twice: the second changes nothing, and answers the name all the same.
        Assert.Equal(pupil, (await house.Lead.Pupils.CreatePupilAsync(New(urn), key)).Pupil);
        for (var round = 0; round < 2; round++)
        {
            await house.Lead.Pupils.UpdatePupilAsync(update, house.Lead.IfMatch(pupil.Etag));
            await house.Lead.Pupils.EnrolPupilAsync(enrol, house.Lead.Headers);
        }

        await house.Lead.Pupils.AssignClassAsync(assign, house.Lead.Headers);
        pupil = (await house.Lead.Pupils.AssignClassAsync(assign, house.Lead.Headers)).Pupil;
        pupil = (await house.Lead.Pupils.EndEnrolmentAsync(leave, house.Lead.IfMatch(pupil.Etag))).Pupil;
        Assert.Equal(pupil.Etag, (await house.Lead.Pupils.EndEnrolmentAsync(leave, house.Lead.IfMatch(pupil.Etag))).Pupil.Etag);

        foreach (var rpc in new[] { "CreatePupil", "UpdatePupil", "EnrolPupil", "AssignClass", "EndEnrolment" })
        {
            await house.KnownAsync(
                "select count(*) from audit where subject_kind = 'pupil' and @id = any (subject_ids) and action like '%/' || @rpc", new { id = pupil.PupilId, rpc }, 2);
        }
    }

    public static TheoryData<string, string, string> BadPupils => new()
    {
        { "upn", "A801200005001", "PUPIL_INVALID" },
        { "born_on", "2099-01-01", "PUPIL_INVALID" },
        { "born_on", "yesterday", "DATE_INVALID" },
        { "forename", "", "TEXT_MISSING" },
        { "forename", "a\0b", "TEXT_INVALID" },
        { "forename", "a\u0007b", "PUPIL_INVALID" },
        { "surname", "long", "TEXT_TOO_LONG" },
        { "sex", "", "PUPIL_INVALID" },
        { "year_group", "14", "PUPIL_INVALID" },
        { "from", "1989-12-31", "PUPIL_INVALID" },
        { "from", "1066-10-14", "DATE_INVALID" },
        { "class_id", "5A", "ID_INVALID" },
    };

    [Theory]
    [MemberData(nameof(BadPupils))]
    public async Task Create_WithBadInput_IsRefusedByName(string field, string value, string reason)
    {
        var request = New(await house.SchoolAsync());
        switch (field)
        {
            case "upn": request.Pupil.Upn = value; break;
            case "born_on": request.Pupil.BornOn = value; break;
            case "forename": request.Pupil.Forename = value; break;
            case "surname": request.Pupil.Surname = new string('x', 101); break;
            case "sex": request.Pupil.Sex = Sex.Unspecified; break;
            case "year_group": request.Pupil.YearGroup = value; break;
            case "from": request.Pupil.From = value; break;
            default: request.Pupil.ClassId = value; break;
        }

        var refused = await RefusedAsync(StatusCode.InvalidArgument, reason, () => house.Lead.Pupils.CreatePupilAsync(request, house.Lead.Headers).ResponseAsync);
        Assert.Equal($"pupil.{field}", Assert.Single(refused.Violations()).Field);
    }

    [Fact]
    public async Task Create_WithATakenUpn_IsRefused()
    {
        var request = New(await house.SchoolAsync());
        request.Pupil.Upn = TrackingHouse.NewUpn();
        await house.Lead.Pupils.CreatePupilAsync(request, house.Lead.Headers);

        await RefusedAsync(StatusCode.AlreadyExists, "UPN_TAKEN", () => house.Lead.Pupils.CreatePupilAsync(request, house.Lead.Headers).ResponseAsync);
    }

    [Fact]
    public async Task ATakenUpn_IsToldInTheSameWords_WhoeverHasIt_AndTheAuditKeepsThatItWas()
    {
        var (own, other) = (await house.SchoolAsync(), await house.SchoolAsync());
        var head = await house.CallerAsync(Role.Headteacher, own);
        async Task<Pupil> WithUpnAsync(int urn)
        {
            var request = New(urn);
            request.Pupil.Upn = TrackingHouse.NewUpn();
            return (await house.Lead.Pupils.CreatePupilAsync(request, house.Lead.Headers)).Pupil;
        }

        var (mine, theirs, without) = (await WithUpnAsync(own), await WithUpnAsync(other), (await head.Pupils.CreatePupilAsync(New(own), head.Headers)).Pupil);
        async Task<string> RefusalAsync(Func<Task> call)
        {
            var refused = await Assert.ThrowsAsync<RpcException>(call);
            Assert.Equal((StatusCode.AlreadyExists, "UPN_TAKEN"), (refused.StatusCode, ReasonOf(refused)));
            return refused.Status.Detail;
        }

        var words = new HashSet<string>();
        foreach (var holder in new[] { mine, theirs })
        {
            var request = New(own);
            request.Pupil.Upn = holder.Upn;
            words.Add(await RefusalAsync(() => head.Pupils.CreatePupilAsync(request, head.Headers).ResponseAsync));
            words.Add(await RefusalAsync(() => head.Pupils.UpdatePupilAsync(
                new() { PupilId = without.PupilId, Pupil = new() { Upn = holder.Upn } }, head.IfMatch(without.Etag)).ResponseAsync));
            foreach (var rpc in new[] { "CreatePupil", "UpdatePupil" })
            {
                await house.KnownAsync(
                    "select count(*) from audit where subject = @subject and @id = any (subject_ids) and action like '%/' || @rpc",
                    new { subject = head.Subject, id = holder.PupilId, rpc });
            }
        }

        Assert.Contains("data lead", Assert.Single(words), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Create_WithTheSameIdempotencyKey_AddsOnce()
    {
        var urn = await house.SchoolAsync();
        var headers = house.Lead.With("idempotency-key", $"{Guid.NewGuid()}");
        var first = await house.Lead.Pupils.CreatePupilAsync(New(urn), headers);

        Assert.Equal(first, await house.Lead.Pupils.CreatePupilAsync(New(urn), headers));
        Assert.Single(await house.Lead.ListAsync(urn));
    }

    [Fact]
    public async Task IdempotencyKey_OfAnotherApplicationOrPerson_AnswersNothingOfTheirs()
    {
        var urn = await house.SchoolAsync();
        var key = $"{Guid.NewGuid()}";
        Task<CreatePupilResponse> CreateAsync(string subject, string application, string claim)
        {
            var token = house.Issuer.Token(subject, TrackingHouse.AllScopes, new Dictionary<string, object> { [claim] = application });
            var caller = house.CallerWith(token);
            return caller.Pupils.CreatePupilAsync(New(urn), caller.With("idempotency-key", key)).ResponseAsync;
        }

        var first = await CreateAsync(house.Lead.Subject, "one", "azp");
        var ofAnotherApplication = await CreateAsync(house.Lead.Subject, "another", "client_id");

        Assert.NotEqual(first.Pupil.PupilId, ofAnotherApplication.Pupil.PupilId);
        Assert.Equal(first, await CreateAsync(house.Lead.Subject, "one", "client_id"));
        Assert.Equal(ofAnotherApplication, await CreateAsync(house.Lead.Subject, "another", "azp"));
        var head = await house.CallerAsync(Role.Headteacher, await house.SchoolAsync());
        await RefusedAsync(StatusCode.NotFound, "SCHOOL_NOT_FOUND", () => CreateAsync(head.Subject, "one", "azp"));
        Assert.Equal(2, (await house.Lead.ListAsync(urn)).Count);
    }

    [Fact]
    public async Task IdempotencyKey_OfPartsThatReadAlikeTogether_IsNotTheSame()
    {
        var (subject, urn) = ($"person {Guid.NewGuid():N}", await house.SchoolAsync());
        async Task<TestCaller> CallerAsync(string client, string name)
        {
            var grant = new Grant { Issuer = house.Issuer.Authority, Subject = name, Role = Role.Headteacher, SchoolUrn = urn, Reason = "test" };
            await house.It.Grants.GiveGrantAsync(new() { Grant = grant }, house.It.Headers);
            return house.CallerWith(house.Issuer.Token(name, TrackingHouse.AllScopes, new Dictionary<string, object> { ["azp"] = client }));
        }

        var one = await CallerAsync("an app", subject);
        var other = await CallerAsync("an", $"app {subject}");
        const string Key = "the same";

        var first = await one.Pupils.CreatePupilAsync(New(urn), one.With("idempotency-key", Key));
        var second = await other.Pupils.CreatePupilAsync(New(urn), other.With("idempotency-key", Key));

        Assert.NotEqual(first.Pupil.PupilId, second.Pupil.PupilId);
    }

    [Fact]
    public async Task SensitiveFacts_AreForSomeRolesOnly()
    {
        var urn = await house.SchoolAsync();
        await house.Lead.ImportAsync($"{Header}\n,{urn},A,Sensitive,2016-01-01,F,5,5A,K,BCRB,Y,adoption\n");
        foreach (var role in new[] { Role.Headteacher, Role.DesignatedTeacher, Role.SafeguardingLead })
        {
            var pupil = await (await house.CallerAsync(role, urn)).PupilAsync(urn, "Sensitive");
            Assert.Equal(["ethnicity", "looked-after", "previously-looked-after", "sen"], pupil.Facts.Select(f => f.Fact));
            Assert.Contains("ethnic-black", pupil.Groups);
        }

        foreach (var role in new[] { Role.SeniorLeader, Role.Senco, Role.SubjectLeader, Role.Partner })
        {
            var caller = await house.CallerAsync(role, urn);
            var pupil = await caller.PupilAsync(urn, "Sensitive");
            Assert.Equal("sen", Assert.Single(pupil.Facts).Fact);
            Assert.Equal(["disadvantaged", "girls", "sen-support", "send"], pupil.Groups.Where(g => !g.StartsWith("trust-", StringComparison.Ordinal)));
            await RefusedAsync(StatusCode.PermissionDenied, "GROUP_SENSITIVE", () => caller.ListAsync(urn, group: "looked-after"));
            var facts = await caller.Pupils.ListPupilFactsAsync(new() { PupilId = pupil.PupilId, IncludeSuperseded = true }, caller.Headers);
            Assert.Equal("sen", Assert.Single(facts.Facts).Fact);
        }
    }

    [Fact]
    public async Task Etag_TellsNothingOfWhatIsForSomeRolesOnly()
    {
        var urn = await house.SchoolAsync();
        var carer = $"attr:carer-{urn}";
        string Roster(string lookedAfter) =>
            $"URN,Forename,Surname,DOB,Sex,Year group,Looked after,{carer}\n{urn},A,Etag {urn},2016-01-01,F,5,{lookedAfter},yes\n";
        await house.Lead.ImportAsync(Roster("N"));
        var (senco, head) = (await house.CallerAsync(Role.Senco, urn), await house.CallerAsync(Role.Headteacher, urn));
        var pupil = await senco.PupilAsync(urn, $"Etag {urn}");

        // A sensitive group over what everybody saw; a fact that is recorded, corrected, and sent with a file.
        var group = new GroupDefinition
        {
            Name = "Has a carer",
            ComparatorName = "not in it",
            Sensitive = true,
            AnyOf = { new GroupClause { AllOf = { new GroupCondition { Fact = carer } } } },
        };
        var code = $"trust-{Guid.NewGuid():N}";
        await house.Lead.Groups.DefineGroupAsync(new() { Group = code, Definition = group }, house.Lead.Headers);
        var recorded = await head.Pupils.RecordPupilFactAsync(
            new() { PupilId = pupil.PupilId, Fact = new() { Fact = "looked-after", Value = "yes", From = "2025-09-15" } }, head.Headers);
        await head.Pupils.CorrectPupilFactAsync(
            new() { PupilId = pupil.PupilId, FactId = recorded.Fact.FactId, NeverTrue = true }, head.IfMatch(recorded.Etag));
        await house.Lead.ImportAsync(Roster("Y"), from: "2025-09-20");

        var told = await senco.PupilAsync(urn, $"Etag {urn}");
        Assert.Equal(pupil.Etag, told.Etag);
        Assert.Equal(("looked-after", true), ((await head.PupilAsync(urn, $"Etag {urn}")).Facts.Last().Fact, (await head.PupilAsync(urn, $"Etag {urn}")).Groups.Contains(code)));

        // What everybody sees moves it, and the one from before is refused.
        await senco.Pupils.RecordPupilFactAsync(
            new() { PupilId = pupil.PupilId, Fact = new() { Fact = "sen", Value = "K", From = "2025-09-15" } }, senco.Headers);
        Assert.NotEqual(pupil.Etag, (await senco.PupilAsync(urn, $"Etag {urn}")).Etag);
        await RefusedAsync(StatusCode.Aborted, "ETAG_MISMATCH", () => head.Pupils.UpdatePupilAsync(
            new() { PupilId = pupil.PupilId, Pupil = new() { Forename = "B" } }, head.IfMatch(pupil.Etag)).ResponseAsync);
    }

    [Fact]
    public async Task FormerName_IsNeverShownToClassUsers()
    {
        var urn = await house.SchoolAsync();
        await house.Lead.ImportAsync($"{Header}\n,{urn},A,Before,2016-01-01,F,5,5A,,,,\n");
        var pupil = await house.Lead.PupilAsync(urn, "Before");
        await house.Lead.Pupils.UpdatePupilAsync(new() { PupilId = pupil.PupilId, Pupil = new() { Surname = "After" } }, house.Lead.IfMatch(pupil.Etag));
        var classId = pupil.Classes.Single().ClassId;

        var teacher = await house.CallerAsync(Role.Teacher, urn, g => g.ClassIds.Add(classId));
        var leader = await house.CallerAsync(Role.SubjectLeader, urn);
        var senco = await house.CallerAsync(Role.Senco, urn);

        Assert.Empty((await teacher.PupilAsync(urn, "After")).FormerNames);
        Assert.Empty((await leader.PupilAsync(urn, "After")).FormerNames);
        Assert.Equal("Before", Assert.Single((await senco.PupilAsync(urn, "After")).FormerNames).Surname);
        Assert.DoesNotContain("Before", (await teacher.Pupils.BatchGetPupilNamesAsync(
            new() { PupilIds = { pupil.PupilId }, On = "2025-10-01" }, teacher.Headers)).ToString());
    }

    [Fact]
    public async Task FormerSchool_AskingForAPastDay_GetsThePupilOfThatDay_ButNotTheNameOfNow()
    {
        var (from, to) = (await house.SchoolAsync(), await house.SchoolAsync());
        await house.Lead.ImportAsync($"{Header}\n{TrackingHouse.NewUpn()},{from},A,Before,2016-01-01,F,5,5A,K,,,\n,{from},B,Stays,2016-01-01,F,5,5A,,,,\n");
        var pupil = await house.Lead.PupilAsync(from, "Before");
        var moved = (await house.Lead.Pupils.EnrolPupilAsync(
            new() { PupilId = pupil.PupilId, Enrolment = new() { SchoolUrn = to, YearGroup = "5", From = "2025-10-06" } }, house.Lead.Headers)).Pupil;
        var changes = new PupilChanges { Forename = "New", Surname = "After", PreferredSurname = "Called", Upn = TrackingHouse.NewUpn(), BornOn = "2016-01-02" };
        await house.Lead.Pupils.UpdatePupilAsync(new() { PupilId = pupil.PupilId, Pupil = changes }, house.Lead.IfMatch(moved.Etag));
        var (formerHead, head) = (await house.CallerAsync(Role.Headteacher, from), await house.CallerAsync(Role.Headteacher, to));
        var pastDay = new GetPupilRequest { PupilId = pupil.PupilId, On = "2025-10-01" };
        var past = (await house.Lead.Pupils.GetPupilAsync(pastDay, house.Lead.Headers)).Pupil;
        Assert.Equal(("New", "After", false), (past.Forename, past.Surname, past.IdentityWithheld));

        var told = (await formerHead.Pupils.GetPupilAsync(pastDay, formerHead.Headers)).Pupil;

        var withoutIdentity = new Pupil(past) { Forename = "", Surname = "", BornOn = "", Sex = Sex.Unspecified, Etag = "", IdentityWithheld = true };
        withoutIdentity.ClearUpn();
        withoutIdentity.ClearPreferredSurname();
        withoutIdentity.FormerUpns.Clear();
        withoutIdentity.FormerNames.Clear();
        withoutIdentity.Facts.Clear();
        withoutIdentity.Groups.Clear();
        Assert.Equal(withoutIdentity, told);
        Assert.Contains("send", past.Groups);
        var listed = await formerHead.ListAsync(from);
        Assert.Equal(told, Assert.Single(listed, each => each.PupilId == pupil.PupilId));
        Assert.Equal("Stays", Assert.Single(listed, each => !each.IdentityWithheld).Surname);
        var names = new BatchGetPupilNamesRequest { PupilIds = { listed.Select(each => each.PupilId) }, On = "2025-10-01" };
        Assert.Equal("Stays", Assert.Single((await formerHead.Pupils.BatchGetPupilNamesAsync(names, formerHead.Headers)).Names).Surname);
        Assert.Equal(2, (await house.Lead.Pupils.BatchGetPupilNamesAsync(names, house.Lead.Headers)).Names.Count);
        Assert.Equal("After", Assert.Single(await head.ListAsync(to, "2025-10-06")).Surname);
    }

    [Fact]
    public async Task FormerSchool_AskingForAPastDay_LearnsNothingThatWasRecordedSince()
    {
        var (from, to) = (await house.SchoolAsync(), await house.SchoolAsync());
        await house.Lead.ImportAsync($"{Header}\n,{from},A,Leaves {from},2016-01-01,F,5,5A,,,,\n,{from},B,Remains {from},2016-01-01,F,5,5A,K,,Y,\n");
        var (moves, stays) = (await house.Lead.PupilAsync(from, $"Leaves {from}"), await house.Lead.PupilAsync(from, $"Remains {from}"));
        foreach (var (subsidiary, day) in new[] { (true, "2025-09-15"), (false, "2025-10-06") })
        {
            await house.Lead.Pupils.EnrolPupilAsync(
                new() { PupilId = moves.PupilId, Enrolment = new() { SchoolUrn = to, YearGroup = "5", From = day, Subsidiary = subsidiary } }, house.Lead.Headers);
        }

        // All of it said of days on which the pupil was at the former school, and known only since.
        foreach (var (fact, value) in new[] { ("sen", "K"), ("looked-after", "yes"), ("fsm", "yes") })
        {
            await house.Lead.Pupils.RecordPupilFactAsync(
                new() { PupilId = moves.PupilId, Fact = new() { Fact = fact, Value = value, From = "2025-09-01" } }, house.Lead.Headers);
        }

        var (formerHead, head) = (await house.CallerAsync(Role.Headteacher, from), await house.CallerAsync(Role.Headteacher, to));
        var known = (await house.Lead.Pupils.GetPupilAsync(new() { PupilId = moves.PupilId, On = "2025-10-01" }, house.Lead.Headers)).Pupil;
        Assert.Equal((3, 2), (known.Facts.Count, known.Enrolments.Count));

        var told = (await formerHead.Pupils.GetPupilAsync(new() { PupilId = moves.PupilId, On = "2025-10-01" }, formerHead.Headers)).Pupil;

        Assert.Empty(told.Facts);
        Assert.Empty(told.Groups);
        Assert.Equal(from, Assert.Single(told.Enrolments).SchoolUrn);
        Assert.Equal(Sex.Unspecified, told.Sex);
        Assert.Equal(told, Assert.Single(await formerHead.ListAsync(from), p => p.PupilId == moves.PupilId));
        foreach (var group in new[] { "send", "looked-after" })
        {
            Assert.Equal(2, (await house.Lead.ListAsync(from, group: group)).Count);
            Assert.Equal(stays.PupilId, Assert.Single(await formerHead.ListAsync(from, group: group)).PupilId);
        }

        Assert.Equal(["fsm", "looked-after", "sen"], (await head.PupilAsync(to, $"Leaves {from}")).Facts.Select(f => f.Fact));
    }

    [Fact]
    public async Task Teacher_OfThePupilsLastClass_IsNotToldTheNameOfNow()
    {
        var urn = await house.SchoolAsync();
        await house.Lead.ImportAsync($"{Header}\n,{urn},A,Moves,2016-01-01,F,5,5A,,,,\n,{urn},B,There,2016-01-01,M,5,5B,,,,\n");
        var (moves, there) = (await house.Lead.PupilAsync(urn, "Moves"), await house.Lead.PupilAsync(urn, "There"));
        var teacher = await house.CallerAsync(Role.Teacher, urn, g => g.ClassIds.Add(moves.Classes.Single().ClassId));
        Assert.Equal("Moves", Assert.Single(await teacher.ListAsync(urn)).Surname);

        await house.Lead.Pupils.AssignClassAsync(
            new() { PupilId = moves.PupilId, Class = new() { ClassId = there.Classes.Single().ClassId, From = "2025-10-06" } }, house.Lead.Headers);

        var told = Assert.Single(await teacher.ListAsync(urn));
        Assert.Equal((moves.PupilId, "", true), (told.PupilId, told.Surname, told.IdentityWithheld));
        Assert.Empty(await teacher.ListAsync(urn, "2025-10-06"));
    }

    [Fact]
    public async Task FormerUpns_AreForThoseWhoKeepRosters()
    {
        var urn = await house.SchoolAsync();
        var (before, after) = (TrackingHouse.NewUpn(), TrackingHouse.NewUpn());
        await house.Lead.ImportAsync($"{Header}\n{before},{urn},A,Renumbered,2016-01-01,F,5,5A,,,,\n");
        var pupil = await house.Lead.PupilAsync(urn, "Renumbered");
        await house.Lead.Pupils.UpdatePupilAsync(new() { PupilId = pupil.PupilId, Pupil = new() { Upn = after } }, house.Lead.IfMatch(pupil.Etag));

        foreach (var role in new[] { Role.DataLead, Role.Headteacher, Role.SeniorLeader })
        {
            Assert.Equal([before], (await (await house.CallerAsync(role, urn)).PupilAsync(urn, "Renumbered")).FormerUpns);
        }

        var teacher = await house.CallerAsync(Role.Teacher, urn, g => g.ClassIds.Add(pupil.Classes.Single().ClassId));
        foreach (var role in new[] { Role.DeputyCeo, Role.SubjectLeader, Role.Senco, Role.DesignatedTeacher, Role.SafeguardingLead, Role.Partner })
        {
            var told = await (await house.CallerAsync(role, urn)).PupilAsync(urn, "Renumbered");
            Assert.Equal(after, told.Upn);
            Assert.Empty(told.FormerUpns);
        }

        Assert.Empty((await teacher.PupilAsync(urn, "Renumbered")).FormerUpns);
    }

    [Fact]
    public async Task Update_WithoutOrWithAStaleEtag_IsRefused()
    {
        var pupil = (await house.Lead.Pupils.CreatePupilAsync(New(await house.SchoolAsync()), house.Lead.Headers)).Pupil;
        var request = new UpdatePupilRequest { PupilId = pupil.PupilId, Pupil = new() { PreferredForename = "Addie" } };

        await RefusedAsync(StatusCode.FailedPrecondition, "IF_MATCH_REQUIRED", () => house.Lead.Pupils.UpdatePupilAsync(request, house.Lead.Headers).ResponseAsync);
        var updated = (await house.Lead.Pupils.UpdatePupilAsync(request, house.Lead.IfMatch(pupil.Etag))).Pupil;
        Assert.Equal("Addie", updated.PreferredForename);
        await RefusedAsync(StatusCode.Aborted, "ETAG_MISMATCH", () => house.Lead.Pupils.UpdatePupilAsync(request, house.Lead.IfMatch(pupil.Etag)).ResponseAsync);
    }

    [Fact]
    public async Task Teacher_SeesTheirClassOnly()
    {
        var urn = await house.SchoolAsync();
        await house.Lead.ImportAsync($"{Header}\n,{urn},A,Mine,2016-01-01,F,5,5A,,,,\n,{urn},B,Theirs,2016-01-01,M,5,5B,,,,\n");
        var mine = await house.Lead.PupilAsync(urn, "Mine");
        var theirs = await house.Lead.PupilAsync(urn, "Theirs");
        var teacher = await house.CallerAsync(Role.Teacher, urn, g => g.ClassIds.Add(mine.Classes.Single().ClassId));

        Assert.Equal("Mine", Assert.Single(await teacher.ListAsync(urn)).Surname);
        await SameRefusalAsync(
            () => teacher.Pupils.GetPupilAsync(new() { PupilId = theirs.PupilId, On = "2025-10-01" }, teacher.Headers).ResponseAsync,
            () => teacher.Pupils.GetPupilAsync(new() { PupilId = $"{Guid.NewGuid()}", On = "2025-10-01" }, teacher.Headers).ResponseAsync);
        var names = await teacher.Pupils.BatchGetPupilNamesAsync(
            new() { PupilIds = { mine.PupilId, theirs.PupilId, $"{Guid.NewGuid()}" }, On = "2025-10-01" }, teacher.Headers);
        Assert.Equal("Mine", Assert.Single(names.Names).Surname);
        var classes = await teacher.Classes.ListClassesAsync(new() { SchoolUrn = urn }, teacher.Headers);
        Assert.Equal("5A", Assert.Single(classes.Classes).Name);
    }

    [Fact]
    public async Task SubjectLeader_OfAYearGroup_SeesThatYearOnly()
    {
        var urn = await house.SchoolAsync();
        await house.Lead.ImportAsync($"{Header}\n,{urn},A,Five,2016-01-01,F,5,5A,,,,\n,{urn},B,Six,2015-01-01,M,6,6A,,,,\n");
        var leader = await house.CallerAsync(Role.SubjectLeader, urn, g => g.YearGroups.Add("6"));

        Assert.Equal("Six", Assert.Single(await leader.ListAsync(urn)).Surname);
    }

    [Fact]
    public async Task Leaver_IsReadOnADayOnWhichTheyWereThere()
    {
        var urn = await house.SchoolAsync();
        var head = await house.CallerAsync(Role.Headteacher, urn);
        var pupil = (await head.Pupils.CreatePupilAsync(New(urn), head.Headers)).Pupil;
        var gone = (await head.Pupils.EndEnrolmentAsync(
            new() { PupilId = pupil.PupilId, SchoolUrn = urn, LastDay = "2025-12-19" }, head.IfMatch(pupil.Etag))).Pupil;

        Assert.Equal("2025-12-19", gone.Enrolments.Single().To);
        await RefusedAsync(StatusCode.NotFound, "PUPIL_NOT_FOUND", () =>
            head.Pupils.GetPupilAsync(new() { PupilId = pupil.PupilId, On = "2026-01-06" }, head.Headers).ResponseAsync);
        var then = (await head.Pupils.GetPupilAsync(new() { PupilId = pupil.PupilId, On = "2025-12-01" }, head.Headers)).Pupil;
        Assert.Equal(("Brook", false), (then.Surname, then.IdentityWithheld));
        await RefusedAsync(StatusCode.FailedPrecondition, "NOT_ON_ROLL", () => head.Pupils.EndEnrolmentAsync(
            new() { PupilId = pupil.PupilId, SchoolUrn = urn, LastDay = "2026-01-19" }, head.IfMatch(gone.Etag)).ResponseAsync);
    }

    [Fact]
    public async Task Fact_RecordedAndCorrected_KeepsWhatWasKnown()
    {
        var urn = await house.SchoolAsync();
        var pupil = (await house.Lead.Pupils.CreatePupilAsync(New(urn), house.Lead.Headers)).Pupil;
        var recorded = await house.Lead.Pupils.RecordPupilFactAsync(
            new() { PupilId = pupil.PupilId, Fact = new() { Fact = "sen", Value = "K", From = "2025-10-01" } }, house.Lead.Headers);
        Assert.Contains("sen-support", (await house.Lead.PupilAsync(urn, "Brook")).Groups);

        var corrected = await house.Lead.Pupils.CorrectPupilFactAsync(
            new() { PupilId = pupil.PupilId, FactId = recorded.Fact.FactId, Value = "E" }, house.Lead.IfMatch(recorded.Etag));

        Assert.Equal("E", corrected.Fact.Value);
        var now = await house.Lead.PupilAsync(urn, "Brook");
        Assert.Contains("ehc-plan", now.Groups);
        Assert.DoesNotContain("sen-support", now.Groups);
        var history = await house.Lead.Pupils.ListPupilFactsAsync(new() { PupilId = pupil.PupilId, IncludeSuperseded = true }, house.Lead.Headers);
        Assert.Equal(["E", "K"], history.Facts.Select(f => f.Value).Order());
        Assert.Equal(corrected.Fact.RecordedAt, history.Facts.Single(f => f.Value == "K").SupersededAt);
        await RefusedAsync(StatusCode.NotFound, "FACT_NOT_FOUND", () => house.Lead.Pupils.CorrectPupilFactAsync(
            new() { PupilId = pupil.PupilId, FactId = recorded.Fact.FactId, NeverTrue = true }, house.Lead.IfMatch(corrected.Etag)).ResponseAsync);

        var ended = await house.Lead.Pupils.RecordPupilFactAsync(
            new() { PupilId = pupil.PupilId, Fact = new() { Fact = "sen", From = "2026-01-05" } }, house.Lead.Headers);
        Assert.Null(ended.Fact);
        Assert.DoesNotContain("send", (await house.Lead.PupilAsync(urn, "Brook", "2026-01-05")).Groups);
        Assert.Contains("send", (await house.Lead.PupilAsync(urn, "Brook", "2026-01-04")).Groups);
    }

    [Fact]
    public async Task Correct_IntoAnotherFactsTime_IsRefused()
    {
        var pupil = (await house.Lead.Pupils.CreatePupilAsync(New(await house.SchoolAsync()), house.Lead.Headers)).Pupil;
        await Record(pupil, "K", "2025-10-01");
        var second = await Record(pupil, "E", "2026-02-01");

        await RefusedAsync(StatusCode.FailedPrecondition, "FACT_OVERLAPS", () => house.Lead.Pupils.CorrectPupilFactAsync(
            new() { PupilId = pupil.PupilId, FactId = second.Fact.FactId, From = "2025-12-01" }, house.Lead.IfMatch(second.Etag)).ResponseAsync);
    }

    [Theory]
    [InlineData("shoe-size", "5")]
    [InlineData("sen", "X")]
    [InlineData("ethnicity", "12")]
    [InlineData("attr:Bad Code", "x")]
    public async Task RecordFact_ThatCannotBe_IsRefused(string fact, string value)
    {
        var pupil = (await house.Lead.Pupils.CreatePupilAsync(New(await house.SchoolAsync()), house.Lead.Headers)).Pupil;
        await RefusedAsync(StatusCode.InvalidArgument, "FACT_INVALID", () => house.Lead.Pupils.RecordPupilFactAsync(
            new() { PupilId = pupil.PupilId, Fact = new() { Fact = fact, Value = value, From = "2025-10-01" } }, house.Lead.Headers).ResponseAsync);
    }

    [Fact]
    public async Task RecordFact_OfASensitiveKind_NeedsTheRole()
    {
        var urn = await house.SchoolAsync();
        var pupil = (await house.Lead.Pupils.CreatePupilAsync(New(urn), house.Lead.Headers)).Pupil;
        var senco = await house.CallerAsync(Role.Senco, urn);
        var request = new RecordPupilFactRequest { PupilId = pupil.PupilId, Fact = new() { Fact = "looked-after", Value = "yes", From = "2025-10-01" } };

        await RefusedAsync(StatusCode.PermissionDenied, "FACT_SENSITIVE", () => senco.Pupils.RecordPupilFactAsync(request, senco.Headers).ResponseAsync);
        var designated = await house.CallerAsync(Role.DesignatedTeacher, urn);
        Assert.Equal("yes", (await designated.Pupils.RecordPupilFactAsync(request, designated.Headers)).Fact.Value);
    }

    [Fact]
    public async Task SensitiveFacts_AreForThoseWhoMaySeeThemWhereThePupilIs_NotWhereThePupilWas()
    {
        var (from, to) = (await house.SchoolAsync(), await house.SchoolAsync());
        await house.Lead.ImportAsync($"{Header}\n,{from},A,Protected,2016-01-01,F,5,5A,K,BCRB,Y,adoption\n");
        var pupil = await house.Lead.PupilAsync(from, "Protected");
        var caller = await house.CallerAsync(Role.SeniorLeader, to);
        var grant = new Grant { Issuer = house.Issuer.Authority, Subject = caller.Subject, Role = Role.DesignatedTeacher, SchoolUrn = from, Reason = "test" };
        await house.It.Grants.GiveGrantAsync(new() { Grant = grant }, house.It.Headers);
        async Task<IEnumerable<string>> FactsAsync(TestCaller by) =>
            (await by.Pupils.ListPupilFactsAsync(new() { PupilId = pupil.PupilId, IncludeSuperseded = true }, by.Headers)).Facts.Select(f => f.Fact).Order();
        string[] all = ["ethnicity", "looked-after", "previously-looked-after", "sen"];
        Assert.Equal(all, await FactsAsync(caller));

        await house.Lead.Pupils.EnrolPupilAsync(
            new() { PupilId = pupil.PupilId, Enrolment = new() { SchoolUrn = to, YearGroup = "5", From = "2025-10-06" } }, house.Lead.Headers);

        Assert.Equal(["sen"], await FactsAsync(caller));
        Assert.Equal(all, await FactsAsync(await house.CallerAsync(Role.DesignatedTeacher, to)));
        await RefusedAsync(StatusCode.PermissionDenied, "FACT_SENSITIVE", () => caller.Pupils.RecordPupilFactAsync(
            new() { PupilId = pupil.PupilId, Fact = new() { Fact = "looked-after", From = "2025-11-01" } }, caller.Headers).ResponseAsync);
    }

    [Fact]
    public async Task EnrolAndAssign_MoveThePupil()
    {
        var (from, to) = (await house.SchoolAsync(), await house.SchoolAsync());
        var pupil = (await house.Lead.Pupils.CreatePupilAsync(New(from), house.Lead.Headers)).Pupil;
        var added = (await house.Lead.Classes.CreateClassAsync(
            new() { SchoolUrn = to, Class = new() { AcademicYear = "2025-26", Name = "RB" } }, house.Lead.Headers)).Class;
        await RefusedAsync(StatusCode.InvalidArgument, "CLASS_INVALID", () => house.Lead.Pupils.AssignClassAsync(
            new() { PupilId = pupil.PupilId, Class = new() { ClassId = added.ClassId, From = "2026-01-05" } }, house.Lead.Headers).ResponseAsync);

        var head = await house.CallerAsync(Role.Headteacher, from);
        await RefusedAsync(StatusCode.NotFound, "SCHOOL_NOT_FOUND", () => head.Pupils.EnrolPupilAsync(
            new() { PupilId = pupil.PupilId, Enrolment = new() { SchoolUrn = to, YearGroup = "R", From = "2026-01-05" } }, head.Headers).ResponseAsync);
        var moved = (await house.Lead.Pupils.EnrolPupilAsync(
            new() { PupilId = pupil.PupilId, Enrolment = new() { SchoolUrn = to, YearGroup = "R", From = "2026-01-05" } }, house.Lead.Headers)).Pupil;
        Assert.Equal(to, moved.Enrolments.Single().SchoolUrn);
        var assigned = (await house.Lead.Pupils.AssignClassAsync(
            new() { PupilId = pupil.PupilId, Class = new() { ClassId = added.ClassId, From = "2026-01-05" } }, house.Lead.Headers)).Pupil;
        Assert.Equal("RB", assigned.Classes.Single().Name);
        await RefusedAsync(StatusCode.AlreadyExists, "CLASS_EXISTS", () => house.Lead.Classes.CreateClassAsync(
            new() { SchoolUrn = to, Class = new() { AcademicYear = "2025/26", Name = "RB" } }, house.Lead.Headers).ResponseAsync);
    }

    [Fact]
    public async Task List_WithABadPage_IsRefused()
    {
        var (one, other) = (await house.SchoolAsync(), await house.SchoolAsync());
        await house.Lead.ImportAsync($"{Header}\n,{one},A,One,2016-01-01,F,5,5A,,,,\n,{one},B,Two,2016-01-01,M,5,5B,,,,\n");
        var page = await house.Lead.Pupils.ListPupilsAsync(new() { SchoolUrn = one, On = "2025-10-01", PageSize = 1 }, house.Lead.Headers);
        var next = await house.Lead.Pupils.ListPupilsAsync(
            new() { SchoolUrn = one, On = "2025-10-01", PageSize = 1, PageToken = page.NextPageToken }, house.Lead.Headers);
        Assert.Equal((1, 1, ""), (page.Pupils.Count, next.Pupils.Count, next.NextPageToken));

        await RefusedAsync(StatusCode.InvalidArgument, "PAGE_SIZE_INVALID", () =>
            house.Lead.Pupils.ListPupilsAsync(new() { SchoolUrn = one, PageSize = -1 }, house.Lead.Headers).ResponseAsync);
        foreach (var forged in new[] { "x", "////", "eyJ9", page.NextPageToken })
        {
            await RefusedAsync(StatusCode.InvalidArgument, "PAGE_TOKEN_INVALID", () => house.Lead.Pupils.ListPupilsAsync(
                new() { SchoolUrn = other, On = "2025-10-01", PageToken = forged }, house.Lead.Headers).ResponseAsync);
        }
    }

    private async Task<RecordPupilFactResponse> Record(Pupil pupil, string value, string from) =>
        await house.Lead.Pupils.RecordPupilFactAsync(
            new() { PupilId = pupil.PupilId, Fact = new() { Fact = "sen", Value = value, From = from } }, house.Lead.Headers);

    private static CreatePupilRequest New(int urn) => new()
    {
        SchoolUrn = urn,
        Pupil = new() { Forename = "Ada", Surname = "Brook", BornOn = "2020-12-10", Sex = Sex.Female, YearGroup = "R", From = "2025-09-03" },
    };
}
