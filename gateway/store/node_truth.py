"""A node goes by another source: what is sold there follows from that source's numbers, in the commit that says so."""

from datetime import datetime

from gateway.domain.nodes import Node
from gateway.refusals import Conflict
from gateway.store.divergences import forget_witness
from gateway.store.nodes import NodeRow, write_node
from gateway.store.pool import Connection

MOST = 100_000  # positions that are derived anew in one commit
_AT_ONCE = 2_000


async def set_node(connection: Connection, before: NodeRow | None, node: Node, *, now: datetime) -> NodeRow:
    """Make or replace the node, which the caller has locked and seen as it was *before*.

    Raises `Conflict` when it shall go by a source that does not know all of what lies there.
    """
    row = await write_node(connection, node, now=now)
    if before is not None and before.node.source_id != node.source_id:
        await _believe(connection, node, now=now)
    return row


async def _believe(connection: Connection, node: Node, *, now: datetime) -> None:
    cursor = await connection.execute(_COUNT, (node.source_id, node.node_id))
    positions, unheard = await cursor.fetchone() or (0, 0)
    if unheard:
        said = f"'{node.source_id}' has never counted {unheard} positions of the node '{node.node_id}'"
        raise Conflict(f"{said}; load a full snapshot of it first", effect="none")
    if positions > MOST:
        raise Conflict(f"the node has more than {MOST} positions; make another node for that source", effect="none")
    await forget_witness(connection, node.node_id, node.source_id, now=now)
    after = ("", "")
    while True:
        cursor = await connection.execute(_PLACES, (node.node_id, *after, _AT_ONCE))
        places = await cursor.fetchall()
        if not places:
            return
        skus, after = sorted({sku for sku, _ in places}), places[-1]
        nodes = [node.node_id] * len(skus)
        await connection.execute("select lock_stock(%s::text[], %s::text[])", (skus, nodes))
        await connection.execute("select derive_stock(%s::text[], %s::text[], 'source')", (skus, nodes))


_COUNT = """
select count(*), count(*) filter (where (p.on_hand <> 0 or p.reserved <> 0)
                                    and coalesce(v.as_of, 'epoch') = 'epoch')
  from stock_position p
  left join stock_view v on v.sku = p.sku and v.node_id = p.node_id and v.condition = p.condition and v.source_id = %s
 where p.node_id = %s
"""

_PLACES = """
select sku, condition from stock_position where node_id = %s and (sku, condition) > (%s, %s)
 order by sku, condition limit %s
"""
