-- When a leaving was first recorded is asked of superseded rows, too, for each leaver of a cohort.
create index ix_enrolment_history on enrolment (pupil_id, school_urn, from_on);
