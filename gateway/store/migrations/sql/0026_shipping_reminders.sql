-- A supplier is asked for shipping notices, too: by each day for which an order is confirmed, whose row waits for its time.

alter table supplier_reminder
    add column due_on      date,           -- the day the pieces are agreed for; none of confirmations
    add column told_at     timestamptz,    -- when a buyer was told that they are not announced
    add column answered_at timestamptz,    -- since when all of them are announced, or came
    drop constraint supplier_reminder_purchase_id_awaited_key,
    add constraint supplier_reminder_once unique nulls not distinct (purchase_id, awaited, due_on),
    drop constraint supplier_reminder_state_check,
    add constraint supplier_reminder_state_check check (state in ('not_due', 'planned', 'sent')),
    add check ((awaited = 'shipping_notice') = (due_on is not null));
create index supplier_reminder_open on supplier_reminder (due_on)
    where awaited = 'shipping_notice' and answered_at is null and told_at is null;

-- The days of an order as it is agreed to, and whether pieces of them are neither announced nor here; of one that is agreed
-- to no longer, nothing is missing. Of the rows.
create function unannounced(about text) returns table (due_on date, missing boolean) language sql stable as $$
    select (line ->> 'requested_date')::date,
           o.state = 'confirmed' and bool_or(greatest((told -> (line ->> 'line_id') ->> 'shipped')::bigint,
                            (told -> (line ->> 'line_id') ->> 'received')::bigint, 0) < (line ->> 'quantity')::bigint)
      from purchase_order o join purchase_order_revision r on r.po_id = o.po_id and r.revision = o.issued_revision
     cross join jsonb_array_elements(r.lines) line
     cross join delivered(o.po_id) told
     where o.po_id = about
     group by 1, o.state
$$;

insert into exception_class (class, owner, severity, due_in) values
    ('suppliers/not_announced', 'buyer', 'medium', '8 hours');
