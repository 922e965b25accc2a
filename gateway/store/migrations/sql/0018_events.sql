-- Events for partners: whose feed tells a fact stands beside it, in the log that there is.

alter table event add column if not exists told_to text;   -- the partner; null: nobody's, or its feed has forgotten it

create or replace function owner_of(about text) returns text language sql stable as $$
    select coalesce((select partner_id from orders where order_id = about),
                    (select partner_id from returns where return_id = about),
                    (select partner_id from reservation where reservation_id = about))
$$;

create or replace function record_event(
    new_id text, about text, kind text, moment timestamptz, trace text, facts jsonb) returns void
language sql as $$
    insert into event (event_id, subject, sequence, type, occurred_at, trace_id, data, told_to)
    select new_id, about, coalesce(max(sequence), 0) + 1, kind, moment, trace, facts, owner_of(about)
      from event where subject = about
$$;

-- Processes of the version before write first facts without it. After the statement, for it may write the subject, too.
create or replace function event_told() returns trigger language plpgsql as $$
begin
    update event set told_to = owner_of(new.subject) where position = new.position;
    return null;
end
$$;
create or replace trigger event_told after insert on event for each row when (new.told_to is null)
    execute function event_told();

update event set told_to = owner_of(subject) where told_to is null and occurred_at > now() - interval '31 days';

-- Outside of a transaction:
drop index concurrently if exists event_of_feed;
create index concurrently event_of_feed on event (told_to, xact, position) where told_to is not null;
drop index concurrently if exists event_forgotten;
create index concurrently event_forgotten on event (occurred_at) where told_to is not null
