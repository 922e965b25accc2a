-- People's yes to one content of one subject: a chain of steps, each by another person, and only one that counts at a time.

create table approval (
    approval_id   text primary key,
    kind          text not null check (kind ~ '^[a-z][a-z_]*$'),
    subject       text not null,
    content       jsonb not null,                   -- what is approved, without personal data
    content_hash  text not null check (content_hash ~ '^[0-9a-f]{64}$'),
    amount        bigint not null check (amount >= 0),
    currency      text not null,
    asked_by      text not null,
    operator      text,                             -- who acted, for themselves or for whoever asked: decides no step
    run_id        text,                             -- woken by the decision
    escalate_to   text not null,                    -- a role
    state         text not null check (state in ('pending', 'approved', 'rejected', 'superseded')),
    step          integer,                          -- the one to be decided now
    created_at    timestamptz not null,
    decided_at    timestamptz,
    superseded_at timestamptz,
    check ((state = 'pending') = (step is not null)),
    check ((state in ('approved', 'rejected')) <= (decided_at is not null)),
    check ((state = 'superseded') = (superseded_at is not null))
);
create unique index approval_that_counts on approval (kind, subject) where state in ('pending', 'approved');
create index approval_of_subject on approval (subject, kind, approval_id);
create index approval_of_state on approval (state, approval_id);

create table approval_step (
    approval_id    text not null references approval,
    number         integer not null check (number >= 0),
    role           text not null,                   -- whose it is now
    minutes        integer not null check (minutes > 0),
    passed_on_from text,                            -- the role that did not decide in time
    due_at         timestamptz,                     -- null: the step before is not decided
    verdict        text check (verdict in ('approved', 'rejected')),
    decided_by     text,
    reason         text check (char_length(reason) between 3 and 500),
    decided_at     timestamptz,
    primary key (approval_id, number),
    check (num_nulls(verdict, decided_by, reason, decided_at) in (0, 4))
);
create unique index approval_step_by_another on approval_step (approval_id, decided_by);
create index approval_step_due on approval_step (due_at) where verdict is null and passed_on_from is null;
