-- What suppliers send, and what of it came.

create table shipping_notice (
    asn_id          text primary key,               -- asn_…
    po_id           text not null references purchase_order,
    supplier_id     text not null references supplier,
    asn_number      text not null,                  -- the supplier's own, for ever
    content_hash    bytea not null,                 -- SHA-256 of the canonical body that made it
    document        jsonb not null,                 -- that body: what is packed in what
    state           text not null check (state in ('in_transit', 'arrived', 'cancelled')),
    shipped_at      timestamptz not null,
    expected_at     timestamptz not null check (expected_at > shipped_at),
    told_by         text not null,
    version         integer not null default 1,
    trace_id        text not null,
    created_at      timestamptz not null,
    updated_at      timestamptz not null,
    unique (supplier_id, asn_number)
);
create index shipping_notice_of_order on shipping_notice (po_id, asn_id desc);
create index shipping_notice_of_supplier on shipping_notice (supplier_id, asn_id desc);

create table shipping_notice_line (
    asn_id   text not null references shipping_notice,
    line_id  text not null,
    quantity bigint not null check (quantity > 0),  -- in all its cartons
    primary key (asn_id, line_id)
);

-- Pallets and cartons; a number may be used again only once its notice is cancelled.
create table shipping_unit (
    asn_id text not null references shipping_notice,
    sscc   text not null check (sscc ~ '^[0-9]{18}$'),
    primary key (asn_id, sscc)
);
create index shipping_unit_of_number on shipping_unit (sscc);

create table goods_receipt (
    receipt_id     text primary key,                -- grn_…
    po_id          text not null references purchase_order,
    position       integer not null,                -- among those of the order, from 1
    node_id        text not null references node,
    receipt_number text not null,                   -- the node's own, for ever
    content_hash   bytea not null,
    document       jsonb not null,
    asn_id         text references shipping_notice,
    revision       integer not null,                -- of the order, as it was in force then
    received_by    text not null,                   -- an operator, who neither wrote nor approved the order
    received_at    timestamptz not null,
    trace_id       text not null,
    recorded_at    timestamptz not null,
    unique (node_id, receipt_number),
    unique (po_id, position)
);
create index goods_receipt_of_order on goods_receipt (po_id, receipt_id desc);

create table goods_receipt_line (
    receipt_id text not null references goods_receipt,
    line_id    text not null,
    received   bigint not null check (received > 0),
    damaged    bigint not null check (damaged between 0 and received),
    accepted   bigint not null check (accepted >= 0),
    over       bigint not null check (over >= 0),   -- whole, but beyond what is tolerated: a buyer decides
    primary key (receipt_id, line_id),
    check (accepted + over = received - damaged)
);

-- What of each line of an order was sent and came: of the rows, never kept beside them.
create function delivered(about text) returns jsonb language sql stable as $$
    select jsonb_object_agg(line_id, jsonb_build_object('shipped', shipped, 'received', received, 'accepted', accepted))
      from (select line_id, sum(shipped) as shipped, sum(received) as received, sum(accepted) as accepted
              from (select line_id, quantity as shipped, 0 as received, 0 as accepted
                      from shipping_notice join shipping_notice_line using (asn_id)
                     where po_id = about and state <> 'cancelled'
                    union all
                    select line_id, 0, received, accepted
                      from goods_receipt join goods_receipt_line using (receipt_id) where po_id = about) each
             group by line_id) told
$$;

-- A supplier's partner is told of its orders what it may see: nothing before one was issued, and never a draft.
create function told_of_order(about text, kind text) returns text language sql stable as $$
    select s.partner_id from purchase_order o join supplier s using (supplier_id)
     where o.po_id = about and o.issued_revision is not null
       and kind in ('com.omnigate.purchase_order.issued.v1', 'com.omnigate.purchase_order.confirmed.v1',
                    'com.omnigate.purchase_order.change_proposed.v1', 'com.omnigate.purchase_order.declined.v1',
                    'com.omnigate.purchase_order.cancelled.v1', 'com.omnigate.purchase_order.shipping_announced.v1',
                    'com.omnigate.purchase_order.shipping_arrived.v1',
                    'com.omnigate.purchase_order.shipping_cancelled.v1',
                    'com.omnigate.purchase_order.goods_received.v1')
$$;

create or replace function record_event(
    new_id text, about text, kind text, moment timestamptz, trace text, facts jsonb) returns void
language sql as $$
    insert into event (event_id, subject, sequence, type, occurred_at, trace_id, data, told_to)
    select new_id, about, coalesce(max(sequence), 0) + 1, kind, moment, trace, facts,
           coalesce(owner_of(about), told_of_order(about, kind))
      from event where subject = about
$$;

insert into exception_class (class, owner, severity, due_in) values
    ('suppliers/over_receipt', 'buyer', 'medium', '8 hours');
