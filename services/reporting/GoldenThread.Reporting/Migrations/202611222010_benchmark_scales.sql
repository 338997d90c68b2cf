-- A measure stands beside the results of a test on the measure's own scale alone: 75% at the expected standard of a key stage 2 test says nothing
-- of a standardised score, of which half are above the norm by its making. The codes are those under which a trust defines these scales; one that
-- uses others corrects them here. Combined reading, writing and maths and the good level of development are no test's result: their codes are
-- for a trust that enters them as judgements. A row of a measure that did not come with the product is not shown until it is given its scale.
update benchmark_use set scale = case
    when measure in ('ks2_reading_expected', 'ks2_maths_expected', 'ks2_gps_expected') then 'scaled'
    when measure = 'ks2_writing_ta_expected' then 'ks2-teacher-assessment'
    when measure = 'ks2_rwm_expected' then 'ks2-combined'
    when measure = 'phonics_y1_expected' then 'phonics'
    when measure = 'eyfs_gld' then 'eyfs-gld'
    when measure = 'mtc_mean_score' then 'multiplication-tables-check'
    else ''
end
where scale is null;

alter table benchmark_use alter column scale set not null;
