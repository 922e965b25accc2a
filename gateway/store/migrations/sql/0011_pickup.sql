-- Goods that are fetched in a store, and what is offered instead when they cannot be.

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
    decided_at timestamptz
);
create unique index offer_open on offer (order_id) where state = 'open';
create index offer_of_order on offer (order_id, made_at);

-- What is handed over against a code, which is kept until it has been sent, and then only its hash.
create table pickup (
    fulfilment_id text primary key references fulfilment,
    code          text,                             -- until it has been sent
    code_hash     bytea not null,                   -- SHA-256 of the part's id and the code
    wrong         integer not null default 0,       -- codes tried that were not it
    ready_at      timestamptz not null,
    expires_at    timestamptz not null,
    reminded      integer not null default 0,
    collected_at  timestamptz
);
