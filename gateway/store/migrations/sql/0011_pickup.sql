-- Goods that are fetched in a store, and what is offered instead when they cannot be.

alter table fulfilment add column executor text not null default 'warehouse' check (executor in ('warehouse', 'store'));
alter table fulfilment drop constraint fulfilment_status_check;
alter table fulfilment add constraint fulfilment_status_check check (status in
    ('planned', 'booked', 'released', 'accepted', 'ready', 'shipped', 'collected', 'completed', 'cancel_requested',
     'cancelled', 'rejected'));
alter table fulfilment drop constraint fulfilment_pieces_check;
alter table fulfilment add constraint fulfilment_pieces_check check
    (pieces in ('allocated', 'released', 'picked', 'shipped', 'collected', 'given_back'));

-- What customers are told, each once, in a run of its own. What it says is forgotten once it has been said.
create table notice (
    notice_id  text primary key,                    -- ntf_…
    order_id   text not null references orders,
    kind       text not null,                       -- the template: ready_for_pickup, pickup_reminder, pickup_expired, offer
    facts      jsonb not null,
    status     text not null check (status in ('planned', 'sent', 'not_sent')),
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index notice_of_order on notice (order_id, created_at);

-- What a customer has to agree to, because it is not what was promised. At most one waits for an answer of an order.
create table offer (
    offer_id   text primary key,                    -- off_…
    order_id   text not null references orders,
    kind       text not null check (kind in ('other_store', 'ship_to_home')),
    node_id    text not null references node,       -- who would serve it
    lines      jsonb not null,                      -- line -> pieces
    state      text not null check (state in ('open', 'accepted', 'declined', 'expired')),
    made_at    timestamptz not null,
    expires_at timestamptz not null,                -- no answer until then is a no
    decided_at timestamptz,
    acted_at   timestamptz                          -- when its answer was carried out
);
create unique index offer_open on offer (order_id) where state = 'open';
create index offer_of_order on offer (order_id, made_at);

-- What is handed over against a code.
create table pickup (
    fulfilment_id text primary key references fulfilment,
    code_hash     bytea not null,                   -- SHA-256 of the part's id, a colon and the code, kept nowhere else
    wrong         integer not null default 0,       -- codes tried that were not it
    ready_at      timestamptz not null,
    expires_at    timestamptz not null,
    reminded      integer not null default 0,
    collected_at  timestamptz
);

-- What stores may do that nobody asked them to.
insert into exception_cause (code, class) values
    ('store_task_missing',        'fulfilment/lost'),
    ('cancelled_by_store',        'fulfilment/node_reject'),
    ('collected_after_cancelled', 'fulfilment/cancel_race'),
    ('collected_after_rejected',  'fulfilment/cancel_race');

-- As before; goods that were handed over in a store have left, too.
create or replace function actions_on(parked run) returns text[]
language sql stable as $$
    select case
        when parked.outcome is not null then array['abandon']
        when parked.cause ->> 'code' = 'saga_changed' then array['retry']
        when parked.direction = 'backward' then array['retry', 'resolve']
        when exists (select from signal s where s.run_id = parked.run_id and s.kind in ('shipped', 'collected'))
            then array['retry', 'resolve', 'abandon']
        else array['retry', 'resolve', 'compensate', 'abandon'] end
$$;
