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
    """All of *demand* (SKU -> summed quantity) or none. Rows are locked in sorted order; repeating adds nothing."""
    wanted = dict(sorted(demand.items()))
    cursor = await connection.execute(
        "select sku, on_hand - reserved from stock_position where sku = any(%s) order by sku for no key update",
        (list(wanted),),
    )
    available: dict[str, int] = dict(await cursor.fetchall())
    short = [Shortage(s, q, available.get(s)) for s, q in wanted.items() if available.get(s, -1) < q]
    if not short:
        await connection.execute(_RESERVE, (order_id, list(wanted), list(wanted.values())))
    return short


_RESERVE = """
with claim as (
    insert into reservation (order_id, sku, quantity, state)
    select %s, sku, quantity, 'active' from unnest(%s::text[], %s::integer[]) as wanted (sku, quantity)
    on conflict (order_id, sku) do nothing
    returning sku, quantity
)
update stock_position p set reserved = p.reserved + claim.quantity, version = p.version + 1
  from claim where p.sku = claim.sku
"""


async def release(connection: Connection, order_id: str) -> None:
    """Give back what *order_id* still holds unshipped. Releasing nothing, or twice, is no error."""
    await connection.execute(_LOCK_POSITIONS, (order_id,))
    await connection.execute(_RELEASE, (order_id,))


_LOCK_POSITIONS = """
select 1 from stock_position p join reservation r on r.sku = p.sku
 where r.order_id = %s order by p.sku for no key update of p
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
    ordered = sorted(levels, key=lambda level: level.sku.upper())
    cursor = await connection.execute(
        _COUNT,
        (
            [level.sku.upper() for level in ordered],
            [level.gtin for level in ordered],
            [level.on_hand for level in ordered],
            [level.as_of for level in ordered],
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
