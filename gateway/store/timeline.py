"""The transaction's timeline, from durable records: calls and decisions, attempts, signals, facts, operators' words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.store.pool import Database


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened: when, of what kind, where (a system or an actor), what, how it ended, how long (ms)."""

    at: datetime
    kind: str  # call | attempt | signal | event | local
    where: str
    what: str
    outcome: str
    milliseconds: int | None
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    order_id: str
    channel_order_id: str
    status: str
    trace_id: str
    run_state: str
    cause: Mapping[str, Any] | None


async def find(database: Database, term: str) -> list[Found]:
    """Orders whose id, channel order id, idempotency key or trace id is *term*; newest first, at most 20."""
    async with database.connection() as connection:
        cursor = await connection.execute(_FIND, {"term": term})
        return [Found(*row) for row in await cursor.fetchall()]


_FIND = """
select o.order_id, o.channel_order_id, o.status, o.trace_id, coalesce(p.state, r.state), coalesce(p.cause, r.cause)
  from orders o join run r on r.run_id = o.order_id
  left join lateral (select state, cause from run where parent_id = r.run_id and state = 'parked' limit 1) p on true
 where o.order_id = %(term)s or o.channel_order_id = %(term)s or o.trace_id = %(term)s
    or o.order_id = (select order_id from fulfilment where fulfilment_id = %(term)s)
    or o.order_id = (select order_id from renewal where renewal_id = %(term)s)
    or o.order_id in (select resource_id from idempotency where key = %(term)s or trace_id = %(term)s)
 order by o.order_id desc limit 20
"""


async def timeline(database: Database, order_id: str) -> list[Moment]:
    """Everything that was written down about the order, in the order in which it happened."""
    async with database.connection() as connection:
        cursor = await connection.execute(_TIMELINE, {"id": order_id})
        return [Moment(*row) for row in await cursor.fetchall()]


_TIMELINE = """
with part as (
    select %(id)s as run_id, '' as name
    union all select fulfilment_id, ' (part ' || number || ')' from fulfilment where order_id = %(id)s
    union all select notice_id, ' (' || kind || ')' from notice where order_id = %(id)s
    union all select renewal_id, ' (renewal ' || number || ')' from renewal where order_id = %(id)s
)
select at, 'call', actor || ' ' || subject, action,
       coalesce((select string_agg(distinct d ->> 'rule', ', ') from jsonb_array_elements(decisions) d), ''),
       null::integer,
       jsonb_strip_nulls(facts || jsonb_build_object('request_id', request_id, 'trace_id', trace_id))
  from part join audit on resource = run_id
union all
select a.begun_at, 'attempt', s.system, a.step || ' #' || a.number || ' ' || a.call || part.name,
       coalesce(a.outcome, 'cut off'),
       (extract(epoch from a.ended_at - a.begun_at) * 1000)::integer,
       jsonb_build_object('key', s.operation_key) || coalesce(a.detail, '{}')
  from part join attempt a using (run_id) join step s on s.run_id = a.run_id and s.name = a.step
union all
select begun_at, 'local', system, step.name || part.name, state, null,
       jsonb_build_object('key', operation_key) || coalesce(detail, '{}')
  from part join step using (run_id)
 where not exists (select from attempt a where a.run_id = step.run_id and a.step = step.name)
union all
select received_at, 'signal', source, kind || part.name, case when taken_at is null then 'not taken' else 'taken' end,
       (extract(epoch from taken_at - received_at) * 1000)::integer, data || jsonb_build_object('id', signal_id)
  from part join signal using (run_id)
union all
select occurred_at, 'event', 'omnigate', type || part.name, '', null, jsonb_build_object('sequence', sequence) || data
  from part join event on subject = run_id
order by 1, 2
"""
