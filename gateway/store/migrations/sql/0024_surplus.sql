-- What came beyond what was ordered and tolerated, and what a buyer decided about it: it is bought, or it goes back.

create table surplus (
    surplus_id text primary key,                    -- spl_…; of what is bought also its run's
    receipt_id text not null unique references goods_receipt,
    decision   text not null check (decision in ('accepted', 'refused')),
    decided_by text not null,                       -- an operator, who did not count it
    trace_id   text not null,
    decided_at timestamptz not null
);

-- Whoever settled one on their word before had the pieces fetched, or ordered them anew: they are not to be bought now.
insert into surplus (surplus_id, receipt_id, decision, decided_by, trace_id, decided_at)
select 'spl_' || substr(g.receipt_id, 5), g.receipt_id, 'refused', 'system', g.trace_id, clock_timestamp()
  from goods_receipt g
 where exists (select from goods_receipt_line l where l.receipt_id = g.receipt_id and l.over > 0)
   and not exists (select from exception x
                    where x.class = 'suppliers/over_receipt' and x.subject = g.po_id and x.state = 'open'
                      and x.opened_at <= g.recorded_at);
update exception set actions = array['accept', 'refuse'], version = version + 1
 where class = 'suppliers/over_receipt' and state = 'open';

-- What of each line of an order came in which receipt, and what of it is bought.
create view goods_come as
    select g.po_id, g.position, g.revision, l.line_id, l.received,
           l.accepted + case when s.decision = 'accepted' then l.over else 0 end as accepted
      from goods_receipt g join goods_receipt_line l using (receipt_id) left join surplus s using (receipt_id);

-- As before, with what was bought besides.
create or replace function delivered(about text) returns jsonb language sql stable as $$
    select jsonb_object_agg(line_id, jsonb_build_object('shipped', shipped, 'received', received, 'accepted', accepted))
      from (select line_id, sum(shipped) as shipped, sum(received) as received, sum(accepted) as accepted
              from (select line_id, quantity as shipped, 0 as received, 0 as accepted
                      from shipping_notice join shipping_notice_line using (asn_id)
                     where po_id = about and state <> 'cancelled'
                    union all
                    select line_id, 0, received, accepted from goods_come where po_id = about) each
             group by line_id) told
$$;

create or replace function bought_with(about text) returns text language sql stable as $$
    select coalesce(
        (select po_id from purchase where purchase_id = about),
        (select po_id from supplier_reminder join purchase using (purchase_id) where reminder_id = about),
        (select po_id from goods_receipt where receipt_id = about),
        (select po_id from surplus join goods_receipt using (receipt_id) where surplus_id = about),
        (select po_id from supplier_invoice where invoice_id = about))
$$;

-- As before; who delivered too many is told what becomes of them.
create or replace function told_of_order(about text, kind text) returns text language sql stable as $$
    select s.partner_id from purchase_order o join supplier s using (supplier_id)
     where o.po_id = about and o.issued_revision is not null
       and kind in ('com.omnigate.purchase_order.issued.v1', 'com.omnigate.purchase_order.confirmed.v1',
                    'com.omnigate.purchase_order.change_proposed.v1', 'com.omnigate.purchase_order.declined.v1',
                    'com.omnigate.purchase_order.cancelled.v1', 'com.omnigate.purchase_order.shipping_announced.v1',
                    'com.omnigate.purchase_order.shipping_arrived.v1',
                    'com.omnigate.purchase_order.shipping_cancelled.v1',
                    'com.omnigate.purchase_order.goods_received.v1',
                    'com.omnigate.purchase_order.surplus_decided.v1')
$$;
