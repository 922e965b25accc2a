-- What suppliers bill, each number once in a year, and how it compares with what was ordered and what came.

create table supplier_invoice (
    invoice_id        text primary key,             -- inv_…
    place             bigint generated always as identity,   -- in the order's queue: which invoices were before
    supplier_id       text not null references supplier,
    po_id             text not null references purchase_order,
    invoice_number    text not null,                -- as the supplier wrote it
    normalised_number text not null,
    year              integer not null,
    content_hash      bytea not null,               -- SHA-256 of the canonical body that made it
    document          jsonb not null,               -- that body
    document_hash     text,                         -- of the picture; null: nobody says
    dated             date not null,
    currency          text not null,
    lines             jsonb not null,               -- as they are matched: each with its line of the order
    total             bigint not null,              -- minor units
    state             text not null check (state in ('held', 'waiting', 'exception', 'disputed', 'approved', 'rejected')),
    looks_like        jsonb,                        -- which invoice, by what; of one that was held
    overpaid          bigint not null default 0,    -- its share of what the order's invoices may cost too much
    arrived_on        date not null,
    due_on            date,                         -- when it is somebody's work if its goods have not come
    reason            text,                         -- whoever rejects or disputes it, to the supplier
    told_by           text not null,
    version           integer not null default 1,
    trace_id          text not null,
    created_at        timestamptz not null,
    updated_at        timestamptz not null,
    unique (supplier_id, normalised_number, year),
    check ((state = 'waiting') = (due_on is not null))
);
create index supplier_invoice_of_order on supplier_invoice (po_id, place);
create index supplier_invoice_of_supplier on supplier_invoice (supplier_id, invoice_id desc);
create index supplier_invoice_alike on supplier_invoice (supplier_id, total, dated);
create index supplier_invoice_pictured on supplier_invoice (supplier_id, document_hash) where document_hash is not null;
create index supplier_invoice_due on supplier_invoice (due_on) where state = 'waiting';

-- Every comparison, with all its sums: never changed.
create table invoice_match (
    invoice_id text not null references supplier_invoice,
    run        integer not null check (run >= 1),
    cause      text not null check (cause in ('intake', 'release', 'receipt', 'rejection', 'grace')),
    verdict    text not null,
    document   jsonb not null,
    made_at    timestamptz not null,
    primary key (invoice_id, run)
);

-- Who decides no step of an approval besides whoever asked for it.
alter table approval add column if not exists barred text[] not null default '{}';

insert into exception_class (class, owner, severity, due_in) values
    ('suppliers/duplicate_suspected', 'accounts_payable', 'high',   '8 hours'),
    ('suppliers/invoice_variance',    'accounts_payable', 'medium', '24 hours');
