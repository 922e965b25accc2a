"""What may be promised where, seen under lock: the positions that the lines of a reservation can be taken from."""

from collections.abc import Sequence

from gateway.domain.reservations import Line, Place, Stock
from gateway.store.pool import Connection
from gateway.store.stock import lock_positions

_MOST_NODES = 64  # that a pooled line is looked for at; those with a higher priority come first


async def lock_shelves(connection: Connection, lines: Sequence[Line]) -> dict[Place, Stock]:
    """Locked until the transaction ends. A node that is unknown does not sell."""
    places = {(line.sku, line.node_id) for line in lines if line.node_id is not None}
    pooled = sorted({(line.sku, line.condition) for line in lines if line.node_id is None})
    if pooled:
        skus, conditions = [sku for sku, _ in pooled], [condition for _, condition in pooled]
        cursor = await connection.execute(_CANDIDATES, (skus, conditions, _MOST_NODES))
        places.update(await cursor.fetchall())
    wanted = sorted(places)
    await lock_positions(connection, wanted)
    cursor = await connection.execute(_SHELVES, ([sku for sku, _ in wanted], [node for _, node in wanted]))
    rows = await cursor.fetchall()
    stock = {(sku, node, condition): Stock(*rest) for sku, node, condition, *rest in rows if condition is not None}
    nodes = {(sku, node): (sells, priority) for sku, node, _, _, sells, priority in rows}
    for line in lines:
        if line.node_id is not None:
            stock.setdefault((line.sku, line.node_id, line.condition), Stock(None, *nodes[line.sku, line.node_id]))
    return stock


# Soft claims may be over: whether what they hold is free is known under the lock only. Where nothing is to be had, one
# position says why.
_CANDIDATES = """
select distinct p.sku, p.node_id from unnest(%s::text[], %s::text[]) as asked (sku, condition)
 cross join lateral (
    select p.sku, p.node_id, n.status = 'active' and p.available + p.reserved_soft > 0 as some,
           row_number() over (order by n.status = 'active' and p.available + p.reserved_soft > 0 desc,
                              n.status = 'active' desc, n.priority, p.node_id) as rank
      from stock_position p join node n using (node_id) where p.sku = asked.sku and p.condition = asked.condition) p
 where p.some and p.rank <= %s or p.rank = 1
"""

_SHELVES = """
select asked.sku, asked.node_id, p.condition, p.available, coalesce(n.status = 'active', false), coalesce(n.priority, 0)
  from unnest(%s::text[], %s::text[]) as asked (sku, node_id)
  left join node n using (node_id)
  left join stock_position p on p.sku = asked.sku and p.node_id = asked.node_id
"""
