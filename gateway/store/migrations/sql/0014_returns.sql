-- Goods that come back: which pieces may, how many came, and what they were found to be.

create table returns (
    return_id         text primary key,             -- ret_…; also its run's
    order_id          text not null references orders,
    partner_id        text not null references partner,     -- whose order it is
    channel_id        text not null,
    channel_return_id text not null,
    content_hash      bytea not null,               -- SHA-256 of the canonical body (RFC 8785)
    document          jsonb not null,               -- as it was asked for
    currency          text not null,
    state             text not null check (state in ('authorised', 'declined', 'cancelled', 'expired', 'closed')),
    method            text not null check (method in ('mail', 'store', 'locker', 'pickup', 'keep')),
    version           integer not null default 1,
    scanned_at        timestamptz,                  -- when a carrier had it first
    expires_at        timestamptz not null,         -- nothing has come by then: it is over
    requested_by      text not null,
    trace_id          text not null,
    receipt           bytea not null,               -- the bytes first answered; the natural key replays them for ever
    receipt_headers   jsonb not null,
    created_at        timestamptz not null,
    updated_at        timestamptz not null,
    constraint returns_natural_key unique (channel_id, channel_return_id)
);
create index returns_of_order on returns (order_id);
create index returns_of_partner on returns (partner_id, return_id desc);

create table return_line (
    return_id  text not null references returns,
    line_id    text not null,                       -- the order's
    number     integer not null,
    order_id   text not null,
    sku        text not null,                       -- upper case
    reason     text not null,
    rule       jsonb not null,                      -- the policy's, as it was then
    authorised integer not null check (authorised > 0),
    received   integer not null default 0 check (received >= 0),
    accepted   integer not null default 0 check (accepted >= 0),
    rejected   integer not null default 0 check (rejected >= 0),
    missing    integer not null default 0 check (missing >= 0),
    surplus    integer not null default 0 check (surplus >= 0),
    primary key (return_id, line_id),
    constraint no_more_than_authorised check (received + missing <= authorised),
    constraint no_more_than_came check (accepted + rejected <= received)
);
create index return_line_of_order on return_line (order_id, line_id);

-- Each piece by itself: no piece of an order is in two returns, unless one of them was given up.
create table return_unit (
    return_id text not null,
    line_id   text not null,
    unit      integer not null check (unit >= 0),   -- counted from 0 over the order's line
    order_id  text not null,
    value     bigint not null,                      -- minor units, fixed when the order was placed
    released  boolean not null default false,
    primary key (return_id, line_id, unit),
    foreign key (return_id, line_id) references return_line
);
create unique index return_unit_once on return_unit (order_id, line_id, unit) where not released;

-- What a warehouse, store or person counted when goods came. Without a return: nobody knew that they would.
create table return_receipt (
    node_id      text not null references node,
    receipt_id   text not null,
    return_id    text references returns,
    content_hash bytea not null,
    document     jsonb not null,
    account      text not null,                     -- who said so
    received_at  timestamptz not null,
    recorded_at  timestamptz not null,
    matched_by   text,
    primary key (node_id, receipt_id)
);
create index return_receipt_of_return on return_receipt (return_id) where return_id is not null;

create table return_inspection (
    node_id       text not null references node,
    inspection_id text not null,
    return_id     text not null references returns,
    content_hash  bytea not null,
    document      jsonb not null,
    account       text not null,
    recorded_at   timestamptz not null,
    primary key (node_id, inspection_id)
);
create index return_inspection_of_return on return_inspection (return_id);

create trigger return_line_begun after insert on return_line referencing new table as changed
    for each statement execute function order_changes();
create trigger return_line_moved after update on return_line referencing new table as changed
    for each statement execute function order_changes();
create trigger return_moved after update on returns referencing new table as changed
    for each statement execute function order_changes();

insert into exception_class (class, owner, severity, due_in) values
    ('returns/unmatched',    'support', 'high',   '4 hours'),
    ('returns/over_receipt', 'support', 'medium', '8 hours');
