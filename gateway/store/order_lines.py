"""The quantity ledger of an order's lines, inside the caller's transaction. The order's run is locked."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, fields

from psycopg.types.json import Jsonb

from gateway.domain.delivery import DeliveryGroup
from gateway.domain.orders import Order
from gateway.domain.quantities import Move, Quantities
from gateway.store.pool import Connection

_STATES = tuple(each.name for each in fields(Quantities))


async def begin(connection: Connection, order: Order) -> None:
    """All pieces are open, unless the ledger has begun before."""
    lines = [(line.line_id, line.sku.upper(), line.quantity) for line in order.lines]
    ids, skus, pieces = (list(column) for column in zip(*lines, strict=True))
    await connection.execute(_BEGIN, (order.order_id, ids, skus, pieces))


_BEGIN = """
insert into order_line (order_id, line_id, number, sku, quantity, open)
select %s, line_id, number, sku, pieces, pieces
  from unnest(%s::text[], %s::text[], %s::integer[]) with ordinality as l (line_id, sku, pieces, number)
on conflict do nothing
"""


async def standing(connection: Connection, order_id: str) -> dict[str, Quantities]:
    """Where the pieces of each line stand, in the order's order."""
    cursor = await connection.execute(_STANDING, (order_id,))
    return {row[0]: Quantities(*row[1:]) for row in await cursor.fetchall()}


_STANDING = (
    f"select line_id, {', '.join(_STATES)} from order_line where order_id = %s order by number for no key update"
)


async def move(
    connection: Connection,
    order_id: str,
    moves: Sequence[Move],
    pieces: Mapping[str, int],
    *,
    reason: Mapping[str, str] | None = None,
) -> None:
    """Move so many pieces of each line, by each of *moves* in turn. Raises `Impossible` where there are not so many."""
    before = await standing(connection, order_id)
    after = dict[str, Quantities]()
    for line_id, count in pieces.items():
        after[line_id] = before[line_id]
        for each in moves:
            after[line_id] = after[line_id].after(each, count)
    told = [asdict(quantities) for quantities in after.values()]
    columns = [[each[state] for each in told] for state in _STATES]
    await connection.execute(_MOVE, (Jsonb(dict(reason)) if reason else None, *(list(after), *columns), order_id))


_MOVE = f"""
update order_line l set {", ".join(f"{state} = m.{state}" for state in _STATES)}, reason = coalesce(%s, l.reason)
  from unnest(%s::text[], {", ".join("%s::integer[]" for _ in _STATES)}) as m (line_id, {", ".join(_STATES)})
 where l.order_id = %s and l.line_id = m.line_id
"""


async def cancelled(connection: Connection, order_id: str, *, but_for: Collection[str]) -> int:
    """How many pieces were, other than of lines that give one of these codes as the reason."""
    cursor = await connection.execute(_CANCELLED, (order_id, list(but_for)))
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


_CANCELLED = """
select coalesce(sum(cancelled), 0) from order_line
 where order_id = %s and coalesce(reason ->> 'code', '') <> all(%s::text[])
"""


async def drop(
    connection: Connection, order_id: str, *, reason: Mapping[str, str] | None, of: DeliveryGroup | None = None
) -> int:
    """What nobody has taken on is cancelled; only *of* this group, if one is named. Returns how many pieces."""
    left = {
        line_id: pieces
        for line_id, there in (await standing(connection, order_id)).items()
        if (of is None or of.has(line_id)) and (pieces := there.open + there.backordered)
    }
    if left:
        await move(connection, order_id, ("cancel",), left, reason=reason)
    return sum(left.values())
