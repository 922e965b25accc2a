"""Stock positions and what is reserved of them. Availability is a count minus the claims it does not contain yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.stock import StockLevel
from gateway.store.pool import Connection


@dataclass(frozen=True, slots=True)
class Shortage:
    """Why a demand cannot be met: a SKU that is not stocked (available is None), or too little of it."""

    sku: str
    wanted: int
    available: int | None


async def reserve(connection: Connection, order_id: str, demand: Mapping[str, int]) -> list[Shortage]:
    """All of *demand* (SKU in upper case -> summed quantity) or none. What the order holds is not taken again."""
    wanted = {"order": order_id, "skus": list(demand), "quantities": list(demand.values())}
    await connection.execute(_LOCK_WANTED, wanted)
    cursor = await connection.execute(_RESERVE, wanted)
    left = [Shortage(*row) for row in await cursor.fetchall()]
    short = [s for s in left if s.available is None or s.available < s.wanted]
    assert bool(short) == bool(left), "either all is taken, or something is short"
    return sorted(short, key=lambda shortage: shortage.sku)


# Positions are locked in the order of code points, whatever the database's collation: no two lockers deadlock. It takes
# a statement of its own: the next one has a newer snapshot, which shows what those did for whom we waited.
_LOCK_WANTED = """
select from stock_position where sku = any(%(skus)s) order by sku collate "C" for no key update
"""

# The update has the last word on what is available; an order that gave its stock back meets its old claim: an error.
_RESERVE = """
with asked as materialized (
    select sku, quantity, on_hand - reserved as available, bool_and(coalesce(on_hand - reserved >= quantity, false))
      over () as enough
      from unnest(%(skus)s::text[], %(quantities)s::integer[]) as wanted (sku, quantity)
      left join stock_position using (sku)
     where not exists (
        select from reservation r where r.order_id = %(order)s and r.sku = wanted.sku and r.state <> 'released'
     )
), taken as (
    update stock_position p set reserved = p.reserved + asked.quantity, version = p.version + 1
      from asked
     where p.sku = any(%(skus)s) and p.sku = asked.sku and asked.enough and p.on_hand - p.reserved >= asked.quantity
    returning p.sku, asked.quantity
), claim as (
    insert into reservation (order_id, sku, quantity, state) select %(order)s, sku, quantity, 'active' from taken
)
select sku, quantity, available from asked where not exists (select from taken where taken.sku = asked.sku)
"""


async def release(connection: Connection, order_id: str) -> None:
    """Give back what *order_id* still holds unshipped. Releasing nothing, or twice, is no error."""
    await connection.execute(_LOCK_POSITIONS, (order_id,))
    await connection.execute(_RELEASE, (order_id,))


_LOCK_POSITIONS = """
select 1 from stock_position p join reservation r on r.sku = p.sku
 where r.order_id = %s order by p.sku collate "C" for no key update of p
"""

_RELEASE = """
with freed as (
    update reservation set state = 'released' where order_id = %s and state = 'active' returning sku, quantity
)
update stock_position p set reserved = p.reserved - freed.quantity, version = p.version + 1
  from freed where p.sku = freed.sku
"""


async def ship(connection: Connection, order_id: str, shipped_at: datetime) -> None:
    """The goods left at *shipped_at*: the claims stay until a count later than that contains them."""
    await connection.execute(
        "update reservation set state = 'shipped', absorbed_at = %s where order_id = %s and state = 'active'",
        (shipped_at, order_id),
    )


async def count(connection: Connection, levels: Sequence[StockLevel]) -> int:
    """Take over physical counts; an older one than we have is ignored. Returns how many positions changed."""
    newest = {level.sku.upper(): level for level in sorted(levels, key=lambda level: (level.as_of, -level.on_hand))}
    ordered = sorted(newest.items())
    cursor = await connection.execute(
        _COUNT,
        (
            [sku for sku, _ in ordered],
            [level.gtin for _, level in ordered],
            [level.on_hand for _, level in ordered],
            [level.as_of for _, level in ordered],
        ),
    )
    counted = [row[0] for row in await cursor.fetchall()]
    await connection.execute(_ABSORB, (counted,))
    return len(counted)


_COUNT = """
insert into stock_position as p (sku, gtin, on_hand, as_of)
select * from unnest(%s::text[], %s::text[], %s::integer[], %s::timestamptz[])
on conflict (sku) do update
   set gtin = excluded.gtin, on_hand = excluded.on_hand, as_of = excluded.as_of, version = p.version + 1
 where excluded.as_of > p.as_of
returning sku
"""

_ABSORB = """
with absorbed as (
    update reservation r set state = 'absorbed' from stock_position p
     where p.sku = r.sku and r.sku = any(%s) and r.state = 'shipped' and r.absorbed_at < p.as_of
    returning r.sku, r.quantity
), freed as (select sku, sum(quantity) as quantity from absorbed group by sku)
update stock_position p set reserved = p.reserved - freed.quantity
  from freed where p.sku = freed.sku
"""
