"""What an order's lines are to whoever wants to send them back, and the return that is authorised for some of them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from gateway.context import Answer
from gateway.domain.eligibility import Left, Verdict, verdicts
from gateway.domain.money import Money
from gateway.domain.orders import Line, Order, order_from
from gateway.domain.returns import SAGA, SAGA_VERSION
from gateway.domain.returns_policy import ReturnRule, ReturnsPolicy
from gateway.domain.shares import Block
from gateway.domain.unit_values import line_total, portion
from gateway.store import events
from gateway.store.hands import Hand
from gateway.store.pool import Connection


@dataclass(frozen=True, slots=True)
class LineStanding:
    line: Line
    rule: ReturnRule
    verdicts: tuple[Verdict, ...]
    total: Money  # what the customer paid for the line

    def value(self, first: int, quantity: int) -> int:
        return portion(self.total, self.line.quantity, first, quantity)


@dataclass(frozen=True, slots=True)
class OrderStanding:
    order: Order
    partner_id: str
    lines: Mapping[str, LineStanding]


async def lock_order(connection: Connection, order_id: str) -> None:
    """No other return of it is asked for until the transaction ends."""
    await connection.execute("select 1 from orders where order_id = %s for no key update", (order_id,))


async def standing(
    connection: Connection, order_id: str, policy: ReturnsPolicy, *, partner: str | None, now: datetime
) -> OrderStanding | None:
    """None: there is no such order, or it is not the partner's. A partner that is None sees everybody's."""
    cursor = await connection.execute(_ORDER, (order_id, partner, partner))
    row = await cursor.fetchone()
    if row is None:
        return None
    order, partner_id = order_from(row[0], order_id), row[1]
    left = await _left(connection, order_id)
    taken = await _taken(connection, order_id)
    rules = {line.line_id: policy.rule_for(order.channel_id, line.sku) for line in order.lines}
    lines = {line.line_id: _line(order, line, rules[line.line_id], left, taken=taken, now=now) for line in order.lines}
    return OrderStanding(order, partner_id, lines)


_ORDER = "select document, partner_id from orders where order_id = %s and (%s::text is null or partner_id = %s)"


def _line(
    order: Order, line: Line, rule: ReturnRule, left: Sequence[Left], *, taken: Sequence[Block], now: datetime
) -> LineStanding:
    told = verdicts(
        line.quantity,
        [each for each in left if each.block.line_id == line.line_id],
        [each for each in taken if each.line_id == line.line_id],
        rule=rule,
        now=now,
    )
    return LineStanding(line, rule, tuple(told), line_total(order, line))


async def _left(connection: Connection, order_id: str) -> list[Left]:
    cursor = await connection.execute(_LEFT, (order_id,))
    return [Left(Block(line_id, first, pieces), at) for line_id, first, pieces, at in await cursor.fetchall()]


# When goods were fetched is known, and mostly when they left; else when their part was moved last.
_LEFT = """
select l.line_id, l.first, l.quantity,
       coalesce(p.collected_at,
                (select max((s.data ->> 'shipped_at')::timestamptz) from signal s
                  where s.run_id = f.fulfilment_id and s.kind = 'shipped'),
                f.updated_at)
  from fulfilment f join fulfilment_line l using (fulfilment_id) left join pickup p using (fulfilment_id)
 where f.order_id = %s and f.pieces in ('shipped', 'collected')
 order by l.line_id, l.first
"""


async def _taken(connection: Connection, order_id: str) -> list[Block]:
    """Neighbouring pieces as one block."""
    cursor = await connection.execute(_TAKEN, (order_id,))
    return [Block(*row) for row in await cursor.fetchall()]


_TAKEN = """
select line_id, min(unit), count(*)::integer
  from (select line_id, unit, unit - row_number() over (partition by line_id order by unit) as run
          from return_unit where order_id = %s and not released) u
 group by line_id, run order by 1, 2
"""


@dataclass(frozen=True, slots=True)
class Wish:
    """Pieces of a line that shall come back: which, and why."""

    standing: LineStanding
    units: tuple[int, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Authorised:
    """A return that is granted, and what its caller is told."""

    return_id: str
    order: OrderStanding
    channel_return_id: str
    content_hash: bytes
    document: Mapping[str, Any]
    method: str
    wishes: tuple[Wish, ...]
    expires_at: datetime
    answer: Answer
    traceparent: str | None


async def lock_key(connection: Connection, channel_id: str, channel_return_id: str) -> None:
    """Who asks for a return of the same name waits, whichever order it is of; the constraint is behind it."""
    key = f"return:{channel_id}:{channel_return_id}"
    await connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (key,))


@dataclass(frozen=True, slots=True)
class Before:
    return_id: str
    partner_id: str
    content_hash: bytes
    document: Mapping[str, Any]
    receipt: bytes
    headers: Mapping[str, str]


async def asked_before(connection: Connection, channel_id: str, channel_return_id: str) -> Before | None:
    cursor = await connection.execute(_BEFORE, (channel_id, channel_return_id))
    row = await cursor.fetchone()
    return Before(*row) if row else None


_BEFORE = """
select return_id, partner_id, content_hash, document, receipt, receipt_headers from returns
 where channel_id = %s and channel_return_id = %s
"""


async def authorise(connection: Connection, granted: Authorised, hand: Hand) -> None:
    """The return, its pieces, its event and its run. The caller has locked the order and the return's name."""
    order = granted.order.order
    row = (
        *(granted.return_id, order.order_id, granted.order.partner_id, order.channel_id, granted.channel_return_id),
        *(granted.content_hash, Jsonb(dict(granted.document)), order.currency, granted.method, granted.expires_at),
        *(hand.who, hand.trace_id, granted.answer.body, Jsonb(dict(granted.answer.headers)), hand.now, hand.now),
    )
    await connection.execute(_INSERT, row)
    for number, wish in enumerate(granted.wishes, 1):
        await _write_line(connection, granted, wish, number)
    await events.tell(connection, granted.return_id, _EVENT, hand, {"status": "authorised"})
    run = {"run": granted.return_id, "saga": SAGA, "version": SAGA_VERSION, "trace": granted.traceparent}
    await connection.execute(_START, {**run, "now": hand.now})


async def _write_line(connection: Connection, granted: Authorised, wish: Wish, number: int) -> None:
    line, order_id = wish.standing.line, granted.order.order.order_id
    rule = Jsonb(asdict(wish.standing.rule))
    await connection.execute(
        _INSERT_LINE,
        (granted.return_id, line.line_id, number, order_id, line.sku.upper(), wish.reason, rule, len(wish.units)),
    )
    values = [wish.standing.value(unit, 1) for unit in wish.units]
    await connection.execute(_INSERT_UNITS, (granted.return_id, line.line_id, order_id, list(wish.units), values))


_EVENT = "com.omnigate.return.authorised.v1"
_INSERT = """
insert into returns (return_id, order_id, partner_id, channel_id, channel_return_id, content_hash, document, currency,
                     state, method, expires_at, requested_by, trace_id, receipt, receipt_headers, created_at,
                     updated_at)
values (%s, %s, %s, %s, %s, %s, %s, %s, 'authorised', %s, %s, %s, %s, %s, %s, %s, %s)
"""
_INSERT_LINE = """
insert into return_line (return_id, line_id, number, order_id, sku, reason, rule, authorised)
values (%s, %s, %s, %s, %s, %s, %s, %s)
"""
_INSERT_UNITS = """
insert into return_unit (return_id, line_id, order_id, unit, value)
select %s, %s, %s, unit, value from unnest(%s::integer[], %s::bigint[]) as u (unit, value)
"""
_START = """
with started as (
    insert into run (run_id, saga, version, state, traceparent, created_at, updated_at)
    values (%(run)s, %(saga)s, %(version)s, 'running', %(trace)s, %(now)s, %(now)s) returning run_id
)
select start_task(run_id, %(saga)s, %(version)s, 1) from started
"""


def expiry(policy: ReturnsPolicy, now: datetime) -> datetime:
    return now + timedelta(days=policy.expires_days)
