-- Inventory: nodes, sources and what they say of each position, reservations with holders, and a ledger of every change.
-- Workers and `inventory sync` of the version before have to be stopped while this is applied; edges may go on.

create table node (
    node_id    text primary key,
    type       text not null check (type in ('dc', 'store', '3pl', 'supplier')),
    name       text not null,
    status     text not null default 'active' check (status in ('active', 'paused', 'closed')),
    priority   integer not null default 100,        -- pooled demand is taken from the smallest first
    source_id  text not null default 'manual',      -- whose word counts here: the truth; others are witnesses
    document   jsonb not null default '{}',         -- time zone, region, GLN, calendar, cut-offs, capacity, capabilities, cost
    version    integer not null default 1,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp()
);

-- Who reports stock. `physical`: counts what lies there. `net_of_orders`: has the orders it knows of subtracted already.
create table stock_source (
    source_id  text primary key,
    partner_id text references partner,             -- who may feed it; null: a back end of ours, or operators
    semantics  text not null check (semantics in ('physical', 'net_of_orders')),
    every      integer not null default 86400 check (every > 0),  -- seconds between its reports; older is stale
    speaks_of  text[],                              -- nodes; null: every one
    version    integer not null default 1,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp()
);
insert into stock_source (source_id, semantics) values ('manual', 'physical'), ('wms', 'physical');
alter table node add foreign key (source_id) references stock_source;
insert into node (node_id, type, name, source_id, document)
values ('main', 'dc', 'The warehouse', 'wms', '{"timezone": "UTC"}');

-- What is sellable of a SKU in one condition at one node: the truth's word, less what is promised or kept back.
create sequence stock_version;
alter table stock_position
    add column node_id         text not null default 'main' references node,
    add column condition       text not null default 'new' check (condition in ('new', 'open_box', 'refurbished', 'damaged')),
    add column damaged         integer not null default 0 check (damaged >= 0),
    add column quality_control integer not null default 0 check (quality_control >= 0),
    add column hold            integer not null default 0 check (hold >= 0),
    add column display         integer not null default 0 check (display >= 0),
    add column safety_stock    integer not null default 0 check (safety_stock >= 0),
    add column reserved_soft   integer not null default 0 check (reserved_soft >= 0),
    add column withheld        integer not null default 0 check (withheld >= 0),  -- while sources disagree
    add column backordered     integer not null default 0 check (backordered >= 0),
    add column confidence      text not null default 'high' check (confidence in ('high', 'medium', 'low')),
    add column counted_at      timestamptz,         -- when somebody last counted, rather than computed
    add column cause           text not null default 'report',  -- of the last change: report | delta | reservation | …
    alter column version type bigint,
    alter column version set default 0,
    drop constraint stock_position_pkey,
    add primary key (sku, node_id, condition),
    add column available integer generated always as
        (on_hand - damaged - quality_control - hold - display - safety_stock - reserved - reserved_soft - withheld) stored;
create index stock_position_of_node on stock_position (node_id, sku, condition);

-- What each source says: its number at `as_of`, and what it told of since. The truth's view makes the position.
create table stock_view (
    source_id text not null references stock_source,
    sku       text not null,
    node_id   text not null,
    condition text not null default 'new',
    quantity  integer not null,                     -- as it was at as_of
    moved     integer not null default 0,           -- sum of its deltas after as_of, our own orders' left out
    as_of     timestamptz not null,                 -- the epoch: it has never counted
    buckets_as_of timestamptz,                      -- when it last said what is unavailable; null: never
    told_at   timestamptz,                          -- of its newest delta; with as_of: how far its word goes
    sequence  bigint,                               -- of its last delta
    gap       boolean not null default false,       -- a delta is missing since as_of
    primary key (sku, node_id, condition, source_id)
);
insert into stock_view (source_id, sku, node_id, condition, quantity, as_of)
select 'wms', sku, node_id, condition, on_hand, as_of from stock_position;
alter table stock_position drop column as_of;       -- of the numbers: the truth's view has it

create table stock_delta (
    source_id       text not null,
    source_event_id text not null,                  -- the source's id of the fact: the same one twice is one
    sku             text not null,
    node_id         text not null,
    condition       text not null,
    bucket          text not null default 'on_hand',
    delta           integer not null,
    reason          text not null,
    reference       text,                           -- the document: an order of ours is not applied a second time
    sequence        bigint,
    occurred_at     timestamptz not null,
    received_at     timestamptz not null,
    outcome         text not null,                  -- applied | late | ours | noted (a witness's word on buckets)
    applies         integer not null,               -- what of it no order of ours explains
    primary key (source_id, source_event_id)
);
create index stock_delta_of_order on stock_delta (reference, source_id) where outcome = 'ours';
create index stock_delta_of_position on stock_delta (sku, node_id, condition, source_id, occurred_at);

-- Where a witness and the truth disagree by more than is tolerated: meanwhile the least of all numbers counts.
create table stock_divergence (
    sku         text not null,
    node_id     text not null,
    condition   text not null,
    source_id   text not null references stock_source,  -- the witness
    difference  integer not null check (difference <> 0),  -- the truth's available less the witness's
    kind        text not null check (kind in ('timing', 'missing', 'duplicate', 'semantics', 'pack', 'shrink')),
    raised      boolean not null default false,     -- an exception stands open for it
    reports     integer not null default 1,         -- that did not clear it
    truth_as_of timestamptz not null,
    told_at     timestamptz not null,               -- the witness's last word
    since       timestamptz not null,
    primary key (sku, node_id, condition, source_id)
);

-- Expected goods.
create table stock_inbound (
    document      text not null,
    document_line text not null,
    sku           text not null,
    node_id       text not null references node,
    quantity      integer not null check (quantity >= 0),
    eta           timestamptz not null,
    confidence    numeric(3, 2) not null check (confidence between 0 and 1),
    source_id     text not null references stock_source,
    updated_at    timestamptz not null,
    primary key (source_id, document, document_line)
);
create index stock_inbound_of_position on stock_inbound (sku, node_id, eta) where quantity > 0;

-- What is promised, and to whom. Soft ones end by themselves; their end is judged by the clock whenever they matter.
alter table reservation rename to reservation_before;
alter index reservation_pkey rename to reservation_before_pkey;
create table reservation (
    reservation_id text primary key,
    kind           text not null check (kind in ('soft', 'firm', 'pinned')),
    holder_type    text not null check (holder_type in ('cart', 'order', 'quote', 'transfer')),
    holder_id      text not null,
    attempt        integer not null default 1,
    partner_id     text references partner,         -- null: ours, for an order under way
    state          text not null check (state in ('active', 'consumed', 'released', 'expired')),
    expires_at     timestamptz,
    version        integer not null default 1,
    content_hash   bytea,                           -- of what was asked for, as for orders
    receipt        bytea,
    created_at     timestamptz not null,
    updated_at     timestamptz not null,
    constraint reservation_expires check ((kind = 'soft') = (expires_at is not null)),
    constraint reservation_natural_key unique nulls not distinct (partner_id, holder_type, holder_id, attempt)
);
create index reservation_of_partner on reservation (partner_id, reservation_id desc);
create index reservation_of_holder on reservation (holder_type, holder_id);
create index reservation_due on reservation (expires_at) where state = 'active' and expires_at is not null;
create index reservation_active on reservation (reservation_id) where state = 'active';

create table reservation_line (
    reservation_id text not null references reservation,
    number         integer not null,                -- a line asked for may be taken from several nodes
    line_id        text not null,
    sku            text not null,
    node_id        text not null,
    condition      text not null default 'new',
    quantity       integer not null check (quantity > 0),
    consumed       integer not null default 0 check (consumed >= 0),
    released       integer not null default 0 check (released >= 0),
    open           integer generated always as (quantity - consumed - released) stored check (open >= 0),
    expires_at     timestamptz,                     -- of a soft one
    acknowledged   jsonb not null default '{}',     -- source -> since when its own number contains the demand
    settled        boolean not null default false,  -- nothing is open, and every view contains what left
    primary key (reservation_id, number)
);
create index reservation_line_claims on reservation_line (sku, node_id, condition) where not settled;
create index reservation_line_expiry on reservation_line (sku, node_id, condition, expires_at)
    where expires_at is not null and open > 0;
create index reservation_line_due on reservation_line (expires_at) where expires_at is not null and open > 0;

-- Goods that left for a reservation: a claim on each source until its number is of a later moment.
create table stock_outflow (
    outflow_id     text primary key,
    reservation_id text not null,
    number         integer not null,
    sku            text not null,
    node_id        text not null,
    condition      text not null,
    quantity       integer not null check (quantity > 0),
    occurred_at    timestamptz not null,
    foreign key (reservation_id, number) references reservation_line
);
create index stock_outflow_of_line on stock_outflow (reservation_id, number);
create index stock_outflow_of_position on stock_outflow (sku, node_id, condition, occurred_at);

insert into reservation (reservation_id, kind, holder_type, holder_id, state, created_at, updated_at)
select 'rsv_' || substr(b.order_id, 5), 'firm', 'order', b.order_id,
       case when bool_or(b.state = 'active') then 'active' when bool_or(b.state in ('shipped', 'absorbed')) then 'consumed'
            else 'released' end,
       coalesce(min(o.received_at), clock_timestamp()), clock_timestamp()
  from reservation_before b left join orders o using (order_id) group by b.order_id;
insert into reservation_line (reservation_id, number, line_id, sku, node_id, quantity, consumed, released, settled)
select 'rsv_' || substr(order_id, 5), row_number() over (partition by order_id order by sku collate "C"), sku, sku, 'main',
       quantity, case when state in ('shipped', 'absorbed') then quantity else 0 end,
       case when state = 'released' then quantity else 0 end, state in ('absorbed', 'released')
  from reservation_before;
insert into stock_outflow (outflow_id, reservation_id, number, sku, node_id, condition, quantity, occurred_at)
select 'out_' || substr(l.reservation_id, 5) || '_' || l.number, l.reservation_id, l.number, l.sku, 'main', 'new', l.quantity,
       coalesce(b.absorbed_at, clock_timestamp())
  from reservation_line l join reservation_before b on 'rsv_' || substr(b.order_id, 5) = l.reservation_id and b.sku = l.sku
 where b.state in ('shipped', 'absorbed');
drop table reservation_before;

-- Corrections by people; append-only: what was wrong is reversed by another one.
create table stock_adjustment (
    adjustment_id text primary key,
    account       text not null,                    -- who asked, and under which number of theirs
    reference     text not null,
    sku           text not null,
    node_id       text not null references node,
    condition     text not null,
    bucket        text not null,
    delta         integer not null,                 -- none: counted, and found as it should be
    reason        text not null,
    document_ref  text,
    counted       integer,                          -- what they counted, of a cycle count
    expected      integer,                          -- what was there when they looked
    cost          bigint,                           -- minor units a piece
    currency      text,
    state         text not null check (state in ('pending_approval', 'applied', 'rejected', 'reversed')),
    reverses      text references stock_adjustment,
    requested_by  text not null,
    decided_by    text,
    occurred_at   timestamptz not null,
    created_at    timestamptz not null,
    decided_at    timestamptz,
    constraint stock_adjustment_natural_key unique (account, reference),
    constraint stock_adjustment_delta check (delta <> 0 or reason = 'cycle_count')
);
create index stock_adjustment_reversal on stock_adjustment (reverses) where reverses is not null;
create index stock_adjustment_of_position on stock_adjustment (sku, node_id, adjustment_id desc);

-- Whole numbers of one moment, in pieces: staged, counted, checked, then taken over a batch at a time.
create table stock_snapshot (
    snapshot_id text primary key,
    source_id   text not null references stock_source,
    reference   text not null,                      -- the source's own id of it
    scope       text not null check (scope in ('full', 'partial')),
    nodes       text[] not null,                    -- which a full one speaks for
    as_of       timestamptz not null,
    rows        integer not null check (rows >= 0), -- as announced
    state       text not null check (state in ('open', 'applying', 'applied', 'quarantined', 'superseded', 'abandoned')),
    staged      integer not null default 0,
    applied     integer not null default 0,
    changed     integer not null default 0,
    faulty      integer not null default 0,
    cursor      text,                               -- how far it has been applied
    holder      text,
    held_until  timestamptz not null default '-infinity',
    reason      jsonb,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    constraint stock_snapshot_natural_key unique (source_id, reference)
);
create index stock_snapshot_due on stock_snapshot (created_at) where state = 'applying';

create table stock_snapshot_chunk (
    snapshot_id text not null references stock_snapshot,
    number      integer not null,
    fingerprint bytea not null,                     -- SHA-256 of the raw bytes
    lines       integer not null,
    faults      jsonb not null default '[]',        -- line numbers and why
    received_at timestamptz not null,
    primary key (snapshot_id, number)
);

create table stock_snapshot_row (
    snapshot_id text not null,
    sku         text not null,
    node_id     text not null,
    condition   text not null,
    chunk       integer not null,
    line        integer not null,
    on_hand     integer not null,
    unavailable jsonb,                              -- bucket -> quantity, if it says
    gtin        text,
    primary key (snapshot_id, sku, node_id, condition)
);

-- How far the daily audit has come: of reservations against their holders, then of counters against what is written.
create table stock_audit (
    part    text primary key check (part in ('reservations', 'positions')),
    after   text[],                                 -- the last key that was looked at; null: none of this round
    next_at timestamptz not null default '-infinity'
);
insert into stock_audit (part) values ('reservations'), ('positions');

-- The ledger of positions: one row a change, written by the database itself so that none is without.
create table stock_change (
    position_version bigint primary key,
    xact             xid8 not null default pg_current_xact_id(),
    sku              text not null,
    node_id          text not null,
    condition        text not null,
    cause            text not null,
    on_hand          integer not null,
    unavailable      integer not null,
    safety_stock     integer not null,
    reserved         integer not null,
    reserved_soft    integer not null,
    withheld         integer not null,
    available        integer not null,
    confidence       text not null,
    changed_at       timestamptz not null default clock_timestamp()
);
create index stock_change_in_order on stock_change (xact, position_version);
create index stock_change_expiry on stock_change (changed_at);

create function stock_numbered() returns trigger language plpgsql as $$
begin
    new.version := nextval('stock_version');
    return new;
end
$$;
create trigger stock_numbered before insert or update on stock_position for each row execute function stock_numbered();

create function stock_written() returns trigger language plpgsql as $$
begin
    insert into stock_change (position_version, sku, node_id, condition, cause, on_hand, unavailable, safety_stock,
                              reserved, reserved_soft, withheld, available, confidence)
    select version, sku, node_id, condition, cause, on_hand, damaged + quality_control + hold + display, safety_stock,
           reserved, reserved_soft, withheld, available, confidence
      from changed where cause <> 'made';
    return null;
end
$$;
create trigger stock_inserted after insert on stock_position
    referencing new table as changed for each statement execute function stock_written();
create trigger stock_updated after update on stock_position
    referencing new table as changed for each statement execute function stock_written();
update stock_position set cause = 'report';

-- Positions that sources are about to speak of, in the order in which positions are locked. An empty one is no change
-- yet: the first number is.
create function make_stock(skus text[], nodes text[], conditions text[]) returns void
language sql as $$
    insert into stock_position (sku, node_id, condition, on_hand, cause)
    select distinct sku collate "C", node_id collate "C", condition collate "C", 0, 'made'
      from unnest(skus, nodes, conditions) as told (sku, node_id, condition) order by 1, 2, 3
        on conflict do nothing
$$;

-- Everyone who changes stock locks positions first, in the order of code points whatever the database's collation, so
-- that no two deadlock, and then sees them without the soft claims that are over. Statements after this one have a
-- snapshot that shows what those did for whom it waited.
create function lock_stock(skus text[], nodes text[]) returns void
language plpgsql as $$
begin
    perform from stock_position p
       join (select distinct * from unnest(skus, nodes) as asked (sku, node_id)) a using (sku, node_id)
      order by p.sku collate "C", p.node_id collate "C", p.condition collate "C" for no key update of p;
    perform end_soft(skus, nodes);
end
$$;

-- Gives back what soft reservations held at these positions, once their time is over. The caller has locked them.
create function end_soft(skus text[], nodes text[]) returns void
language sql as $$
    with over as (
        select l.reservation_id, l.number, l.sku, l.node_id, l.condition, l.open from reservation_line l
         where (l.sku, l.node_id) in (select * from unnest(skus, nodes)) and l.open > 0
           and l.expires_at <= clock_timestamp()
    ), ended as (
        update reservation_line l set released = l.released + over.open, settled = l.consumed = 0
          from over where l.reservation_id = over.reservation_id and l.number = over.number
    ), freed as (select sku, node_id, condition, sum(open) as open from over group by sku, node_id, condition)
    update stock_position p set reserved_soft = p.reserved_soft - freed.open, cause = 'expiry'
      from freed where p.sku = freed.sku and p.node_id = freed.node_id and p.condition = freed.condition
$$;

-- Does what a source said at *as_of* contain a demand already? A physical count does once the goods have left (*left_at*;
-- null: they are still there), a net one once the source had taken the order in. In the same instant: who knows, so no.
create function contains(semantics text, as_of timestamptz, left_at timestamptz, taken_in timestamptz) returns boolean
language sql immutable as $$
    select coalesce(case semantics when 'physical' then left_at < as_of else taken_in < as_of end, false)
$$;

-- Does a fact of *occurred_at* come on top of what was counted at *as_of*? In the same instant: who knows, so only if it
-- takes something away.
create function comes_after(delta integer, occurred_at timestamptz, as_of timestamptz) returns boolean
language sql immutable as $$
    select occurred_at > as_of or delta < 0 and occurred_at = as_of
$$;

-- Is a fact missing among those that a source has numbered, as far as its count does not cover it?
create function has_gap(source text, sku text, node text, condition text, as_of timestamptz) returns boolean
language sql stable as $$
    with told as (
        select d.sequence, d.occurred_at from stock_delta d
         where d.sku = has_gap.sku and d.node_id = node and d.condition = has_gap.condition and d.source_id = source
           and d.sequence is not null
    )
    select coalesce(max(sequence) - min(sequence) + 1 > count(distinct sequence), false) from told
     where sequence >= coalesce((select max(sequence) from told where occurred_at <= has_gap.as_of), 0)
$$;

-- What of firm demand each view of these positions does not contain yet, and so has to be subtracted from its number.
create function stock_claims(skus text[], nodes text[])
returns table (source_id text, sku text, node_id text, condition text, claims integer)
language sql stable as $$
    select v.source_id, v.sku, v.node_id, v.condition, coalesce(sum(d.quantity) filter (
               where not contains(s.semantics, v.as_of, d.left_at, (d.acknowledged ->> v.source_id)::timestamptz)), 0)
      from stock_view v
      join stock_source s using (source_id)
      left join lateral (
          select l.open as quantity, null::timestamptz as left_at, l.acknowledged from reservation_line l
           where l.sku = v.sku and l.node_id = v.node_id and l.condition = v.condition and not l.settled
             and l.expires_at is null
          union all
          select o.quantity, o.occurred_at, l.acknowledged from reservation_line l
            join stock_outflow o using (reservation_id, number)
           where l.sku = v.sku and l.node_id = v.node_id and l.condition = v.condition and not l.settled
      ) d on true
     where (v.sku, v.node_id) in (select * from unnest(skus, nodes))
     group by v.source_id, v.sku, v.node_id, v.condition
$$;

-- The positions as their truth says, once its view has changed; what is not different is not touched. They exist.
create function derive_stock(skus text[], nodes text[], why text default 'report') returns integer
language plpgsql as $$
declare changed integer;
begin
    with said as (
        select v.sku, v.node_id, v.condition, v.quantity + v.moved as on_hand, c.claims,
               greatest(0, coalesce(d.most, 0)) as withheld,
               case when d.most is not null then 'low' when v.gap then 'medium' else 'high' end as confidence
          from stock_view v join node n on n.node_id = v.node_id and n.source_id = v.source_id
          join stock_claims(skus, nodes) c
            on (c.source_id, c.sku, c.node_id, c.condition) = (v.source_id, v.sku, v.node_id, v.condition)
          left join lateral (select max(d.difference) as most from stock_divergence d
                              where d.sku = v.sku and d.node_id = v.node_id and d.condition = v.condition) d on true
    ), written as (
        update stock_position p
           set on_hand = said.on_hand, reserved = said.claims, withheld = said.withheld, confidence = said.confidence,
               cause = why
          from said
         where p.sku = said.sku and p.node_id = said.node_id and p.condition = said.condition
           and ((p.on_hand, p.reserved, p.withheld, p.confidence) is distinct from
                (said.on_hand, said.claims, said.withheld, said.confidence) or p.cause = 'made')
        returning 1
    ) select count(*) from written into changed;
    update reservation_line l set settled = true
     where (l.sku, l.node_id) in (select * from unnest(skus, nodes)) and not l.settled and l.open = 0
       and not exists (
           select from stock_view v join stock_source s using (source_id)
             join stock_outflow o on o.reservation_id = l.reservation_id and o.number = l.number
            where v.sku = l.sku and v.node_id = l.node_id and v.condition = l.condition
              and not contains(s.semantics, v.as_of, o.occurred_at, (l.acknowledged ->> v.source_id)::timestamptz));
    return changed;
end
$$;
