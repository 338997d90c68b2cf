-- Collections that were locked before all their results had arrived here: their fits are to be made anew.
create table refit_due (
    collection_id uuid primary key
);
