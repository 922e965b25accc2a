-- Orders whose goods go several ways, and what is promised of each of them.

alter table offer add column group_id text;            -- null: of an order that goes one way
alter table offer add column promise_by timestamptz;   -- until when it would be there; null: nobody said
alter table offer drop constraint offer_kind_check;
alter table offer add constraint offer_kind_check check (kind in ('other_store', 'ship_to_home', 'later'));
drop index offer_open;                                 -- at most one waits for an answer of a group, not of an order
create unique index offer_open_of_group on offer (order_id, coalesce(group_id, '')) where state = 'open';

-- Until when a delivery group is there, as far as its channel did not say it, or its customer agreed to something else.
create table delivery_promise (
    order_id text not null references orders,
    group_id text not null,
    due_at   timestamptz not null,
    source   text not null check (source in ('sourcing', 'customer')),
    made_at  timestamptz not null,
    primary key (order_id, group_id)
);
