-- An order is served in parts: each by one executor, in a run of its own below the order's.

alter table run add column parent_id text references run;
create index run_of_parent on run (parent_id) where parent_id is not null;

-- Where each piece of a line stands. Pieces move; none appears or is lost track of.
create table order_line (
    order_id    text not null references orders,
    line_id     text not null,
    number      integer not null,               -- its place in the order, from 1 on
    sku         text not null,                  -- upper case
    quantity    integer not null check (quantity > 0),
    open        integer not null default 0 check (open >= 0),
    backordered integer not null default 0 check (backordered >= 0),
    allocated   integer not null default 0 check (allocated >= 0),
    released    integer not null default 0 check (released >= 0),
    picked      integer not null default 0 check (picked >= 0),
    in_transit  integer not null default 0 check (in_transit >= 0),
    delivered   integer not null default 0 check (delivered >= 0),
    lost        integer not null default 0 check (lost >= 0),
    cancelled   integer not null default 0 check (cancelled >= 0),
    reason      jsonb,                          -- {code, detail}: why pieces were cancelled
    primary key (order_id, line_id),
    constraint pieces_are_kept check
        (open + backordered + allocated + released + picked + in_transit + delivered + lost + cancelled = quantity)
);
create index order_line_backordered on order_line (sku) where backordered > 0;

create table fulfilment (
    fulfilment_id text primary key,
    order_id      text not null references orders,
    number        integer not null,             -- counts the order's; the attempt of its reservation
    group_id      text not null,
    node_id       text not null references node,
    method        text not null check (method in ('ship_to_home', 'bopis', 'curbside')),
    status        text not null check (status in
        ('planned', 'booked', 'released', 'shipped', 'completed', 'cancel_requested', 'cancelled', 'rejected')),
    pieces        text not null default 'allocated' check (pieces in ('allocated', 'released', 'shipped', 'given_back')),
    version       integer not null default 1,
    shipping      bigint not null check (shipping >= 0),    -- what it bears of the shipping charge
    amount        bigint not null,              -- what its goods and its shipping come to, fixed when it was planned
    decision_id   text references sourcing_decision,        -- why from there
    refs          jsonb not null default '{}',
    reason        jsonb,                        -- {code, detail}: why it was rejected
    trace_id      text not null,
    created_at    timestamptz not null,
    updated_at    timestamptz not null,
    unique (order_id, number)
);

-- Which pieces of a line: those from `first` on, counted from 0 over the whole line. Each is worth what it is worth.
create table fulfilment_line (
    fulfilment_id text not null references fulfilment,
    line_id       text not null,
    first         integer not null check (first >= 0),
    quantity      integer not null check (quantity > 0),
    primary key (fulfilment_id, line_id, first)
);

-- The money of an order, in minor units of its currency: never more is taken than was held, nor given back than taken.
create table payment (
    order_id   text primary key references orders,
    authorised bigint not null default 0 check (authorised >= 0),
    captured   bigint not null default 0 check (captured >= 0),
    voided     bigint not null default 0 check (voided >= 0),
    refunded   bigint not null default 0 check (refunded >= 0),
    in_flight  bigint not null default 0 check (in_flight >= 0),
    expires_at timestamptz,                     -- until when what is held can be taken, where the provider says so
    constraint taken_of_held check (captured + voided <= authorised),
    constraint given_back_of_taken check (refunded + in_flight <= captured)
);

-- Everyone who touches a run locks its parent's row first, then its own, then the engine's, then the resource's.
create function lock_run(subject text) returns boolean
language plpgsql as $$
begin
    perform 1 from run where run_id = (select parent_id from run where run_id = subject) for no key update;
    perform 1 from run where run_id = subject for no key update;
    return found;
end
$$;

create or replace function fence(subject text, expected integer, engine_run uuid, worker text) returns void
language plpgsql as $$
begin
    perform lock_run(subject);
    perform 1 from run where run_id = subject and epoch = expected;
    if not found then
        raise exception 'epoch passed' using errcode = 'OG001';
    end if;
    perform 1 from absurd.r_sagas
      where run_id = engine_run and state = 'running' and claimed_by = worker for no key update;
    if not found then
        raise exception 'lease lost' using errcode = 'OG001';
    end if;
end
$$;

create or replace function take_up(subject text, engine_run uuid, worker text, performed text) returns run
language plpgsql as $$
declare taken run;
begin
    perform lock_run(subject);
    update run set epoch = epoch + 1, wakes = wakes + 1, state = 'running', shape = coalesce(shape, performed)
     where run_id = subject returning * into taken;
    perform fence(subject, taken.epoch, engine_run, worker);
    return taken;
end
$$;

-- A run below another one; the caller holds the row of the one above.
create function start_below(
    subject text, above text, kind text, kind_version integer, trace text, moment timestamptz) returns void
language plpgsql as $$
begin
    insert into run (run_id, saga, version, state, parent_id, traceparent, created_at, updated_at)
    select subject, kind, kind_version, 'running', above, coalesce(trace, r.traceparent), moment, moment
      from run r where r.run_id = above;
    perform start_task(subject, kind, kind_version, 1);
end
$$;

-- As before; of a part of an order it is told which order that is.
create or replace function open_parked(parked run) returns void
language sql as $$
    insert into exception as x (exception_id, class, code, subject, workflow, owner, severity, state, opened_at, due_at,
                                evidence, actions)
    select 'xcp_' || substr(parked.run_id, 5), t.class, coalesce(parked.cause ->> 'code', 'unknown'), parked.run_id, true,
           t.owner, t.severity, 'open', parked.updated_at, parked.updated_at + t.due_in,
           jsonb_strip_nulls(coalesce(parked.cause, '{}') - 'code' || jsonb_build_object(
               'saga', parked.saga || '.v' || parked.version, 'order_id', parked.parent_id, 'direction',
               parked.direction, 'outcome', parked.outcome)),
           actions_on(parked)
      from exception_terms((select c.class from exception_cause c
                             where c.code = parked.cause ->> 'code' and c.step in (parked.cause ->> 'step', '')
                             order by c.step desc limit 1)) t
        on conflict (exception_id) do update
       set class = excluded.class, code = excluded.code, owner = excluded.owner, severity = excluded.severity,
           state = 'open', opened_at = excluded.opened_at, due_at = excluded.due_at, evidence = excluded.evidence,
           actions = excluded.actions, occurrences = x.occurrences + 1, resolved_at = null, resolution = null,
           version = x.version + 1
$$;

-- What an order comes to follows from its ledgers: when they change, so does its version.
create function order_changes() returns trigger language plpgsql as $$
begin
    update orders o set version = o.version + 1, updated_at = greatest(o.updated_at, clock_timestamp())
     where o.order_id in (select order_id from changed);
    return null;
end
$$;
create trigger order_line_begun after insert on order_line referencing new table as changed
    for each statement execute function order_changes();
create trigger order_line_moved after update on order_line referencing new table as changed
    for each statement execute function order_changes();
create trigger fulfilment_planned after insert on fulfilment referencing new table as changed
    for each statement execute function order_changes();
create trigger fulfilment_moved after update on fulfilment referencing new table as changed
    for each statement execute function order_changes();
create trigger money_held after insert on payment referencing new table as changed
    for each statement execute function order_changes();
create trigger money_moved after update on payment referencing new table as changed
    for each statement execute function order_changes();
