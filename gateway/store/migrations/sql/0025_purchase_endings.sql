-- An order that was agreed to ends before all of it has come; and what a supplier answers otherwise is told inside.

alter table purchase_order drop constraint if exists purchase_order_state_check;
alter table purchase_order add constraint purchase_order_state_check check (state in
    ('draft', 'submitted', 'issued', 'confirmed', 'change_proposed', 'declined', 'cancelled', 'closed'));

-- Of an order that was agreed to and is ended: supplier and ERP are told by a run of its own.
create table purchase_ending (
    ending_id   text primary key,                   -- pen_…; also its run's
    purchase_id text not null unique references purchase,
    state       text not null check (state in ('begun', 'ended')),
    created_at  timestamptz not null,
    updated_at  timestamptz not null
);

alter table invoice_match drop constraint if exists invoice_match_cause_check;
alter table invoice_match add constraint invoice_match_cause_check check (cause in
    ('intake', 'release', 'receipt', 'rejection', 'grace', 'reinstatement', 'cancellation'));
alter table supplier_invoice add column if not exists paused_until timestamptz;  -- comparing it failed: not before this

insert into exception_class (class, owner, severity, due_in) values
    ('suppliers/answered_otherwise', 'buyer', 'medium', '8 hours');
insert into exception_cause (code, step, class) values
    ('refused_after_pivot', 'withdraw_order',  'suppliers/too_late'),
    ('refused_after_pivot', 'cancel_purchase', 'suppliers/too_late');

-- As before; the ending of a purchase has no way back, either.
create or replace function actions_on(parked run) returns text[]
language sql stable as $$
    select case
        when parked.outcome is not null then array['abandon']
        when parked.cause ->> 'code' = 'saga_changed' then array['retry']
        when parked.direction = 'backward' then array['retry', 'resolve']
        when parked.saga in ('pay_back', 'remind_supplier', 'book_receipt', 'post_invoice', 'end_purchase')
            then array['retry', 'resolve', 'abandon']
        when exists (select from signal s where s.run_id = parked.run_id and s.kind in ('shipped', 'collected'))
            then array['retry', 'resolve', 'abandon']
        else array['retry', 'resolve', 'compensate', 'abandon'] end
$$;

create or replace function bought_with(about text) returns text language sql stable as $$
    select coalesce(
        (select po_id from purchase where purchase_id = about),
        (select po_id from purchase_ending join purchase using (purchase_id) where ending_id = about),
        (select po_id from supplier_reminder join purchase using (purchase_id) where reminder_id = about),
        (select po_id from goods_receipt where receipt_id = about),
        (select po_id from surplus join goods_receipt using (receipt_id) where surplus_id = about),
        (select po_id from supplier_invoice where invoice_id = about))
$$;

-- As before; that it is closed, too.
create or replace function told_of_order(about text, kind text) returns text language sql stable as $$
    select s.partner_id from purchase_order o join supplier s using (supplier_id)
     where o.po_id = about and o.issued_revision is not null
       and kind in ('com.omnigate.purchase_order.issued.v1', 'com.omnigate.purchase_order.confirmed.v1',
                    'com.omnigate.purchase_order.change_proposed.v1', 'com.omnigate.purchase_order.declined.v1',
                    'com.omnigate.purchase_order.cancelled.v1', 'com.omnigate.purchase_order.closed.v1',
                    'com.omnigate.purchase_order.shipping_announced.v1',
                    'com.omnigate.purchase_order.shipping_arrived.v1',
                    'com.omnigate.purchase_order.shipping_cancelled.v1',
                    'com.omnigate.purchase_order.goods_received.v1',
                    'com.omnigate.purchase_order.surplus_decided.v1')
$$;

-- Those that wait for a buyer already.
select open_exception('xcp_' || substr(po_id, 4), 'suppliers/answered_otherwise', state, po_id, jsonb_build_object(
           'po_number', po_number, 'supplier_id', supplier_id, 'revision', revision), array['resolve'], updated_at)
  from purchase_order where state in ('change_proposed', 'declined');
