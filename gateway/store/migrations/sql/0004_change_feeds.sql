-- How far we have read in what back ends did that cannot call us, and who reads on.

create table change_feed (
    source       text primary key,              -- wms
    cursor       text,                          -- the adapter's; null: nothing has been read
    holder       text,                          -- the worker that reads on
    held_until   timestamptz not null default '-infinity',
    begun_at     timestamptz not null default clock_timestamp(),
    read_at      timestamptz,                   -- the last page that was taken over
    caught_up_at timestamptz                    -- the last one after which there was no more
);
