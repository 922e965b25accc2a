"""Fulfilments of orders: planned, found and moved, always inside the caller's transaction, the order's run locked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from gateway.domain.fulfilments import Fulfilment, FulfilmentStatus
from gateway.domain.shares import Block, Share
from gateway.store.pool import Connection


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Why from there, and in which trace."""

    decision_id: str
    trace_id: str
    now: datetime


async def add(connection: Connection, planned: Fulfilment, around: Circumstances) -> None:
    blocks = planned.share.blocks
    await connection.execute(
        _ADD,
        {
            "id": planned.fulfilment_id,
            "order": planned.order_id,
            "number": planned.number,
            "group": planned.group_id,
            "node": planned.node_id,
            "method": planned.method,
            "executor": planned.executor,
            "status": planned.status.value,
            "shipping": planned.share.shipping,
            "amount": planned.amount,
            "decision": around.decision_id,
            "trace": around.trace_id,
            "now": around.now,
            "lines": [block.line_id for block in blocks],
            "firsts": [block.first for block in blocks],
            "quantities": [block.quantity for block in blocks],
        },
    )


_ADD = """
with planned as (
    insert into fulfilment (fulfilment_id, order_id, number, group_id, node_id, method, executor, status, shipping,
                            amount, decision_id, trace_id, created_at, updated_at)
    values (%(id)s, %(order)s, %(number)s, %(group)s, %(node)s, %(method)s, %(executor)s, %(status)s, %(shipping)s,
            %(amount)s, %(decision)s, %(trace)s, %(now)s, %(now)s) returning fulfilment_id
)
insert into fulfilment_line (fulfilment_id, line_id, first, quantity)
select planned.fulfilment_id, l.*
  from planned, unnest(%(lines)s::text[], %(firsts)s::integer[], %(quantities)s::integer[]) as l
"""


async def of_order(connection: Connection, order_id: str) -> list[Fulfilment]:
    """In the order in which they were planned."""
    cursor = await connection.execute(f"{_READ} where f.order_id = %s order by f.number", (order_id,))
    return [_fulfilment(row) for row in await cursor.fetchall()]


async def one(connection: Connection, fulfilment_id: str) -> Fulfilment:
    cursor = await connection.execute(f"{_READ} where f.fulfilment_id = %s", (fulfilment_id,))
    row = await cursor.fetchone()
    assert row is not None, f"{fulfilment_id} was planned together with its run"
    return _fulfilment(row)


_READ = """
select f.fulfilment_id, f.order_id, f.number, f.group_id, f.node_id, f.method, f.status, f.pieces, f.amount,
       f.created_at, f.executor, f.reason, f.shipping,
       (select jsonb_agg(jsonb_build_array(l.line_id, l.first, l.quantity) order by l.line_id, l.first)
          from fulfilment_line l where l.fulfilment_id = f.fulfilment_id)
  from fulfilment f
"""


def _fulfilment(row: Sequence[Any]) -> Fulfilment:
    made, order, number, group, node, method, status, pieces, amount, *rest = row
    made_at, executor, reason, shipping, blocks = rest
    share = Share(tuple(Block(*block) for block in blocks), shipping)
    stands = (made, order, number, group, node, method, FulfilmentStatus(status), pieces)
    return Fulfilment(*stands, share, amount, made_at, executor, reason)


async def lock_status(connection: Connection, fulfilment_id: str) -> FulfilmentStatus:
    cursor = await connection.execute(
        "select status from fulfilment where fulfilment_id = %s for no key update", (fulfilment_id,)
    )
    row = await cursor.fetchone()
    assert row is not None, f"{fulfilment_id} was planned together with its run"
    return FulfilmentStatus(row[0])


async def stand(
    connection: Connection,
    fulfilment_id: str,
    status: FulfilmentStatus,
    *,
    pieces: str,
    now: datetime,
    reason: Mapping[str, str] | None = None,
    refs: Mapping[str, str] | None = None,
) -> None:
    """It stands so from *now* on."""
    told = Jsonb(dict(reason)) if reason else None
    await connection.execute(_STAND, (status.value, pieces, told, Jsonb(dict(refs or {})), now, fulfilment_id))


_STAND = """
update fulfilment set status = %s, pieces = %s, reason = coalesce(%s, reason), refs = refs || %s, updated_at = %s,
       version = version + 1
 where fulfilment_id = %s
"""


async def shrink(connection: Connection, fulfilment_id: str, blocks: Sequence[Block], amount: int) -> None:
    """It is of these pieces only, and worth so much."""
    await connection.execute("delete from fulfilment_line where fulfilment_id = %s", (fulfilment_id,))
    columns = [list(column) for column in zip(*((b.line_id, b.first, b.quantity) for b in blocks), strict=True)]
    await connection.execute(_SHRINK, (fulfilment_id, *columns))
    await connection.execute("update fulfilment set amount = %s where fulfilment_id = %s", (amount, fulfilment_id))


_SHRINK = """
insert into fulfilment_line (fulfilment_id, line_id, first, quantity)
select %s, l.* from unnest(%s::text[], %s::integer[], %s::integer[]) as l
"""


async def demand(connection: Connection, fulfilment_id: str) -> dict[str, int]:
    """Its pieces by SKU, in upper case."""
    cursor = await connection.execute(_DEMAND, (fulfilment_id,))
    return dict(await cursor.fetchall())


_DEMAND = """
select o.sku, sum(l.quantity)::integer from fulfilment_line l join fulfilment f using (fulfilment_id)
  join order_line o on o.order_id = f.order_id and o.line_id = l.line_id
 where f.fulfilment_id = %s group by o.sku
"""


async def start(
    connection: Connection, fulfilment_id: str, above: str, saga: tuple[str, int], *, trace: str | None, now: datetime
) -> None:
    """Its own run begins, below its order's, unless it has begun."""
    await connection.execute(_START, (fulfilment_id, above, *saga, trace, now, fulfilment_id))


_START = """
select start_below(%s, %s, %s, %s, %s, %s) where not exists (select from run where run_id = %s)
"""


async def wake(connection: Connection, *run_ids: str) -> None:
    for run_id in run_ids:
        await connection.execute("select wake(%s)", (run_id,))
