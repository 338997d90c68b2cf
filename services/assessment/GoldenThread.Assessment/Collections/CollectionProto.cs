using System.Globalization;
using GoldenThread.Assessment.Events.V1;
using GoldenThread.Assessment.Internal.V1;
using GoldenThread.Assessment.V1;
using GoldenThread.ServiceDefaults;
using Google.Protobuf.WellKnownTypes;

namespace GoldenThread.Assessment.Collections;

/// <summary>Collections as contracts and events show them.</summary>
internal static class CollectionProto
{
    public static string Text(this DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    public static Collection ToProto(this CollectionPlan plan)
    {
        var message = new Collection
        {
            CollectionId = plan.CollectionId.ToString(),
            Name = plan.Name,
            AcademicYear = plan.AcademicYear.ToString(),
            OpensOn = plan.OpensOn.Text(),
            DueOn = plan.DueOn.Text(),
            LocksOn = plan.LocksOn.Text(),
            LockedAt = plan.LockedAt is { } at ? Timestamp.FromDateTimeOffset(at) : null,
            Etag = Etag.Of(plan.Version),
        };
        foreach (var test in plan.Tests)
        {
            var planned = new CollectionTest { TestId = test.TestId.ToString() };
            planned.YearGroups.AddRange(test.YearGroups);
            message.Tests.Add(planned);
        }

        return message;
    }

    public static CollectionChanged ToEvent(this CollectionPlan plan) => new()
    {
        CollectionId = plan.CollectionId,
        Version = plan.Version,
        Name = plan.Name,
        AcademicYear = plan.AcademicYear.ToString(),
        OpensOn = plan.OpensOn,
        DueOn = plan.DueOn,
        LocksOn = plan.LocksOn,
        LockedAt = plan.LockedAt,
        Tests = [.. plan.Tests.Select(test => new CollectedTest { TestId = test.TestId, YearGroups = test.YearGroups })],
    };

    public static CollectionChange ToChange(this CollectionPlan plan) => new()
    {
        CollectionId = plan.CollectionId.ToString(),
        Version = plan.Version,
        Name = plan.Name,
        AcademicYear = plan.AcademicYear.ToString(),
        OpensOn = plan.OpensOn.Text(),
        DueOn = plan.DueOn.Text(),
        LocksOn = plan.LocksOn.Text(),
        LockedAt = plan.LockedAt is { } at ? Timestamp.FromDateTimeOffset(at) : null,
    };

    public static Completeness ToProto(this CompletenessRow row) => new()
    {
        SchoolUrn = row.SchoolUrn,
        YearGroup = row.YearGroup,
        Subject = row.Subject,
        Expected = (int)row.Expected,
        Scored = (int)row.Scored,
        Coded = (int)row.Coded,
        Missing = (int)(row.Expected - row.Scored - row.Coded),
    };

    public static MissingEntry ToProto(this MissingRow row) => new()
    {
        SchoolUrn = row.SchoolUrn,
        PupilId = row.PupilId.ToString(),
        TestId = row.TestId.ToString(),
        Subject = row.Subject,
        YearGroup = row.YearGroup,
    };
}
