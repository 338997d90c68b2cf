namespace GoldenThread.Assessment.Results;

/// <summary>
/// How a result is judged, written once: a single result, a batch, a file and a row mended in quarantine go through the same statement and
/// differ only in where their rows come from. The grants, the collection and the standing result are read by the statement that writes.
/// </summary>
internal static class RecordingSql
{
    /// <summary>One row, from parameters.</summary>
    public const string OneRow = """
        incoming as (
            select 0 as line, @ResultId::uuid as result_id, @Upn::text as upn, @PupilId::uuid as pupil_id, @SchoolUrn::int as school_urn,
                   null::text as subject, @TestId::uuid as test_id, @SatOn::date as sat_on, @Score::numeric as score, @Code::text as code,
                   null::text as fault
        )
        """;

    /// <summary>Rows of a batch, from arrays; the line is the place in the batch.</summary>
    public const string ManyRows = """
        incoming as (
            select (i.ordinal - 1)::int as line, i.result_id, i.upn, i.pupil_id, i.school_urn, i.subject, i.test_id, i.sat_on, i.score, i.code,
                   null::text as fault
            from unnest(@ResultIds::uuid[], @Upns::text[], @PupilIds::uuid[], @SchoolUrns::int[], @EntrySubjects::text[], @TestIds::uuid[],
                        @SatOns::date[], @Scores::numeric[], @Codes::text[])
                 with ordinality as i(result_id, upn, pupil_id, school_urn, subject, test_id, sat_on, score, code, ordinal)
        )
        """;

    /// <summary>Rows of a file, from the table they were copied into.</summary>
    public const string FileRows = "incoming as (select * from import_row)";

    /// <summary>
    /// The reach of who records; the collection, kept from being locked meanwhile; its tests; and which test a subject means for a year
    /// group, where that is only one.
    /// </summary>
    private const string Rules = """
        grants as materialized (
            select school_urn, year_groups, class_ids, subjects from reach(@Issuer, @Subject, @Roles)
        ), held as materialized (
            select collection_id, year_from, year_to from collection
            where collection_id = @CollectionId and locked_at is null and opens_on <= @Today
            for key share
        ), offered as (
            select ct.test_id, ct.year_groups, t.subject, t.scale, s.lowest_score, s.highest_score, s.decimals
            from collection_test ct
            join test t on t.test_id = ct.test_id
            join scale s on s.code = t.scale
            where ct.collection_id = @CollectionId
        )
        """;

    private const string Meant = """
        meant as (
            select o.subject, y.year_group, min(o.test_id::text)::uuid as test_id
            from offered o cross join unnest(o.year_groups) as y(year_group)
            group by o.subject, y.year_group
            having count(*) = 1
        )
        """;

    private const string MeantOfNone = "meant as (select null::text as subject, null::text as year_group, null::uuid as test_id where false)";

    // The first thing wrong with a row is its verdict; a pupil outside the caller's grants looks like a pupil nobody knows. That somebody left, or
    // is not there yet, is told of an enrolment that a grant covers with all its limits.
    private const string Judgement = """
        select i.line, i.result_id, coalesce(e.school_urn, i.school_urn) as school_urn, p.pupil_id, t.test_id, t.subject, e.year_group, i.sat_on,
               trim_scale(i.score) as score, i.code, t.lowest_score, t.highest_score, t.decimals,
               x.result_id as standing_id, x.version as standing_version, x.recorded_at as standing_at,
               case
                   when i.fault is not null then i.fault
                   when h.collection_id is null then 'COLLECTION_CLOSED'
                   when i.sat_on > @Today then 'DATE_IN_FUTURE'
                   when i.sat_on < h.year_from or i.sat_on > h.year_to then 'DATE_OUTSIDE_YEAR'
                   when i.school_urn is not null
                        and not exists (select from grants g where g.school_urn is null or g.school_urn = i.school_urn) then 'SCHOOL_NOT_FOUND'
                   when p.pupil_id is null then 'PUPIL_NOT_YET_KNOWN'
                   when e.pupil_id is null then coalesce((
                       select case when bool_or(o.to_on < i.sat_on) then 'PUPIL_LEFT' else 'PUPIL_NOT_ON_ROLL' end
                       from pupil_enrolment o
                       where o.pupil_id = p.pupil_id and (i.school_urn is null or o.school_urn = i.school_urn)
                         and exists (
                             select from grants g
                             where (g.school_urn is null or g.school_urn = o.school_urn)
                               and (g.year_groups is null or o.year_group = any(g.year_groups))
                               and (g.subjects is null or coalesce(t.subject, i.subject) is null or coalesce(t.subject, i.subject) = any(g.subjects))
                               and (g.class_ids is null or exists (
                                   select from pupil_class pc
                                   where pc.pupil_id = p.pupil_id and pc.class_id = any(g.class_ids)
                                     and (o.to_on is null or pc.from_on <= o.to_on) and (pc.to_on is null or pc.to_on >= o.from_on))))
                       having count(*) > 0), 'PUPIL_NOT_YET_KNOWN')
                   when not exists (
                       select from grants g
                       where (g.school_urn is null or g.school_urn = e.school_urn)
                         and (g.year_groups is null or e.year_group = any(g.year_groups))
                         and (g.subjects is null or t.subject is null or t.subject = any(g.subjects))
                         and (g.class_ids is null or exists (
                             select from pupil_class pc
                             where pc.pupil_id = p.pupil_id and pc.class_id = any(g.class_ids)
                               and ((pc.from_on <= i.sat_on and (pc.to_on is null or pc.to_on >= i.sat_on))
                                    or (pc.from_on <= @Today and (pc.to_on is null or pc.to_on >= @Today))))))
                       then 'PUPIL_NOT_YET_KNOWN'
                   when t.test_id is null then 'TEST_NOT_IN_COLLECTION'
                   when i.score < t.lowest_score or i.score > t.highest_score or i.score <> round(i.score, t.decimals) then 'SCORE_OUT_OF_RANGE'
                   when i.code is not null and not exists (select from scale_code k where k.scale = t.scale and k.code = i.code)
                       then 'CODE_UNKNOWN'
                   when x.collection_id <> @CollectionId then 'RESULT_IN_OTHER_COLLECTION'
                   when x.result_id is null then 'NEW'
                   when x.score is not distinct from i.score and x.code is not distinct from i.code then 'UNCHANGED'
                   else 'CHANGED'
               end as verdict
        from incoming i
        left join held h on true
        left join pupil_upn u on u.upn = i.upn
        left join pupil p on p.pupil_id = coalesce(i.pupil_id, u.pupil_id) and not p.erased
        left join pupil_enrolment e on e.pupil_id = p.pupil_id and (e.school_urn = i.school_urn or (i.school_urn is null and e.is_main))
             and e.from_on <= i.sat_on and (e.to_on is null or e.to_on >= i.sat_on)
        left join meant m on i.test_id is null and m.subject = i.subject and m.year_group = e.year_group
        left join offered t on t.test_id = coalesce(i.test_id, m.test_id)
        left join result x on x.pupil_id = p.pupil_id and x.school_urn = e.school_urn and x.test_id = t.test_id and x.sitting = i.sat_on
             and x.source = @Source
        """;

    // A correction takes the place of the version it was judged against and of no other; who lost a race is told by "applied".
    private const string Application = """
        corrected as (
            update result r
            set score = j.score, code = j.code, year_group = j.year_group, version = r.version + 1,
                recorded_at = @RecordedAt, change_set_id = @ChangeSetId
            from judged j
            where j.verdict = 'CHANGED' and r.school_urn = j.school_urn and r.result_id = j.standing_id and r.version = j.standing_version
            returning r.result_id
        ), superseded as (
            insert into result_version (school_urn, result_id, version, pupil_id, test_id, collection_id, sitting, source, year_group,
                                        score, code, recorded_at, change_set_id, superseded_at)
            select x.school_urn, x.result_id, x.version, x.pupil_id, x.test_id, x.collection_id, x.sitting, x.source, x.year_group,
                   x.score, x.code, x.recorded_at, x.change_set_id, @RecordedAt
            from corrected k
            join judged j on j.standing_id = k.result_id
            join result x on x.school_urn = j.school_urn and x.result_id = k.result_id
        ), added as (
            insert into result (school_urn, result_id, pupil_id, test_id, collection_id, sitting, source, year_group,
                                score, code, version, recorded_at, change_set_id)
            select j.school_urn, j.result_id, j.pupil_id, j.test_id, @CollectionId, j.sat_on, @Source, j.year_group,
                   j.score, j.code, 1, @RecordedAt, @ChangeSetId
            from judged j
            where j.verdict = 'NEW'
            on conflict on constraint uq_result_key do nothing
            returning result_id
        ), noted as (
            insert into change_set (change_set_id, recorded_at, issuer, subject, result_count)
            select @ChangeSetId, @RecordedAt, @Issuer, @Subject, done.n
            from (select (select count(*) from added) + (select count(*) from corrected) as n) done
            where done.n > 0
        )
        select j.line, j.verdict, j.school_urn, j.pupil_id, j.test_id, j.subject, j.year_group, j.sat_on, j.score, j.code,
               j.lowest_score, j.highest_score, j.decimals,
               coalesce(j.standing_id, j.result_id) as result_id,
               case j.verdict when 'CHANGED' then j.standing_version + 1 when 'UNCHANGED' then j.standing_version else 1 end as version,
               case j.verdict when 'UNCHANGED' then j.standing_at else @RecordedAt end as recorded_at,
               case j.verdict
                   when 'NEW' then exists (select from added a where a.result_id = j.result_id)
                   when 'CHANGED' then exists (select from corrected k where k.result_id = j.standing_id)
                   else true
               end as applied
        from judged j
        order by j.line
        """;

    /// <summary>Judges one row and applies it.</summary>
    public const string RecordOne = $"with {OneRow}, {Rules}, {MeantOfNone}, judged as materialized ({Judgement}), {Application}";

    /// <summary>Judges a batch and applies what is good in it.</summary>
    public const string RecordMany = $"with {ManyRows}, {Rules}, {Meant}, judged as materialized ({Judgement}), {Application}";

    /// <summary>Judges the rows of a file into the table of verdicts; nothing is applied yet.</summary>
    public const string JudgeFile = $"""
        with {FileRows}, {Rules}, {Meant}, judged as ({Judgement})
        insert into import_verdict (line, result_id, school_urn, pupil_id, test_id, year_group, sat_on, score, code,
                                    lowest_score, highest_score, decimals, standing_id, standing_version, verdict)
        select line, result_id, school_urn, pupil_id, test_id, year_group, sat_on, score, code,
               lowest_score, highest_score, decimals, standing_id, standing_version, verdict
        from judged
        """;
}
