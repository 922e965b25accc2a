-- The spine: partners, keys, orders, idempotency, stock, runs and their journal, events, audit.

create table partner (
    partner_id  text primary key,
    name        text not null,
    client_id   text not null unique,
    secret_hash bytea not null,                 -- SHA-256 of 256 random bits; a slow hash would add nothing
    scopes      text[] not null,
    plan        text not null,
    status      text not null default 'active' check (status in ('active', 'suspended')),
    created_at  timestamptz not null default clock_timestamp(),
    updated_at  timestamptz not null default clock_timestamp()
);

-- A channel speaks for exactly one partner, so a channel's order ids can be unique without telling one about another.
create table channel (
    channel_id text primary key,
    partner_id text not null references partner
);
create index channel_of_partner on channel (partner_id);

-- Values are encrypted with OMNIGATE_SECRET_KEY: signing keys, page-token and callback secrets.
create table secret (
    name       text primary key,
    value      bytea not null,
    created_at timestamptz not null default clock_timestamp()
);

create table idempotency (
    partner_id  text not null,
    key         text not null,
    fingerprint bytea not null,
    status      integer not null,
    headers     jsonb not null,                 -- Location, ETag, Content-Type; the others are fresh on replay
    body        bytea not null,
    resource_id text not null,
    request_id  text not null,
    trace_id    text not null,
    created_at  timestamptz not null,
    expires_at  timestamptz not null,
    primary key (partner_id, key)
);
create index idempotency_of_resource on idempotency (resource_id);
create index idempotency_by_key on idempotency (key);
create index idempotency_by_trace on idempotency (trace_id);
create index idempotency_expiry on idempotency (expires_at);

-- The only place with names, addresses and contacts; erasing a row forgets the person.
create table personal_data (
    personal_id text primary key,
    document    jsonb not null,
    created_at  timestamptz not null default clock_timestamp()
);

create table orders (
    order_id         text primary key,
    partner_id       text not null references partner,
    channel_id       text not null,
    channel_order_id text not null,
    content_hash     bytea not null,            -- SHA-256 of the canonical body (RFC 8785)
    status           text not null check (status in
        ('received', 'accepted', 'processing', 'completed', 'rejected', 'cancel_requested', 'cancelled')),
    version          integer not null default 1,
    currency         text not null,
    grand_total      bigint not null,
    placed_at        timestamptz not null,
    document         jsonb not null,            -- the order as placed, without personal data
    personal_id      text references personal_data on delete set null,
    reason           jsonb,                     -- {code, detail}: why it was rejected
    cancel           jsonb,                     -- {requested_at, outcome}: pending | cancelled | too_late
    refs             jsonb not null default '{}',
    receipt          bytea not null,            -- the bytes first answered; the natural key replays them for ever
    receipt_headers  jsonb not null,
    trace_id         text not null,
    received_at      timestamptz not null,
    updated_at       timestamptz not null,
    constraint orders_natural_key unique (channel_id, channel_order_id)
);
create index orders_of_partner on orders (partner_id, order_id desc);
create index orders_by_channel_order_id on orders (channel_order_id);
create index orders_by_trace on orders (trace_id);

-- Facts, in the order in which they became visible; readers stop below the snapshot's xmin.
create table event (
    position    bigint generated always as identity primary key,
    xact        xid8 not null default pg_current_xact_id(),
    event_id    text not null unique,
    subject     text not null,
    sequence    integer not null,               -- per subject, without gaps
    type        text not null,
    occurred_at timestamptz not null,
    trace_id    text not null,
    data        jsonb not null,
    unique (subject, sequence)
);

create table audit (
    audit_id   text primary key,
    at         timestamptz not null,
    actor      text not null,                   -- partner | operator | system
    subject    text not null,
    partner_id text,
    action     text not null,
    resource   text not null,
    request_id text,
    trace_id   text,
    decisions  jsonb not null default '[]',
    facts      jsonb not null default '{}'
);
create index audit_of_resource on audit (resource, at);

-- Physical stock as the warehouse counted it, and what we have promised of it.
create table stock_position (
    sku      text primary key,                  -- upper case
    gtin     text,
    on_hand  integer not null,
    reserved integer not null default 0 check (reserved >= 0),
    as_of    timestamptz not null,
    version  integer not null default 1
);

-- One row per order and SKU. A shipped line stays a claim until a count later than its shipment contains it.
create table reservation (
    order_id    text not null,
    sku         text not null,
    quantity    integer not null check (quantity > 0),
    state       text not null check (state in ('active', 'shipped', 'absorbed', 'released')),
    absorbed_at timestamptz,                    -- when the warehouse's own count began to contain it
    primary key (order_id, sku)
);
create index reservation_claims on reservation (sku, absorbed_at) where state in ('active', 'shipped');

-- A run is one saga over one resource and has the resource's id.
create table run (
    run_id      text primary key,
    saga        text not null,
    version     integer not null,
    state       text not null check (state in ('running', 'waiting', 'parked', 'ended')),
    direction   text not null default 'forward' check (direction in ('forward', 'backward')),
    epoch       integer not null default 0,     -- raised with the first journal commit after each claim
    starts      integer not null default 1,     -- tasks started: once, and after each release from parking
    wakes       integer not null default 0,     -- numbers the engine events that wake it; one name wakes once
    waiting_for text,
    outcome     text,
    reason      jsonb,                          -- {code, detail}: why it turned back, as the partner reads it
    cause       jsonb,                          -- {code, step, detail}: why it is parked
    traceparent text,
    created_at  timestamptz not null,
    updated_at  timestamptz not null
);
create index run_parked on run (updated_at) where state = 'parked';

-- The journal: what was intended under which key, and how it ended. Nothing is sent before its row is committed.
create table step (
    run_id        text not null references run,
    name          text not null,                -- hold_money, undo:hold_money
    number        integer not null,             -- position in the run's history
    saga          text not null,
    version       integer not null,
    system        text not null,
    operation     text not null,
    operation_key text not null,
    state         text not null check (state in ('intended', 'succeeded', 'rejected', 'failed', 'unknown', 'abandoned')),
    tries         integer not null default 0,
    epoch         integer not null,
    effect        jsonb,
    detail        jsonb,
    begun_at      timestamptz not null,
    ended_at      timestamptz,
    primary key (run_id, name)
);

create table attempt (
    run_id     text not null,
    step       text not null,
    number     integer not null,
    call       text not null,                   -- the port's method: authorise, find, …
    epoch      integer not null,
    send_by    timestamptz not null,            -- no byte is sent after this
    begun_at   timestamptz not null,
    ended_at   timestamptz,
    outcome    text,                            -- null: cut off
    detail     jsonb,
    primary key (run_id, step, number)
);

-- What others told a run: callbacks, polled changes, cancels, an operator's word.
create table signal (
    signal_id   text primary key,               -- the sender's id: dedupes
    run_id      text not null,
    kind        text not null,                  -- shipped | cancel | operator …
    source      text not null,                  -- callback:wms, poll:wms, partner:web, operator:NAME
    data        jsonb not null,
    received_at timestamptz not null,
    taken_at    timestamptz,
    trace_id    text
);
create index signal_of_run on signal (run_id, received_at);

-- Everyone who touches a run locks its row first, then the engine's, then the resource's: one order, no deadlock.

-- Refuses the whole transaction unless the worker still holds the lease and the run is at its epoch. Both rows stay
-- locked, so that nobody can take the run over before the transaction ends.
create function fence(subject text, expected integer, engine_run uuid, worker text) returns void
language plpgsql as $$
begin
    perform 1 from run where run_id = subject and epoch = expected for no key update;
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

-- The first journal commit after a claim: the fence, and a new epoch that shuts out whoever held the run before.
create function take_up(subject text, engine_run uuid, worker text) returns run
language plpgsql as $$
declare taken run;
begin
    update run set epoch = epoch + 1, wakes = wakes + 1, state = 'running' where run_id = subject returning * into taken;
    perform fence(subject, taken.epoch, engine_run, worker);
    return taken;
end
$$;

-- The journal commit after a call: the fence, how the attempt ended, and how far its step has got (null: as it was).
create function end_call(
    subject text, expected integer, engine_run uuid, worker text,
    record text, attempt_number integer, ending text, told jsonb, reached text, done jsonb, why jsonb) returns void
language plpgsql as $$
begin
    perform fence(subject, expected, engine_run, worker);
    update attempt set ended_at = clock_timestamp(), outcome = ending, detail = told
     where run_id = subject and step = record and number = attempt_number;
    if reached is not null then
        update step set state = reached, effect = coalesce(done, effect), detail = coalesce(why, detail),
               ended_at = case when reached in ('succeeded', 'rejected') then clock_timestamp() end
         where run_id = subject and name = record;
    end if;
end
$$;

create function record_event(
    new_id text, about text, kind text, moment timestamptz, trace text, facts jsonb) returns void
language sql as $$
    insert into event (event_id, subject, sequence, type, occurred_at, trace_id, data)
    select new_id, about, coalesce(max(sequence), 0) + 1, kind, moment, trace, facts from event where subject = about
$$;

-- Wakes a run that waits: the engine event's name is numbered, so each waking is a new one. The caller holds the run row.
create function wake(subject text) returns void
language plpgsql as $$
declare number integer;
begin
    select wakes into number from run where run_id = subject for no key update;
    if found then
        perform absurd.emit_event('sagas', subject || ':' || number, '{}'::jsonb);
    end if;
end
$$;

-- Starts a task for a run: once at its beginning, and again each time it leaves the parking place.
create function start_task(subject text, saga text, version integer, start integer) returns void
language plpgsql as $$
begin
    perform absurd.spawn_task('sagas', saga || '.v' || version, jsonb_build_object('run_id', subject),
        jsonb_build_object('idempotency_key', subject || ':' || start, 'max_attempts', 5,
                           'retry_strategy', jsonb_build_object('kind', 'none')));
end
$$;
