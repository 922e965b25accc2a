-- Operators as callers, and what waits for them: every exception a row, those of parked workflows kept by the database.

create table operator (
    operator_id        text primary key,
    client_id          text not null unique,
    secret_hash        bytea not null,              -- as a partner's: SHA-256 of 256 random bits
    older_secret_hash  bytea,
    older_secret_until timestamptz,
    roles              text[] not null check (cardinality(roles) > 0),
    status             text not null default 'active' check (status in ('active', 'suspended')),
    created_at         timestamptz not null default clock_timestamp(),
    updated_at         timestamptz not null default clock_timestamp(),
    constraint operator_older_secret_ends check ((older_secret_hash is null) = (older_secret_until is null))
);

-- Whose work an exception of a class is, how bad it is, and how long it may wait.
create table exception_class (
    class    text primary key check (class ~ '^[a-z_]+/[a-z_]+$'),
    owner    text not null,                         -- a role
    severity text not null check (severity in ('low', 'medium', 'high', 'critical')),
    due_in   interval not null
);
insert into exception_class (class, owner, severity, due_in) values
    ('payment/capture_failed',       'finance',              'critical', '1 hour'),
    ('payment/refund_unknown',       'finance',              'critical', '1 hour'),
    ('finance/posting_rejected',     'finance',              'high',     '4 hours'),
    ('fulfilment/cancel_race',       'support',              'critical', '30 minutes'),
    ('fulfilment/node_reject',       'support',              'high',     '2 hours'),
    ('fulfilment/lost',              'support',              'high',     '2 hours'),
    ('inventory/no_stock',           'inventory_controller', 'high',     '4 hours'),
    ('inventory/divergence',         'inventory_controller', 'high',     '4 hours'),
    ('inventory/phantom_reservation', 'inventory_controller', 'high',    '4 hours'),
    ('inventory/adjustment_pending', 'inventory_controller', 'medium',   '8 hours'),
    ('inventory/snapshot_quarantined', 'inventory_controller', 'high',   '2 hours'),
    ('integration/timeout',          'support',              'high',     '1 hour'),
    ('integration/duplicate',        'support',              'high',     '1 hour'),
    ('integration/schema_change',    'platform',             'high',     '1 hour'),
    ('integration/outage',           'platform',             'high',     '1 hour'),
    ('integration/unclassified',     'platform',             'medium',   '4 hours');

-- What a parked workflow's cause means. The step decides where it says more than the code alone.
create table exception_cause (
    code  text not null,
    step  text not null default '',                 -- '': whichever it hangs on
    class text not null references exception_class,
    primary key (code, step)
);
insert into exception_cause (code, step, class) values
    ('duplicate_effect',        '',                  'integration/duplicate'),
    ('outcome_unknown',         '',                  'integration/timeout'),
    ('deadline_passed',         '',                  'integration/timeout'),
    ('attempts_exhausted',      '',                  'integration/outage'),
    ('saga_changed',            '',                  'integration/schema_change'),
    ('refused_after_pivot',     '',                  'finance/posting_rejected'),
    ('refused_after_pivot',     'take_money',        'payment/capture_failed'),
    ('undo_refused',            '',                  'fulfilment/cancel_race'),
    ('undo_refused',            'undo:hold_money',   'payment/refund_unknown'),
    ('undo_refused',            'undo:book_in_erp',  'finance/posting_rejected'),
    ('cannot_be_undone',        '',                  'integration/unclassified'),
    ('shipment_missing',        '',                  'fulfilment/lost'),
    ('cancelled_by_warehouse',  '',                  'fulfilment/node_reject'),
    ('shipped_after_cancelled', '',                  'fulfilment/cancel_race'),
    ('shipped_after_rejected',  '',                  'fulfilment/cancel_race');

create table exception (
    exception_id text primary key,
    class        text not null,
    code         text not null,                     -- the cause
    subject      text not null,                     -- the id of the run or resource it is about
    workflow     boolean not null default false,    -- about a run: resolved when that leaves the parking place
    owner        text not null,
    severity     text not null,
    state        text not null check (state in ('open', 'resolved')),
    opened_at    timestamptz not null,
    due_at       timestamptz not null,
    evidence     jsonb not null,                    -- what is known, without personal data
    actions      text[] not null,                   -- what an operator may do about it
    occurrences  integer not null default 1,
    resolved_at  timestamptz,
    resolution   jsonb,                             -- who did what, and what they saw
    version      integer not null default 1,
    constraint exception_resolved check ((state = 'resolved') = (resolved_at is not null))
);
create unique index exception_open on exception (class, code, subject) where state = 'open';
create index exception_due on exception (state, due_at, exception_id);
create index exception_of_cause on exception (class, code, due_at, exception_id) where state = 'open';
create index exception_all on exception (due_at, exception_id);
create index exception_of_subject on exception (subject, due_at, exception_id);

create function exception_terms(kind text) returns exception_class
language sql stable as $$
    select * from exception_class where class in (kind, 'integration/unclassified') order by class = kind desc limit 1
$$;

-- Opens one, or counts the open one of the same class, code and subject up. True: it is new.
create function open_exception(
    new_id text, kind text, cause text, about text, seen jsonb, offered text[], moment timestamptz) returns boolean
language sql as $$
    insert into exception as x (exception_id, class, code, subject, owner, severity, state, opened_at, due_at, evidence,
                                actions)
    select new_id, kind, cause, about, t.owner, t.severity, 'open', moment, moment + t.due_in, seen, offered
      from exception_terms(kind) t
        on conflict (class, code, subject) where state = 'open' do update
       set occurrences = x.occurrences + 1, evidence = excluded.evidence, actions = excluded.actions,
           version = x.version + 1
    returning occurrences = 1
$$;

-- What may be done about a parked run: nothing but giving it up once it has ended, and no undoing once goods have left.
create function actions_on(parked run) returns text[]
language sql stable as $$
    select case
        when parked.outcome is not null then array['abandon']
        when parked.cause ->> 'code' = 'saga_changed' then array['retry']
        when parked.direction = 'backward' then array['retry', 'resolve']
        when exists (select from signal s where s.run_id = parked.run_id and s.kind = 'shipped')
            then array['retry', 'resolve', 'abandon']
        else array['retry', 'resolve', 'compensate', 'abandon'] end
$$;

create function open_parked(parked run) returns void
language sql as $$
    insert into exception as x (exception_id, class, code, subject, workflow, owner, severity, state, opened_at, due_at,
                                evidence, actions)
    select 'xcp_' || substr(parked.run_id, 5), t.class, coalesce(parked.cause ->> 'code', 'unknown'), parked.run_id, true,
           t.owner, t.severity, 'open', parked.updated_at, parked.updated_at + t.due_in,
           jsonb_strip_nulls(coalesce(parked.cause, '{}') - 'code' || jsonb_build_object(
               'saga', parked.saga || '.v' || parked.version, 'direction', parked.direction,
               'outcome', parked.outcome)),
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

create function run_is_parked() returns trigger language plpgsql as $$
begin
    perform open_parked(new);
    return null;
end
$$;

create function run_goes_on() returns trigger language plpgsql as $$
begin
    update exception x
       set state = 'resolved', resolved_at = new.updated_at, version = x.version + 1,
           resolution = jsonb_strip_nulls(jsonb_build_object('run', new.state, 'outcome', new.outcome))
     where x.exception_id = 'xcp_' || substr(new.run_id, 5) and x.state = 'open';
    return null;
end
$$;

create trigger run_begins_parked after insert on run for each row when (new.state = 'parked')
    execute function run_is_parked();
create trigger run_is_parked after update on run for each row
    when (new.state = 'parked' and (old.state <> 'parked' or old.cause is distinct from new.cause))
    execute function run_is_parked();
create trigger run_goes_on after update on run for each row when (old.state = 'parked' and new.state <> 'parked')
    execute function run_goes_on();

select open_parked(r) from run r where r.state = 'parked';
