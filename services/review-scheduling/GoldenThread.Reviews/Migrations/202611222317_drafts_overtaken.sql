-- The visits in force that a draft was made from: one that was made before they moved is not put in force. Null for plans made before.
alter table plan add column visits_hash text;
