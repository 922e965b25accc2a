-- Suppliers, each seen by at most one partner.

create table supplier (
    supplier_id  text primary key,                  -- sup_…
    code         text not null unique,              -- the retailer's own number for it, for ever
    content_hash bytea not null,                    -- SHA-256 of the canonical body that made it
    document     jsonb not null,                    -- that body
    name         text not null,
    partner_id   text unique references partner,    -- who acts for it; null: nobody yet
    gln          text check (gln ~ '^[0-9]{13}$'),
    currency     text not null,
    capabilities jsonb not null,
    status       text not null check (status in ('prospect', 'onboarding', 'certified', 'active', 'suspended',
                                                 'offboarded')),
    made_by      text not null,                     -- an operator, who does not approve of it
    version      integer not null default 1,
    trace_id     text not null,
    created_at   timestamptz not null,
    updated_at   timestamptz not null
);

-- What the retailer orders of them. A supplier sees the revisions that were issued, and nobody else's.
create table purchase_order (
    po_id           text primary key,               -- po_…
    po_number       text not null unique,           -- the retailer's own, for ever
    content_hash    bytea not null,                 -- SHA-256 of the canonical body that made it
    document        jsonb not null,                 -- that body
    supplier_id     text not null references supplier,
    currency        text not null,
    state           text not null check (state in ('draft', 'submitted', 'issued', 'confirmed', 'change_proposed', 'declined',
                                                 'cancelled')),
    revision        integer not null check (revision between 1 and 100),
    issued_revision integer,                        -- the one that the supplier sees; null: none yet
    made_by         text not null,
    version         integer not null default 1,
    trace_id        text not null,
    created_at      timestamptz not null,
    updated_at      timestamptz not null,
    check ((state in ('issued', 'confirmed')) <= (issued_revision is not distinct from revision))
);
create index purchase_order_of_supplier on purchase_order (supplier_id, po_id desc);

create table purchase_order_revision (
    po_id     text not null references purchase_order,
    revision  integer not null,
    lines     jsonb not null,
    total     bigint not null check (total >= 0),   -- minor units
    changes   text[] not null,                      -- pointers to what differs from the revision before
    reason    text not null,
    made_by   text not null,                        -- who submits it, and approves no step of it
    made_at   timestamptz not null,
    issued_at timestamptz,                          -- when the supplier saw it first
    primary key (po_id, revision)
);

-- What suppliers say to their orders, each word of theirs once.
create table po_confirmation (
    confirmation_id text primary key,               -- poc_…
    po_id           text not null references purchase_order,
    supplier_ref    text not null,                  -- the supplier's own number for it
    content_hash    bytea not null,
    revision        integer not null,               -- which one it is about
    lines           jsonb not null,
    outcome         text not null check (outcome in ('confirmed', 'proposed', 'declined')),
    decision        text check (decision in ('agree', 'refuse')),   -- of a buyer, about what was proposed
    told_by         text not null,
    created_at      timestamptz not null,
    unique (po_id, supplier_ref),
    check (decision is null or outcome = 'proposed')
);
create unique index po_confirmation_open on po_confirmation (po_id) where outcome = 'proposed' and decision is null;
