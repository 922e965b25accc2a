-- Why an order is served from where it is: kept as it was decided, with what was known then. Names nobody.

create table sourcing_decision (
    decision_id text primary key,
    order_id    text not null references orders,
    node_id     text not null references node,      -- where it was released to
    decided_at  timestamptz not null,
    document    jsonb not null                      -- inputs, weights, plan, runner-up, who was left out and why, what turns it
);
create index sourcing_decision_of_order on sourcing_decision (order_id, decided_at);
create index sourcing_decision_of_node on sourcing_decision (node_id, decided_at);
