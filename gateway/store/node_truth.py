"""A node goes by another source: what is sold there follows from that source's numbers, in the commit that says so."""

from datetime import datetime

from psycopg.types.json import Jsonb

from gateway.refusals import Conflict
from gateway.store.divergences import BETWEEN_SOURCES, CLASS
from gateway.store.pool import Connection

MOST = 100_000  # positions that are derived anew in one commit
_AT_ONCE = 2_000


async def believe(connection: Connection, node_id: str, source_id: str, *, now: datetime) -> None:
    """The node, which the caller has locked, goes by *source_id* from now on.

    Raises `Conflict` when that source does not know all of what lies there: nobody would stand for those positions.
    """
    cursor = await connection.execute(_COUNT, (source_id, node_id))
    positions, unheard = await cursor.fetchone() or (0, 0)
    if unheard:
        detail = f"'{source_id}' has never counted {unheard} positions of this node; load a full snapshot of it first"
        raise Conflict(detail, effect="none")
    if positions > MOST:
        raise Conflict(f"the node has more than {MOST} positions; make another node for that source", effect="none")
    settled = Jsonb({"by": "system", "reason": "the node goes by this source now"})
    forget = {"node": node_id, "source": source_id, "class": CLASS, "code": f"{BETWEEN_SOURCES}%"}
    await connection.execute(_FORGET, {**forget, "now": now, "resolution": settled})
    after = ("", "")
    while True:
        cursor = await connection.execute(_PLACES, (node_id, *after, _AT_ONCE))
        places = await cursor.fetchall()
        if not places:
            return
        skus, after = sorted({sku for sku, _ in places}), places[-1]
        nodes = [node_id] * len(skus)
        await connection.execute("select lock_stock(%s::text[], %s::text[])", (skus, nodes))
        await connection.execute("select derive_stock(%s::text[], %s::text[], 'source')", (skus, nodes))


_COUNT = """
select count(*), count(*) filter (where (p.on_hand <> 0 or p.reserved <> 0)
                                    and coalesce(v.as_of, 'epoch') = 'epoch')
  from stock_position p
  left join stock_view v on v.sku = p.sku and v.node_id = p.node_id and v.condition = p.condition and v.source_id = %s
 where p.node_id = %s
"""

# Its own numbers are the truth now, and differ from nobody's as a witness's.
_FORGET = """
with gone as (
    delete from stock_divergence where node_id = %(node)s and source_id = %(source)s
    returning node_id || '/' || sku || '/' || condition || ':' || source_id as subject
)
update exception x set state = 'resolved', resolved_at = %(now)s, resolution = %(resolution)s, version = version + 1
  from gone where x.class = %(class)s and x.code like %(code)s and x.subject = gone.subject and x.state = 'open'
"""

_PLACES = """
select sku, condition from stock_position where node_id = %s and (sku, condition) > (%s, %s)
 order by sku, condition limit %s
"""
