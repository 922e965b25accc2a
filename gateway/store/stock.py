"""The stock of orders under way: what they hold, give back and ship, and what warehouses report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.domain.feeds import counted
from gateway.domain.stock import MAIN, StockLevel
from gateway.store import claims
from gateway.store.divergences import judge
from gateway.store.pool import Connection
from gateway.store.views import Hearing, derive, take_counts


@dataclass(frozen=True, slots=True)
class Shortage:
    """Why a demand cannot be met: a SKU that is not stocked (available is None), or too little of it."""

    sku: str
    wanted: int
    available: int | None


async def reserve(
    connection: Connection,
    order_id: str,
    demand: Mapping[str, int],
    *,
    node: str = MAIN,
    attempt: int = 1,
    part: str | None = None,
) -> list[Shortage]:
    """All of *demand* (SKU in upper case -> summed quantity) or none, for the order or that *part* of it, which is an
    *attempt* of its own. What the attempt holds is not taken again."""
    skus, quantities = list(demand), list(demand.values())
    wanted: dict[str, Any] = {"order": order_id, "node": node, "attempt": attempt, "skus": skus}
    wanted |= {"quantities": quantities, "name": f"rsv_{(part or order_id)[4:]}"}
    await lock_positions(connection, [(sku, node) for sku in demand])
    cursor = await connection.execute(_RESERVE, wanted)
    left = [Shortage(*row) for row in await cursor.fetchall()]
    short = [s for s in left if s.available is None or s.available < s.wanted]
    assert bool(short) == bool(left), "either all is taken, or something is short"
    return sorted(short, key=lambda shortage: shortage.sku)


async def lock_positions(connection: Connection, places: Sequence[tuple[str, str]]) -> None:
    """Before stock is changed: these (SKU, node), in one order for everybody, without the soft claims that are over."""
    skus, nodes = [sku for sku, _ in places], [node for _, node in places]
    await connection.execute("select lock_stock(%s::text[], %s::text[])", (skus, nodes))


# The update has the last word on what is available; an order that gave its stock back meets its old claim: an error.
_RESERVE = """
with asked as materialized (
    select sku, quantity, available, bool_and(coalesce(available >= quantity, false)) over () as enough
      from unnest(%(skus)s::text[], %(quantities)s::integer[]) as wanted (sku, quantity)
      left join (select sku, case n.status when 'active' then available else 0 end as available
                   from stock_position join node n using (node_id) where node_id = %(node)s and condition = 'new') p
                using (sku)
     where not exists (select from reservation r where r.holder_type = 'order' and r.holder_id = %(order)s
                          and r.partner_id is null and r.attempt = %(attempt)s and r.state <> 'released')
), taken as (
    update stock_position p set reserved = p.reserved + asked.quantity, cause = 'reservation'
      from asked
     where p.sku = asked.sku and p.node_id = %(node)s and p.condition = 'new' and asked.enough
       and p.available >= asked.quantity
    returning p.sku, asked.quantity
), held as (
    insert into reservation (reservation_id, kind, holder_type, holder_id, attempt, state, created_at, updated_at)
    select %(name)s, 'firm', 'order', %(order)s, %(attempt)s, 'active', clock_timestamp(), clock_timestamp()
     where exists (select from taken)
), claim as (
    insert into reservation_line (reservation_id, number, line_id, sku, node_id, quantity)
    select %(name)s, row_number() over (order by sku collate "C"), sku, sku, %(node)s, quantity from taken
)
select sku, quantity, available from asked where not exists (select from taken where taken.sku = asked.sku)
"""


async def release(connection: Connection, order_id: str, *, attempt: int | None = None) -> None:
    """Give back what *order_id* holds unshipped, all of it or of one *attempt*. Nothing, or twice, is no error."""
    held = {"order": order_id, "attempt": attempt}
    await connection.execute(_LOCK_HELD, held)
    await connection.execute(_RELEASE, held)


_LOCK_HELD = """
select lock_stock(array_agg(sku), array_agg(node_id)) from reservation_line join reservation using (reservation_id)
 where holder_type = 'order' and holder_id = %(order)s and partner_id is null
   and (%(attempt)s::integer is null or attempt = %(attempt)s)
"""

_RELEASE = claims.released(claims.ALL_OF_ORDER)


async def release_some(connection: Connection, order_id: str, attempt: int, pieces: Mapping[str, int]) -> None:
    """Give back so many pieces by SKU of what that attempt holds."""
    held = {"order": order_id, "attempt": attempt, "skus": list(pieces), "quantities": list(pieces.values())}
    await connection.execute(_LOCK_HELD, held)
    lines = await (await connection.execute(_NUMBERS, held)).fetchall()
    columns = [list(column) for column in zip(*lines, strict=True)] if lines else [[], [], []]
    await connection.execute(_RELEASE_SOME, dict(zip(("reservations", "numbers", "pieces"), columns, strict=True)))


_NUMBERS = """
select r.reservation_id, l.number, least(l.open, w.pieces)
  from unnest(%(skus)s::text[], %(quantities)s::integer[]) as w (sku, pieces)
  join reservation r on r.holder_type = 'order' and r.holder_id = %(order)s and r.partner_id is null
                    and r.attempt = %(attempt)s
  join reservation_line l on l.reservation_id = r.reservation_id and l.sku = w.sku
 where l.open > 0
"""
_RELEASE_SOME = claims.released(claims.SOME)


async def ship(connection: Connection, order_id: str, shipped_at: datetime, *, attempt: int | None = None) -> None:
    """The goods left at *shipped_at*: the claims stay until a count later than that contains them."""
    held = {"order": order_id, "attempt": attempt}
    await connection.execute(_LOCK_HELD, held)
    await connection.execute(_SHIP, {**held, "left_at": shipped_at})


_SHIP = claims.left(claims.ALL_OF_ORDER)


async def acknowledge(
    connection: Connection, order_id: str, source: str, now: datetime, *, attempt: int | None = None
) -> None:
    """Since *now* the numbers of *source* contain what the order holds, if there is such a source and they are net."""
    await connection.execute(_ACKNOWLEDGE, {"order": order_id, "attempt": attempt, "source": source, "now": now})


# A view of a later moment would have to be derived anew. It is not: to learn of it late is safe.
_ACKNOWLEDGE = """
update reservation_line l set acknowledged = l.acknowledged || jsonb_build_object(s.source_id, %(now)s::timestamptz)
  from reservation r, stock_source s
 where r.holder_type = 'order' and r.holder_id = %(order)s and r.partner_id is null
   and (%(attempt)s::integer is null or r.attempt = %(attempt)s)
   and l.reservation_id = r.reservation_id and s.source_id = %(source)s and s.semantics = 'net_of_orders'
   and not l.acknowledged ? s.source_id
"""


async def count(
    connection: Connection, levels: Sequence[StockLevel], *, source: str = "wms", hearing: Hearing | None = None
) -> int:
    """Take over counts; an older one than we have is ignored. Returns how many positions changed.

    With a *hearing* they are compared with what other sources say.
    """
    places = await take_counts(connection, source, [counted(level) for level in levels])
    if hearing is not None:
        await judge(connection, source, places, hearing)
    return await derive(connection, places, why="report")
