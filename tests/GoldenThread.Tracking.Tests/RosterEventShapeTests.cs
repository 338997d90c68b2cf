using System.Text.Json;
using GoldenThread.Tracking.Events.V1;

namespace GoldenThread.Tracking.Tests;

/// <summary>The roster's events as they lie on the wire: a field that is renamed, or moved, breaks a consumer that is already running.</summary>
public sealed class RosterEventShapeTests
{
    private static readonly JsonSerializerOptions Wire = new(JsonSerializerDefaults.Web) { WriteIndented = true, IndentSize = 2 };
    private static readonly Guid Id = Guid.Parse("019a8f00-0000-7000-8000-000000000001");
    private static readonly DateTimeOffset At = new(2025, 11, 14, 9, 30, 0, TimeSpan.Zero);
    private static readonly DateOnly First = new(2025, 9, 1);

    [Fact]
    public void SchoolChanged_KeepsItsShape() => Holds(new SchoolChanged
    {
        SchoolUrn = 148519,
        Version = 2,
        Name = "Fleetdown Primary Academy",
        Laestab = "8862054",
        Phase = "primary",
        Locality = "Dartford",
        Memberships = [new DatedRange { From = First }],
        PredecessorUrns = [135994],
    });

    [Fact]
    public void CalendarChanged_KeepsItsShape() => Holds(new CalendarChanged
    {
        SchoolUrn = 148519,
        AcademicYear = "2025/26",
        Version = 1,
        Terms = [new CalendarTerm { Name = "Term 1", From = First, To = new DateOnly(2025, 10, 17) }],
        Closures = [new CalendarClosure { On = First, Kind = "inset" }],
    });

    [Fact]
    public void PersonChanged_KeepsItsShape() => Holds(new PersonChanged
    {
        PersonId = Id,
        Version = 1,
        Issuer = "https://login.example.org",
        Subject = "3f2a",
        Duties = ["english-lead"],
        SchoolUrn = 148519,
    });

    [Fact]
    public void GrantChanged_KeepsItsShape() => Holds(new GrantChanged
    {
        GrantId = Id,
        Version = 1,
        Issuer = "https://login.example.org",
        Subject = "3f2a",
        Role = 12,
        SchoolUrn = 148519,
        ClassIds = [Id],
        ValidFrom = At,
    });

    [Fact]
    public void PupilsChanged_KeepsItsShape() => Holds(new PupilsChanged
    {
        ChangeSetId = Id,
        RecordedAt = At,
        Count = 1,
        Rows =
        [
            new PupilSnapshot
            {
                PupilId = Id,
                Version = 3,
                Erased = false,
                Enrolments = [new PupilEnrolment { SchoolUrn = 148519, From = First, IsMain = true, YearGroup = "R" }],
                Classes = [new PupilClass { ClassId = Id, From = First }],
                Groups = [new PupilGroup { Group = "girls", DefinitionVersion = 1, From = First }],
            },
        ],
    });

    [Fact]
    public void PupilIdentifiersChanged_KeepsItsShape() => Holds(new PupilIdentifiersChanged
    {
        ChangeSetId = Id,
        Count = 1,
        Rows = [new PupilIdentifiers { PupilId = Id, Version = 3, Upn = "B801200005001", FormerUpns = [] }],
    });

    [Fact]
    public void GroupDefined_KeepsItsShape() => Holds(new GroupDefined
    {
        Group = "disadvantaged",
        DefinitionVersion = 1,
        Name = "Disadvantaged",
        ComparatorName = "Not disadvantaged",
        Sensitive = false,
    });

    private static void Holds<T>(T fact)
    {
        var golden = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "golden", $"{typeof(T).Name}.json")).TrimEnd();
        Assert.Equal(golden, JsonSerializer.Serialize(fact, Wire).ReplaceLineEndings("\n"));
        Assert.Equal(golden, JsonSerializer.Serialize(JsonSerializer.Deserialize<T>(golden, Wire), Wire).ReplaceLineEndings("\n"));
        Assert.Equal("GoldenThread.Tracking.Events.V1", typeof(T).Namespace);
    }
}
