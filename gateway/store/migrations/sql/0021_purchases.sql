-- Revisions that were issued, each carried out by a run of its own: booked in the ERP, sent to the supplier, asked after.

create table purchase (
    purchase_id  text primary key,                  -- pur_…; also its run's
    po_id        text not null,
    revision     integer not null,
    state        text not null check (state in ('open', 'confirmed', 'taken_back', 'given_up')),
    asked_at     timestamptz not null,              -- since when its supplier may answer
    escalated_at timestamptz,                       -- when a buyer was told that nobody confirms it
    trace_id     text not null,
    created_at   timestamptz not null,
    updated_at   timestamptz not null,
    unique (po_id, revision),
    foreign key (po_id, revision) references purchase_order_revision
);

-- What a supplier is asked for that has not come: each thing once a purchase, by a run of its own.
create table supplier_reminder (
    reminder_id text primary key,                   -- rmd_…; also its run's
    purchase_id text not null references purchase,
    awaited     text not null check (awaited in ('confirmation', 'shipping_notice')),
    state       text not null check (state in ('planned', 'sent')),
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    unique (purchase_id, awaited)
);

alter table supplier_invoice drop constraint if exists supplier_invoice_state_check;
alter table supplier_invoice add constraint supplier_invoice_state_check check (state in
    ('held', 'waiting', 'exception', 'disputed', 'approved', 'posted', 'rejected'));

insert into exception_class (class, owner, severity, due_in) values
    ('suppliers/not_confirmed', 'buyer', 'medium', '8 hours'),
    ('suppliers/not_ordered',   'buyer', 'high',   '4 hours'),
    ('suppliers/too_late',      'buyer', 'high',   '2 hours'),
    ('suppliers/order_by_hand', 'buyer', 'medium', '8 hours'),
    ('suppliers/post_by_hand',  'accounts_payable', 'medium', '24 hours'),
    ('suppliers/not_posted',    'accounts_payable', 'high',   '8 hours');
insert into exception_cause (code, step, class) values
    ('refused',             '',                 'integration/unclassified'),
    ('refused',             'order_goods',      'suppliers/not_ordered'),
    ('refused',             'transmit',         'suppliers/not_ordered'),
    ('refused_after_pivot', 'order_agreed',     'suppliers/not_ordered'),
    ('refused_after_pivot', 'reverse_purchase', 'suppliers/too_late'),
    ('refused_after_pivot', 'remind',           'suppliers/not_confirmed'),
    ('refused_after_pivot', 'find_purchase',    'suppliers/post_by_hand'),
    ('refused_after_pivot', 'receive_goods',    'suppliers/not_posted'),
    ('refused_after_pivot', 'post_bill',        'suppliers/not_posted'),
    ('undo_refused',        'transmit',         'suppliers/too_late'),
    ('undo_refused',        'order_goods',      'suppliers/too_late');

-- As before; a reminder, a receipt and a bill have no way back, either.
create or replace function actions_on(parked run) returns text[]
language sql stable as $$
    select case
        when parked.outcome is not null then array['abandon']
        when parked.cause ->> 'code' = 'saga_changed' then array['retry']
        when parked.direction = 'backward' then array['retry', 'resolve']
        when parked.saga in ('pay_back', 'remind_supplier', 'book_receipt', 'post_invoice')
            then array['retry', 'resolve', 'abandon']
        when exists (select from signal s where s.run_id = parked.run_id and s.kind in ('shipped', 'collected'))
            then array['retry', 'resolve', 'abandon']
        else array['retry', 'resolve', 'compensate', 'abandon'] end
$$;

create function bought_with(about text) returns text language sql stable as $$
    select coalesce(
        (select po_id from purchase where purchase_id = about),
        (select po_id from supplier_reminder join purchase using (purchase_id) where reminder_id = about),
        (select po_id from goods_receipt where receipt_id = about),
        (select po_id from supplier_invoice where invoice_id = about))
$$;

-- As before; it is told which purchase order it is about, and the reason of a refusal.
create or replace function open_parked(parked run) returns void
language sql as $$
    insert into exception as x (exception_id, class, code, subject, workflow, owner, severity, state, opened_at, due_at,
                                evidence, actions)
    select 'xcp_' || substr(parked.run_id, 5), t.class, coalesce(parked.cause ->> 'code', 'unknown'), parked.run_id, true,
           t.owner, t.severity, 'open', parked.updated_at, parked.updated_at + t.due_in,
           jsonb_strip_nulls(coalesce(parked.cause, '{}') - 'code' || jsonb_build_object(
               'saga', parked.saga || '.v' || parked.version, 'order_id', parked.parent_id, 'direction',
               parked.direction, 'outcome', parked.outcome, 'po_id', bought_with(parked.run_id), 'reason', (
                   select detail ->> 'code' from step
                    where run_id = parked.run_id and name = parked.cause ->> 'step' and state = 'rejected'))),
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
