-- An invoice of a supplier that is not active is not posted before somebody lets it pass; what is left to a worker is marked.

alter table supplier_invoice
    add column if not exists released    boolean not null default false,   -- somebody lets it pass whatever its supplier is
    add column if not exists match_again text;                             -- by a worker, and the cause; null: by nobody

alter table invoice_match drop constraint if exists invoice_match_cause_check;
alter table invoice_match add constraint invoice_match_cause_check check (cause in
    ('intake', 'release', 'receipt', 'rejection', 'grace', 'reinstatement'));

insert into exception_class (class, owner, severity, due_in) values
    ('suppliers/supplier_not_active', 'accounts_payable', 'medium', '24 hours')
    on conflict do nothing;

-- As before, and when it is held after it was something else.
create or replace function told_of_invoice(about text, kind text) returns text language sql stable as $$
    select s.partner_id from supplier_invoice i join supplier s using (supplier_id)
     where i.invoice_id = about
       and kind in ('com.omnigate.supplier_invoice.received.v1', 'com.omnigate.supplier_invoice.held.v1',
                    'com.omnigate.supplier_invoice.waiting.v1', 'com.omnigate.supplier_invoice.exception.v1',
                    'com.omnigate.supplier_invoice.disputed.v1', 'com.omnigate.supplier_invoice.approved.v1',
                    'com.omnigate.supplier_invoice.posted.v1', 'com.omnigate.supplier_invoice.rejected.v1')
$$;

-- Outside of a transaction:
drop index concurrently if exists supplier_invoice_held;
create index concurrently supplier_invoice_held on supplier_invoice (place) where state = 'held';
drop index concurrently if exists supplier_invoice_to_match;
create index concurrently supplier_invoice_to_match on supplier_invoice (place) where match_again is not null
