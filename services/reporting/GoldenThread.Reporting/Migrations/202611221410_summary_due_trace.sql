-- In whose trace a sum became due, so that a request's trace goes on to the sum.
alter table summary_due add column traceparent text;
