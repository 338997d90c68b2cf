-- ix_fact_result_pupil_cell begins with the same columns. Nothing is built here: reads stop for the moment of the drop, once those under way have ended.
drop index ix_fact_result_pupil;
