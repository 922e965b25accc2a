-- Why the goods of an order must not be released yet. Placed and released by people, kept for ever, never changed otherwise.

create table order_hold (
    hold_id        text primary key,
    order_id       text not null references orders,
    type           text not null check (type in
        ('fraud', 'payment', 'address', 'credit', 'inventory', 'compliance', 'manual', 'tax')),
    reason         text not null check (char_length(reason) between 3 and 500),      -- names nobody
    placed_by      text not null,
    placed_at      timestamptz not null,
    expires_at     timestamptz,                                                     -- null: until it is released
    released_by    text,
    released_at    timestamptz,
    release_reason text check (char_length(release_reason) between 3 and 500),
    check (num_nulls(released_by, released_at, release_reason) in (0, 3))
);
create index order_hold_of_order on order_hold (order_id, placed_at);
create index order_hold_open on order_hold (order_id) where released_at is null;
