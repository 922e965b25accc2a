-- Money that goes back, once: each refund draws on one part's capture, and is reserved before anybody is asked for it.

create table refund (
    refund_id   text primary key,                   -- rfd_…; also its run's, whose key it begins
    order_id    text not null references orders,
    source_kind text not null check (source_kind in ('return', 'cancellation', 'goodwill')),
    source_id   text not null,                      -- what it is for: ret_…
    tranche     integer not null check (tranche > 0),
    part_id     text not null references fulfilment,    -- whose capture it is drawn from
    attempt     integer not null default 1 check (attempt > 0), -- a further one only after the provider's word that it failed
    currency    text not null,
    amount      bigint not null check (amount >= 0),
    fee         bigint not null default 0 check (fee >= 0),     -- kept of what the goods are worth
    reason      text not null,
    state       text not null check (state in
        ('pending_approval', 'approved', 'submitted', 'succeeded', 'failed', 'late_failed', 'rejected')),
    approval_id text,
    provider_ref text,                              -- the provider's id of it
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    constraint refund_natural_key unique (source_kind, source_id, tranche, part_id, attempt)
);
create index refund_of_order on refund (order_id);
create index refund_of_part on refund (part_id);

-- What a return comes to follows from its refunds, too: when they change, so does its version.
create function return_changes() returns trigger language plpgsql as $$
begin
    update returns r set version = r.version + 1, updated_at = greatest(r.updated_at, clock_timestamp())
     where r.return_id in (select source_id from changed where source_kind = 'return');
    return null;
end
$$;
create trigger refund_reserved after insert on refund referencing new table as changed
    for each statement execute function return_changes();
create trigger refund_moved after update on refund referencing new table as changed
    for each statement execute function return_changes();

create table refund_line (
    refund_id text not null references refund,
    line_id   text not null,
    sku       text not null,
    quantity  integer not null check (quantity > 0),
    net       bigint not null check (net >= 0),     -- of all its pieces together
    tax       bigint not null check (tax >= 0),
    primary key (refund_id, line_id)
);

create table credit_memo (
    memo_id    text primary key,                    -- crm_…
    refund_id  text not null unique references refund,
    total      bigint not null,
    state      text not null check (state in ('draft', 'posted', 'by_hand')),
    erp_ref    text,                                -- the ERP's id of it
    number     text,                                -- what it is called there
    updated_at timestamptz not null
);

insert into exception_class (class, owner, severity, due_in) values
    ('payment/refund_failed',  'finance', 'critical', '4 hours'),
    ('payment/refund_excess',  'finance', 'high',     '8 hours'),
    ('finance/credit_by_hand', 'finance', 'medium',   '8 hours');
insert into exception_cause (code, step, class) values
    ('refused_after_pivot', 'refund', 'payment/refund_failed'),
    ('deadline_passed',     'refund', 'payment/refund_unknown'),
    ('outcome_unknown',     'refund', 'payment/refund_unknown');

-- As before; a refund has no way back, from its first step on.
create or replace function actions_on(parked run) returns text[]
language sql stable as $$
    select case
        when parked.outcome is not null then array['abandon']
        when parked.cause ->> 'code' = 'saga_changed' then array['retry']
        when parked.direction = 'backward' then array['retry', 'resolve']
        when parked.saga = 'pay_back' then array['retry', 'resolve', 'abandon']
        when exists (select from signal s where s.run_id = parked.run_id and s.kind in ('shipped', 'collected'))
            then array['retry', 'resolve', 'abandon']
        else array['retry', 'resolve', 'compensate', 'abandon'] end
$$;
