-- A supplier's partner follows its invoices, too: where each stands, which it may read, and nothing of how it was compared.

-- Only what the contract of events names: another type would stop the feed.
create or replace function told_of_invoice(about text, kind text) returns text language sql stable as $$
    select s.partner_id from supplier_invoice i join supplier s using (supplier_id)
     where i.invoice_id = about
       and kind in ('com.omnigate.supplier_invoice.received.v1', 'com.omnigate.supplier_invoice.waiting.v1',
                    'com.omnigate.supplier_invoice.exception.v1', 'com.omnigate.supplier_invoice.disputed.v1',
                    'com.omnigate.supplier_invoice.approved.v1', 'com.omnigate.supplier_invoice.posted.v1',
                    'com.omnigate.supplier_invoice.rejected.v1')
$$;

-- What was told to nobody before stays so: a cursor that is past it would never meet it.
create or replace function record_event(
    new_id text, about text, kind text, moment timestamptz, trace text, facts jsonb) returns void
language sql as $$
    insert into event (event_id, subject, sequence, type, occurred_at, trace_id, data, told_to)
    select new_id, about, coalesce(max(sequence), 0) + 1, kind, moment, trace, facts,
           coalesce(owner_of(about), told_of_order(about, kind), told_of_invoice(about, kind))
      from event where subject = about
$$;
