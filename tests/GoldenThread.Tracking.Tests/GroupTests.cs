using Dapper;
using GoldenThread.TestSupport;
using GoldenThread.Tracking.Events.V1;
using GoldenThread.Tracking.V1;
using GoldenThread.Type.V1;
using Grpc.Core;
using static GoldenThread.TestSupport.Refusals;

namespace GoldenThread.Tracking.Tests;

/// <summary>A group is a definition over dated facts: it says who belonged on a day, not who belongs.</summary>
public sealed class GroupTests(TrackingHouse house)
{
    private const string Header = "URN,Forename,Surname,DOB,Sex,Year group,From,FSM,Disadvantaged,attr:house";

    [Fact]
    public async Task Disadvantaged_LooksBackSixYears_ThenEnds()
    {
        var urn = await house.SchoolAsync();
        await house.Lead.ImportAsync($"{Header}\n{urn},A,Six,2012-01-01,F,R,2016-09-01,Y,,\n{urn},A,Six,2012-01-01,F,1,2017-09-01,N,,\n");

        Assert.Contains("disadvantaged", (await house.Lead.PupilAsync(urn, "Six", "2018-01-01")).Groups);
        Assert.Contains("disadvantaged", (await house.Lead.PupilAsync(urn, "Six", "2023-08-31")).Groups);
        Assert.DoesNotContain("disadvantaged", (await house.Lead.PupilAsync(urn, "Six", "2023-09-01")).Groups);
        Assert.DoesNotContain("fsm", (await house.Lead.PupilAsync(urn, "Six", "2018-01-01")).Groups);
    }

    [Fact]
    public async Task Disadvantaged_ByDfesList_OutweighsWhatWeKnow()
    {
        var urn = await house.SchoolAsync();
        await house.Lead.ImportAsync(
            $"{Header}\n{urn},A,ListedNot,2016-01-01,F,5,2025-09-01,Y,N,\n{urn},B,Listed,2016-01-01,F,5,2025-09-01,N,Y,\n{urn},C,Silent,2016-01-01,F,5,2025-09-01,Y,,\n");

        Assert.DoesNotContain("disadvantaged", (await house.Lead.PupilAsync(urn, "ListedNot")).Groups);
        Assert.Contains("disadvantaged", (await house.Lead.PupilAsync(urn, "Listed")).Groups);
        Assert.Contains("disadvantaged", (await house.Lead.PupilAsync(urn, "Silent")).Groups);
    }

    [Fact]
    public async Task Define_WhilePupilsChange_WaitsForThem_OrTheyForIt_AndNobodyIsRefused()
    {
        const string Waiting = """
            select count(*)
            from pg_locks
            where locktype = 'advisory' and mode = @mode and not granted
              and database = (select oid from pg_database where datname = current_database())
            """;
        const int Many = 12;
        var urn = await house.SchoolAsync();
        var colour = $"colour of {urn}";
        var rows = Enumerable.Range(0, Many).Select(at => $"{urn},A,No{at},2016-01-01,F,5,2025-09-01,,,{colour}");
        await house.Lead.ImportAsync($"{Header}\n{string.Join('\n', rows)}\n");
        var pupils = await house.Lead.ListAsync(urn);
        var code = $"trust-{Guid.NewGuid():N}";

        // The definition waits for an older change, here the test; then pupils are changed, and wait for the definition.
        await using var older = await house.Database.OpenConnectionAsync();
        await using var transaction = await older.BeginTransactionAsync();
        await older.ExecuteAsync("select pg_advisory_xact_lock_shared(hashtextextended('tracking group definitions', 0))");
        var defined = house.Lead.Groups.DefineGroupAsync(new() { Group = code, Definition = House(colour) }, house.Lead.Headers).ResponseAsync;
        await Eventually.Async(async () => await house.ScalarAsync<long>(Waiting, new { mode = "ExclusiveLock" }) > 0, "the definition waits");
        var changed = pupils.Select(pupil => house.Lead.Pupils.RecordPupilFactAsync(
            new() { PupilId = pupil.PupilId, Fact = new() { Fact = "sen", Value = "K", From = "2025-10-01" } }, house.Lead.Headers).ResponseAsync).ToList();
        await Eventually.Async(async () => await house.ScalarAsync<long>(Waiting, new { mode = "ShareLock" }) >= Many, "the changes wait");
        await transaction.CommitAsync();

        Assert.Equal(Many, (await defined).Members);
        Assert.All(await Task.WhenAll(changed), answer => Assert.Equal("K", answer.Fact.Value));
        Assert.All(await house.Lead.ListAsync(urn), pupil => Assert.Superset(new HashSet<string> { code, "send" }, pupil.Groups.ToHashSet()));
    }

    [Fact]
    public async Task Define_OfATrustsOwnGroup_EvaluatesEverybody_AndTellsOfThem()
    {
        var urn = await house.SchoolAsync();
        await house.Lead.ImportAsync($"{Header}\n{urn},A,Red,2016-01-01,F,5,2025-09-01,,,crimson\n{urn},B,Blue,2016-01-01,M,5,2025-09-01,,,azure\n");
        var code = $"trust-{Guid.NewGuid():N}";

        var defined = await house.Lead.Groups.DefineGroupAsync(new() { Group = code, Definition = House("crimson") }, house.Lead.Headers);

        Assert.Equal((1, 1), (defined.Group.Version, defined.Members));
        Assert.Equal("Red", Assert.Single(await house.Lead.ListAsync(urn, group: code)).Surname);
        Assert.Equal(1, (await house.ToldAsync<GroupDefined>(e => e.Group == code)).DefinitionVersion);
        var red = await house.Lead.PupilAsync(urn, "Red");
        await house.ToldAsync<PupilsChanged>(e => e.Rows?.Any(r => $"{r.PupilId}" == red.PupilId && r.Groups.Any(g => g.Group == code)) == true);

        // The same again is no new version; another definition is, and the old members are told of.
        Assert.Equal(1, (await house.Lead.Groups.DefineGroupAsync(new() { Group = code, Definition = House("crimson") }, house.Lead.Headers)).Group.Version);
        var anew = await house.Lead.Groups.DefineGroupAsync(new() { Group = code, Definition = House("azure") }, house.Lead.IfMatch(defined.Group.Etag));
        Assert.Equal(2, anew.Group.Version);
        Assert.Equal("Blue", Assert.Single(await house.Lead.ListAsync(urn, group: code)).Surname);
        await house.ToldAsync<PupilsChanged>(e => e.Count == 2 && e.Rows!.Any(r => $"{r.PupilId}" == red.PupilId && r.Version > 2 && r.Groups.All(g => g.Group != code)));
        await RefusedAsync(StatusCode.Aborted, "ETAG_MISMATCH", () => house.Lead.Groups.DefineGroupAsync(
            new() { Group = code, Definition = House("crimson") }, house.Lead.IfMatch(defined.Group.Etag)).ResponseAsync);
    }

    [Fact]
    public async Task Define_OfAnIntersection_HoldsOnlyWhileAllDo()
    {
        var urn = await house.SchoolAsync();
        await house.Lead.ImportAsync($"{Header}\n{urn},A,Inter,2016-05-01,M,4,2024-09-01,Y,,red\n{urn},A,Inter,2016-05-01,M,5,2025-09-01,Y,,blue\n");
        var code = $"trust-{Guid.NewGuid():N}";
        var definition = House("red");
        definition.AnyOf[0].AllOf.Add(new GroupCondition { Fact = "fsm" });
        definition.AnyOf[0].AllOf.Add(new GroupCondition { Fact = "sex", In = { "M" } });
        definition.AnyOf[0].AllOf.Add(new GroupCondition { Fact = "birth-month", In = { "1" }, Not = true });
        await house.Lead.Groups.DefineGroupAsync(new() { Group = code, Definition = definition }, house.Lead.Headers);

        Assert.Single(await house.Lead.ListAsync(urn, "2025-08-31", code));
        Assert.Empty(await house.Lead.ListAsync(urn, "2025-09-01", code));
    }

    [Fact]
    public async Task Define_ThatCannotBe_IsRefused()
    {
        async Task Refused(Action<GroupDefinition> spoil, string group = "trust-x")
        {
            var definition = House("red");
            spoil(definition);
            await RefusedAsync(StatusCode.InvalidArgument, "GROUP_INVALID", () =>
                house.Lead.Groups.DefineGroupAsync(new() { Group = group, Definition = definition }, house.Lead.Headers).ResponseAsync);
        }

        await Refused(d => d.AnyOf.Clear());
        await Refused(d => d.AnyOf[0].AllOf.Clear());
        await Refused(d => d.AnyOf[0].AllOf[0].Not = true);
        await Refused(d => d.AnyOf[0].AllOf[0].Fact = "shoe-size");
        await Refused(d => d.AnyOf[0].AllOf[0].WithinYears = 21);
        await Refused(d => (d.AnyOf[0].AllOf[0].WithinYears, d.AnyOf[0].AllOf[0].Ever) = (1, true));
        await Refused(_ => { }, "Upper Case");
    }

    [Fact]
    public async Task Define_OverASensitiveFact_IsSensitive()
    {
        var code = $"trust-{Guid.NewGuid():N}";
        var definition = House("red");
        definition.AnyOf[0].AllOf.Add(new GroupCondition { Fact = "ethnicity", StartingWith = { "A" } });
        Assert.True((await house.Lead.Groups.DefineGroupAsync(new() { Group = code, Definition = definition }, house.Lead.Headers)).Group.Definition.Sensitive);
    }

    [Fact]
    public async Task Define_OfASensitiveGroup_HidesTheAttributesThatTellOfIt()
    {
        var urn = await house.SchoolAsync();
        var (carer, house1) = ($"attr:carer-{urn}", $"attr:house-{urn}");
        var header = $"URN,Forename,Surname,DOB,Sex,Year group,From,{carer},{house1}";
        await house.Lead.ImportAsync($"{header}\n{urn},A,Told,2016-01-01,F,5,2025-09-01,yes,red\n{urn},B,Waits,2016-01-01,Z,5,2025-09-01,yes,red\n");
        var (senior, head, senco) = (
            await house.CallerAsync(Role.SeniorLeader, urn), await house.CallerAsync(Role.Headteacher, urn), await house.CallerAsync(Role.Senco, urn));
        var pupil = await house.Lead.PupilAsync(urn, "Told");
        async Task<string[]> FactsAsync(TestCaller by)
        {
            var listed = (await by.Pupils.ListPupilFactsAsync(new() { PupilId = pupil.PupilId, IncludeSuperseded = true }, by.Headers)).Facts;
            var read = (await by.PupilAsync(urn, "Told")).Facts;
            Assert.Equal(read.Select(f => f.Fact).Order(), listed.Select(f => f.Fact).Order());
            return read.Select(f => f.Fact).ToArray();
        }

        async Task<string> HiddenAsync(TestCaller by, string column)
        {
            var row = Assert.Single((await by.Rosters.ListQuarantinedRowsAsync(new() { SchoolUrn = urn }, by.Headers)).Rows);
            return row.Cells.ContainsKey(column) ? "shown" : "hidden";
        }

        Assert.Equal([carer, house1], await FactsAsync(senco));
        Assert.Equal("shown", await HiddenAsync(senior, carer));

        // An attribute that stands beside ethnicity tells nothing without it.
        await house.Lead.Groups.DefineGroupAsync(new() { Group = $"trust-{Guid.NewGuid():N}", Definition = Of([carer], sensitive: true) }, house.Lead.Headers);
        await house.Lead.Groups.DefineGroupAsync(new() { Group = $"trust-{Guid.NewGuid():N}", Definition = Of([house1, "ethnicity"]) }, house.Lead.Headers);

        Assert.Equal([carer, house1], await FactsAsync(head));
        foreach (var caller in new[] { senior, senco })
        {
            Assert.Equal([house1], await FactsAsync(caller));
            await RefusedAsync(StatusCode.PermissionDenied, "FACT_SENSITIVE", () => caller.Pupils.RecordPupilFactAsync(
                new() { PupilId = pupil.PupilId, Fact = new() { Fact = carer, From = "2025-10-01" } }, caller.Headers).ResponseAsync);
        }

        Assert.Equal(("hidden", "shown"), (await HiddenAsync(senior, carer), await HiddenAsync(senior, house1)));
        Assert.Equal(("shown", "shown"), (await HiddenAsync(head, carer), await HiddenAsync(head, house1)));
        var other = $"{header}\n{urn},A,Told,2016-01-01,F,5,2025-10-01,no,blue\n";
        Assert.Equal([house1], (await senior.ImportAsync(other, dryRun: true)).Differences.Select(d => d.What));
        Assert.Equal([carer, house1], (await head.ImportAsync(other, dryRun: true)).Differences.Select(d => d.What));
    }

    [Fact]
    public async Task Define_OfASensitiveGroup_HidesTheOtherGroupsThatReadItsAttribute_UntilItIsNoLonger()
    {
        var urn = await house.SchoolAsync();
        var (carer, house1) = ($"attr:carer-{urn}", $"attr:house-{urn}");
        await house.Lead.ImportAsync($"URN,Forename,Surname,DOB,Sex,Year group,From,{carer},{house1}\n{urn},A,Told {urn},2016-01-01,F,5,2025-09-01,yes,red\n");
        var (senco, head) = (await house.CallerAsync(Role.Senco, urn), await house.CallerAsync(Role.Headteacher, urn));
        var pupil = await house.Lead.PupilAsync(urn, $"Told {urn}");
        var (same, both, other, marked, later) = ($"same-{urn}", $"both-{urn}", $"other-{urn}", $"marked-{urn}", $"later-{urn}");
        await DefineAsync(same, Of([carer]));
        await DefineAsync(both, Of([house1, carer]));
        await DefineAsync(other, Of([house1]));
        Assert.Equal([both, other, same], await GroupsAsync(senco));

        Assert.True((await DefineAsync(marked, Of([carer], sensitive: true))).Definition.Sensitive);
        Assert.True((await DefineAsync(later, Of([carer]))).Definition.Sensitive);

        // The attribute beside it tells nothing of who is in the group, and stays as it was.
        Assert.Equal([other], await GroupsAsync(senco));
        Assert.Equal([both, later, marked, other, same], await GroupsAsync(head));
        Assert.Equal([house1], (await senco.PupilAsync(urn, $"Told {urn}")).Facts.Select(f => f.Fact));
        foreach (var code in new[] { same, both, later, marked })
        {
            await RefusedAsync(StatusCode.PermissionDenied, "GROUP_SENSITIVE", () => senco.ListAsync(urn, group: code));
            Assert.Single(await head.ListAsync(urn, group: code));
        }

        foreach (var code in new[] { same, both })
        {
            Assert.True((await house.ToldAsync<GroupDefined>(e => e.Group == code && e.DefinitionVersion == 2)).Sensitive);
        }

        var members = await house.ToldAsync<PupilsChanged>(e =>
            e.Rows?.Any(r => $"{r.PupilId}" == pupil.PupilId && r.Groups.Any(g => g.Group == marked) && r.Groups.All(g => g.Group != later)) == true);
        Assert.Equal(2, members.Rows![0].Groups.First(g => g.Group == same).DefinitionVersion);

        // What a definition says itself has not changed.
        Assert.Equal(2, (await DefineAsync(same, Of([carer]))).Version);
        Assert.Equal(1, (await DefineAsync(other, Of([house1]))).Version);

        Assert.False((await DefineAsync(marked, Of([carer]))).Definition.Sensitive);
        Assert.Equal([both, later, marked, other, same], await GroupsAsync(senco));
        Assert.False((await house.ToldAsync<GroupDefined>(e => e.Group == same && e.DefinitionVersion == 3)).Sensitive);

        async Task<Group> DefineAsync(string code, GroupDefinition definition) =>
            (await house.Lead.Groups.DefineGroupAsync(new() { Group = code, Definition = definition }, house.Lead.Headers)).Group;

        async Task<string[]> GroupsAsync(TestCaller by) =>
            (await by.PupilAsync(urn, $"Told {urn}")).Groups.Where(g => g.EndsWith($"-{urn}", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToArray();
    }

    [Fact]
    public async Task Define_OfTheSameAgain_MendsWhatIsNotMarkedAsTheRuleIsNow()
    {
        var urn = TrackingHouse.NewUrn();
        var (carer, marked, same) = ($"attr:carer-{urn}", $"marked-{urn}", $"same-{urn}");
        await DefineAsync(marked, Of([carer], sensitive: true));
        await DefineAsync(same, Of([carer]));

        foreach (var (repeated, definition) in new[] { (same, Of([carer])), (marked, Of([carer], sensitive: true)) })
        {
            // As it lies in a database from before a group that reads such an attribute was sensitive, too.
            await house.ScalarAsync<int>("update group_definition set sensitive = false where group_code = @same and superseded_at is null", new { same });
            await DefineAsync(repeated, definition);
            Assert.True((await house.Lead.Groups.GetGroupAsync(new() { Group = same }, house.Lead.Headers)).Group.Definition.Sensitive);
        }

        // What is right already stays the version that it is.
        var (first, second) = (await DefineAsync(same, Of([carer])), await DefineAsync(same, Of([carer])));
        Assert.Equal(first.Version, second.Version);

        async Task<Group> DefineAsync(string code, GroupDefinition definition) =>
            (await house.Lead.Groups.DefineGroupAsync(new() { Group = code, Definition = definition }, house.Lead.Headers)).Group;
    }

    [Fact]
    public async Task Groups_OfTheProduct_AreThere()
    {
        var groups = await house.Lead.Groups.ListGroupsAsync(new() { PageSize = 500 }, house.Lead.Headers);
        Assert.Superset(
            new HashSet<string> { "disadvantaged", "fsm", "sen-support", "ehc-plan", "send", "eal", "girls", "boys", "looked-after", "summer-born", "ethnic-white" },
            groups.Groups.Where(g => g.BuiltIn).Select(g => g.Group_).ToHashSet());
        Assert.Equal("not in it", (await house.Lead.Groups.DefineGroupAsync(
            new() { Group = $"trust-{Guid.NewGuid():N}", Definition = House("green") }, house.Lead.Headers)).Group.Definition.ComparatorName);
        await RefusedAsync(StatusCode.NotFound, "GROUP_NOT_FOUND", () => house.Lead.Groups.GetGroupAsync(new() { Group = "nobody" }, house.Lead.Headers).ResponseAsync);
    }

    [Fact]
    public async Task Chinese_IsEveryCodeThatBeginsLikeIt()
    {
        var urn = await house.SchoolAsync();
        string[] codes = ["CHNE", "CHKC", "CMAL", "COCH", "OOTH", "APKN"];
        var rows = codes.Select(code => $"{urn},A,{code}of{urn},2016-05-01,M,4,2025-09-01,{code}");
        await house.Lead.ImportAsync($"URN,Forename,Surname,DOB,Sex,Year group,From,Ethnicity\n{string.Join('\n', rows)}\n");

        Assert.Equal(["CHKC", "CHNE", "CMAL", "COCH"], (await house.Lead.ListAsync(urn, "2025-09-01", "ethnic-chinese")).Select(p => p.Surname[..4]).Order());
        Assert.Equal("OOTH", Assert.Single(await house.Lead.ListAsync(urn, "2025-09-01", "ethnic-other")).Surname[..4]);
    }

    private static GroupDefinition Of(string[] facts, bool sensitive = false) => new()
    {
        Name = "Of the trust",
        ComparatorName = "not in it",
        Sensitive = sensitive,
        AnyOf = { new GroupClause { AllOf = { facts.Select(f => new GroupCondition { Fact = f }) } } },
    };

    private static GroupDefinition House(string name) => new()
    {
        Name = $"House {name}",
        ComparatorName = "not in it",
        AnyOf = { new GroupClause { AllOf = { new GroupCondition { Fact = "attr:house", In = { name } } } } },
    };
}
