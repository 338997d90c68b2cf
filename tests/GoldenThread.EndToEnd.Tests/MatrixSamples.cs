using System.Text.Json.Nodes;
using GoldenThread.Education;

namespace GoldenThread.EndToEnd.Tests;

/// <summary>What an rpc's request is about.</summary>
public enum About
{
    /// <summary>Something of one school: of another's the answer is that of what does not exist.</summary>
    School,

    /// <summary>A list, or a file, within what the caller may see: nothing of another school is in the answer.</summary>
    List,

    /// <summary>Something that belongs to no school.</summary>
    Trust,
}

/// <summary>A request that may be sent in anybody's name, again and again: what it changes, if anything, disturbs no other.</summary>
/// <param name="About">What it is about.</param>
public sealed record Sample(About About)
{
    /// <summary>The query, without its question mark.</summary>
    public Func<Place, string> Query { get; init; } = _ => "";

    /// <summary>The JSON body; null for none.</summary>
    public Func<Place, JsonNode>? Body { get; init; }

    /// <summary>The raw body; null for none.</summary>
    public Func<Place, string>? Csv { get; init; }

    /// <summary>Other answers than 200 that may come to who is let in, because the request was made harmless.</summary>
    public int[] Also { get; init; } = [];
}

/// <summary>One request for every public rpc. A new rpc needs one, or <see cref="MatrixTests"/> fails.</summary>
internal static class MatrixSamples
{
    private const int Refused = 400;
    private const int Gone = 404;
    private const int Conflict = 409;

    // An etag that nothing has: who may see the thing is told so, who may not is told that there is none.
    private const int Changed = 412;

    public static readonly IReadOnlyDictionary<string, Sample> All = new Dictionary<string, Sample>
    {
        ["assessment.ListSubjects"] = new(About.Trust),
        ["assessment.GetSubject"] = new(About.Trust),
        ["assessment.PutSubject"] = new(About.Trust) { Body = _ => new JsonObject { ["name"] = "Reading" }, Also = [403, Changed] },
        ["assessment.ListScales"] = new(About.Trust),
        ["assessment.GetScale"] = new(About.Trust),
        ["assessment.PutScale"] = new(About.Trust) { Body = _ => Bodies.Scale(), Also = [403, Changed] },
        ["assessment.ListTests"] = new(About.Trust),
        ["assessment.GetTest"] = new(About.Trust),
        ["assessment.CreateTest"] = new(About.Trust) { Body = _ => Bodies.Test("Matrix reading Year 4"), Also = [403, Conflict] },
        ["assessment.UpdateTest"] = new(About.Trust) { Body = _ => new JsonObject { ["name"] = "Another" }, Also = [403, Changed] },
        ["assessment.ListCollections"] = new(About.Trust),
        ["assessment.GetCollection"] = new(About.Trust),
        ["assessment.CreateCollection"] = new(About.Trust) { Body = _ => new JsonObject { ["name"] = "Without days" }, Also = [403, Refused] },
        ["assessment.UpdateCollection"] = new(About.Trust) { Body = _ => new JsonObject { ["name"] = "Another" }, Also = [403, Changed] },
        ["assessment.LockCollection"] = new(About.Trust) { Body = _ => new JsonObject(), Also = [403, Changed] },
        ["assessment.UnlockCollection"] = new(About.Trust) { Body = _ => new JsonObject { ["reason"] = "matrix" }, Also = [403, Changed, Conflict] },
        ["assessment.ListCompleteness"] = new(About.List),
        ["assessment.ListMissingEntries"] = new(About.List),
        ["assessment.ListChases"] = new(About.List),
        ["assessment.ListQuarantinedRows"] = new(About.List),
        // A row in quarantine belongs to no class, so a teacher, who has classes only, sees none.
        ["assessment.GetQuarantinedRow"] = new(About.School) { Also = [Gone] },
        ["assessment.UpdateQuarantinedRow"] = new(About.School) { Body = _ => new JsonObject { ["score"] = "100" }, Also = [Changed, Gone] },
        ["assessment.CloseQuarantinedRow"] = new(About.School) { Body = _ => new JsonObject(), Also = [Changed, Gone] },
        ["assessment.RecordResult"] = new(About.School) { Body = Result },
        ["assessment.BatchRecordResults"] = new(About.School)
        {
            Body = place => new JsonObject { ["collectionId"] = place["collection_id"], ["results"] = new JsonArray(Entry(place)) },
        },
        ["assessment.ImportResults"] = new(About.List)
        {
            Query = _ => "dry_run=true",
            Csv = place => $"pupil_id,URN,Test,Date,Score\n{place["pupil_id"]},{place.Urn},Matrix reading Year 4,{place["sat_on"]},101\n",
        },
        ["assessment.ListPupilResults"] = new(About.School),
        ["assessment.ListSchoolResults"] = new(About.School),
        ["assessment.GetResult"] = new(About.School),
        ["assessment.ListResultVersions"] = new(About.School),

        ["tracking.PutSchool"] = new(About.School) { Body = place => Bodies.School($"School {place.Urn}"), Also = [403] },
        ["tracking.GetSchool"] = new(About.School),
        ["tracking.ListSchools"] = new(About.List),
        ["tracking.PutCalendar"] = new(About.School) { Body = _ => Bodies.Calendar(AcademicYear.Of(DateOnly.FromDateTime(DateTime.UtcNow)).Previous) },
        ["tracking.GetCalendar"] = new(About.School),
        ["tracking.ListCalendars"] = new(About.School),
        ["tracking.CreateClass"] = new(About.School)
        {
            Body = place => Bodies.Class(AcademicYear.Parse(place["year_of_class"]), "4A"),
            Also = [Conflict],
        },
        ["tracking.GetClass"] = new(About.School),
        ["tracking.ListClasses"] = new(About.School),
        ["tracking.CreatePerson"] = new(About.School)
        {
            Body = place => new JsonObject { ["name"] = "New", ["duties"] = new JsonArray(), ["schoolUrn"] = place.Urn },
        },
        ["tracking.GetPerson"] = new(About.School),
        ["tracking.ListPeople"] = new(About.List),
        ["tracking.UpdatePerson"] = new(About.School) { Body = _ => new JsonObject { ["name"] = "Another" }, Also = [Changed] },
        ["tracking.GiveGrant"] = new(About.School)
        {
            Body = place => Bodies.Grant(place["issuer"], "somebody", place.Urn),
            Also = [Conflict],
        },
        ["tracking.GetGrant"] = new(About.School),
        ["tracking.ListGrants"] = new(About.List),
        ["tracking.EndGrant"] = new(About.School) { Body = _ => new JsonObject { ["reason"] = "matrix" }, Also = [Changed] },
        ["tracking.CreatePupil"] = new(About.School)
        {
            Body = place => new JsonObject
            {
                ["forename"] = "New",
                ["surname"] = "Pupil",
                ["bornOn"] = "2017-10-01",
                ["sex"] = "SEX_MALE",
                ["yearGroup"] = "4",
                ["from"] = place["first_day"],
            },
        },
        ["tracking.GetPupil"] = new(About.School),
        ["tracking.ListPupils"] = new(About.School),
        ["tracking.UpdatePupil"] = new(About.School) { Body = _ => new JsonObject { ["forename"] = "Another" }, Also = [Changed] },
        ["tracking.RecordPupilFact"] = new(About.School)
        {
            Body = place => new JsonObject { ["fact"] = "eal", ["value"] = "yes", ["from"] = place["first_day"] },
            Also = [Refused],
        },
        ["tracking.CorrectPupilFact"] = new(About.School) { Body = _ => new JsonObject { ["neverTrue"] = true }, Also = [Changed] },
        ["tracking.ListPupilFacts"] = new(About.School),
        ["tracking.EnrolPupil"] = new(About.School)
        {
            Body = place => new JsonObject { ["schoolUrn"] = place.Urn, ["yearGroup"] = "4", ["from"] = place["first_day"] },
            Also = [Refused, Conflict],
        },
        ["tracking.EndEnrolment"] = new(About.School)
        {
            Body = place => new JsonObject { ["schoolUrn"] = place.Urn, ["lastDay"] = place["today"] },
            Also = [Changed],
        },
        ["tracking.AssignClass"] = new(About.School)
        {
            Body = place => new JsonObject { ["classId"] = place["class_id"], ["from"] = place["first_day"] },
            Also = [Refused, Conflict],
        },
        ["tracking.BatchGetPupilNames"] = new(About.List) { Body = place => new JsonObject { ["pupilIds"] = new JsonArray(place["pupil_id"]) } },
        ["tracking.ImportRoster"] = new(About.List)
        {
            Query = _ => "dry_run=true",
            Csv = place => $"URN,Forename,Surname,DOB,Sex,Year group\n{place.Urn},Pupil1,Of{place.Urn},2016-01-01,F,4\n",
        },
        ["tracking.ListQuarantinedRows"] = new(About.List),
        ["tracking.MendQuarantinedRow"] = new(About.School) { Body = _ => new JsonObject { ["newPupil"] = true }, Also = [Changed] },
        ["tracking.CloseQuarantinedRow"] = new(About.School) { Body = _ => new JsonObject { ["reason"] = "matrix" }, Also = [Changed] },
        ["tracking.DefineGroup"] = new(About.Trust)
        {
            Body = _ => new JsonObject
            {
                ["name"] = "Free school meals now",
                ["comparatorName"] = "no free school meals now",
                ["anyOf"] = new JsonArray(new JsonObject
                {
                    ["allOf"] = new JsonArray(new JsonObject { ["fact"] = "fsm", ["in"] = new JsonArray("yes") }),
                }),
            },
            Also = [403, Refused],
        },
        ["tracking.GetGroup"] = new(About.Trust),
        ["tracking.ListGroups"] = new(About.Trust),
        ["tracking.ListStatuses"] = new(About.School) { Query = place => $"collection_id={place["collection_id"]}" },
        ["tracking.ListPupilStatuses"] = new(About.School),
        ["tracking.GetStatusShares"] = new(About.School) { Query = place => $"collection_id={place["collection_id"]}&subject=reading" },
        ["tracking.MeasureGap"] = new(About.School) { Query = place => $"collection_id={place["collection_id"]}&subject=reading&school_urn={place.Urn}" },
        ["tracking.OpenThread"] = new(About.School) { Body = Bodies.Thread },
        ["tracking.GetThread"] = new(About.School),
        ["tracking.ListThreads"] = new(About.School),
        ["tracking.AgreeAction"] = new(About.School) { Body = Bodies.ThreadAction },
        ["tracking.SettleAction"] = new(About.School)
        {
            Body = _ => new JsonObject { ["state"] = "ACTION_STATE_DONE", ["note"] = "matrix" },
            Also = [Changed],
        },
        ["tracking.CloseThread"] = new(About.School) { Body = _ => new JsonObject { ["outcome"] = "matrix" }, Also = [Changed] },
        ["tracking.MeasureImpact"] = new(About.School) { Query = place => $"collection_id={place["collection_id"]}", Also = [Conflict] },

        ["reviews.SetCategory"] = new(About.School) { Body = place => Bodies.Category(place["today"]), Also = [Refused] },
        ["reviews.ListSchoolCategories"] = new(About.School),
        ["reviews.ListCurrentCategories"] = new(About.List),
        ["reviews.ReplaceOffer"] = new(About.Trust) { Body = _ => Bodies.Offer(), Also = [403, Changed] },
        ["reviews.GetOffer"] = new(About.Trust),
        ["reviews.CreatePlan"] = new(About.Trust)
        {
            Body = _ => new JsonObject { ["academicYear"] = "1999/00" },
            Also = [403, Refused, Conflict],
        },
        ["reviews.GetPlan"] = new(About.Trust) { Also = [Gone] },
        ["reviews.ListPlans"] = new(About.Trust),
        ["reviews.ListPlannedVisits"] = new(About.List),
        ["reviews.PublishPlan"] = new(About.Trust) { Body = _ => new JsonObject(), Also = [403, Changed, Conflict] },
        ["reviews.ListVisits"] = new(About.List),
        ["reviews.GetVisit"] = new(About.School),
        ["reviews.UpdateVisit"] = new(About.School) { Body = place => new JsonObject { ["on"] = place["today"] }, Also = [Changed] },
        ["reviews.ConfirmVisit"] = new(About.School) { Body = _ => new JsonObject(), Also = [Changed] },
        ["reviews.HoldVisit"] = new(About.School) { Body = _ => new JsonObject(), Also = [Changed] },
        ["reviews.CancelVisit"] = new(About.School) { Body = _ => new JsonObject { ["reason"] = "matrix" }, Also = [Changed] },
        ["reviews.RecordFinding"] = new(About.School) { Body = _ => Bodies.Finding() },
        ["reviews.ListFindings"] = new(About.School),
        ["reviews.AgreeAction"] = new(About.School) { Body = Bodies.VisitAction },
        ["reviews.ListAgreedActions"] = new(About.List),
        ["reviews.UpdateAgreedAction"] = new(About.School) { Body = _ => new JsonObject { ["text"] = "Another" }, Also = [Changed] },
        ["reviews.CompleteAgreedAction"] = new(About.School) { Body = _ => new JsonObject(), Also = [Changed] },
        ["reviews.ListMeetingSeries"] = new(About.List),
        ["reviews.ListMeetings"] = new(About.School),
        ["reviews.HoldMeeting"] = new(About.School) { Body = _ => new JsonObject(), Also = [Changed] },
        ["reviews.CancelMeeting"] = new(About.School) { Body = _ => new JsonObject { ["reason"] = "matrix" }, Also = [Changed] },
        ["reviews.ListAvailability"] = new(About.List),
        ["reviews.GetAvailability"] = new(About.School),
        ["reviews.ReplaceAvailability"] = new(About.School)
        {
            Body = _ => new JsonObject { ["weekdays"] = new JsonArray("WEEKDAY_MONDAY"), ["daysPerWeek"] = 1, ["daysPerYear"] = 10 },
            Also = [Refused, Changed],
        },
        ["reviews.ListLeave"] = new(About.School),
        ["reviews.AddLeave"] = new(About.School) { Body = _ => Bodies.Leave("2099-01-05") },
        // The first who may removes it; for the next it is gone.
        ["reviews.RemoveLeave"] = new(About.School) { Also = [Gone] },

        ["reporting.ListAttainment"] = new(About.List) { Query = place => $"collection_id={place["collection_id"]}" },
        ["reporting.DownloadAttainment"] = new(About.List) { Query = place => $"collection_id={place["collection_id"]}" },
        ["reporting.ImportBenchmarks"] = new(About.Trust) { Query = _ => "pack=matrix", Csv = _ => Bodies.Benchmarks, Also = [403] },
        ["reporting.ListBenchmarks"] = new(About.Trust),
        ["reporting.ListPublishedMeasures"] = new(About.School),
        ["reporting.SetBenchmarkMapping"] = new(About.Trust) { Body = _ => Bodies.Mapping(), Also = [403, Changed] },
        ["reporting.GetBenchmarkMapping"] = new(About.Trust),
        ["reporting.GetTrustOverview"] = new(About.List) { Query = place => $"collection_id={place["collection_id"]}" },
        ["reporting.ListPupilsByStatus"] = new(About.School) { Query = place => $"collection_id={place["collection_id"]}" },
    };

    /// <summary>The value of a variable of the path.</summary>
    public static string Variable(string rpc, string name, Place place) => (rpc, name) switch
    {
        ("reviews.UpdateAgreedAction" or "reviews.CompleteAgreedAction", "action_id") => place["agreed_action_id"],
        ("assessment.GetSubject" or "assessment.PutSubject", "code") => "reading",
        ("assessment.GetScale" or "assessment.PutScale", "code") => "standardised",
        ("tracking.DefineGroup", "group") => "fsm-now",
        (_, "group") => "disadvantaged",
        (_, "mapping_id") => "matrix",
        _ => place[name],
    };

    private static JsonObject Result(Place place)
    {
        var result = Entry(place);
        result["collectionId"] = place["collection_id"];
        return result;
    }

    private static JsonObject Entry(Place place) => new()
    {
        ["pupilId"] = place["pupil_id"],
        ["testId"] = place["test_id"],
        ["satOn"] = place["sat_on"],
        ["score"] = "101",
    };
}
