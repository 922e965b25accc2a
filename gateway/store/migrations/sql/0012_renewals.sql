-- Money whose hold would end before the goods leave is held anew, in a run of its own below the order's.

alter table payment add column authorisation text;      -- that is in force, once it is not the order's first
alter table payment add column held_at timestamptz;     -- since when; unknown of what was held before this was written down

create table renewal (
    renewal_id text primary key,                    -- ren_…
    order_id   text not null references orders,
    number     integer not null,                    -- of the order's tries, from 1 on
    status     text not null check (status in
        ('planned', 'cancel_requested', 'in_force', 'renewed', 'declined', 'cancelled')),
    amount     bigint not null check (amount > 0),  -- what was still to be taken, minor units
    instead_of text not null,                       -- the authorisation that ends
    until      timestamptz,                         -- when the new one ends, where its answer did not say so yet
    left_there bigint,                              -- what was left of that one when the new one came into force
    given_up   boolean not null default false,      -- declined so often that a person decides what comes next
    reason     jsonb,                               -- {code, detail}: why it was declined
    created_at timestamptz not null,
    updated_at timestamptz not null,
    unique (order_id, number)
);
-- One at a time: a second one would hold the same money a third time.
create unique index renewal_under_way on renewal (order_id) where status in ('planned', 'cancel_requested', 'in_force');

insert into exception_class (class, owner, severity, due_in) values
    ('payment/renewal_declined', 'finance', 'high', '4 hours');
insert into exception_cause (code, step, class) values
    ('renewal_declined',    '',                'payment/renewal_declined'),
    ('refused_after_pivot', 'give_back_old',   'payment/refund_unknown'),
    ('undo_refused',        'undo:hold_again', 'payment/refund_unknown');
