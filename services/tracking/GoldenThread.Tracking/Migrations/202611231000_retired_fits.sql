-- A version with this says that its pair of tests has no fit in its collection any more (too few pupils are left, say); its numbers are those of
-- the version before.
alter table prior_score_fit add column retired_at timestamptz;

-- Of each pair of tests, year group and collection the newest version, unless it says that there is none.
create view fit_in_force as
select f.*
from prior_score_fit f
where f.retired_at is null
  and not exists (
      select
      from prior_score_fit newer
      where newer.prior_test_id = f.prior_test_id and newer.current_test_id = f.current_test_id and newer.year_group = f.year_group
        and newer.collection_id = f.collection_id and newer.version > f.version);
