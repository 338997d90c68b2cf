-- Series that a plan could count up to a day only, because the school had not entered all its dates. Empty for plans made before it was kept.
alter table plan add column incomplete_series jsonb not null default '[]';

-- The day up to which the plan in force counts all that is owed; null where the whole year's dates were entered.
alter table meeting_series add column owed_known_until date;
