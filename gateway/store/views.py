"""What a source's count makes of its view, and what the views of all sources make of positions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.domain.feeds import BUCKETS, Count, newest
from gateway.domain.identifiers import Mint
from gateway.domain.inventory import InventoryPolicy, Place
from gateway.store.pool import Connection

Columns = tuple[list[str], list[str], list[str]]


@dataclass(frozen=True, slots=True)
class Hearing:
    """A report is being taken: when, what the retailer tolerates, and ids for what it gives rise to."""

    now: datetime
    mint: Mint
    policy: InventoryPolicy


def columns(places: Sequence[Place]) -> Columns:
    return [sku for sku, _, _ in places], [node for _, node, _ in places], [condition for _, _, condition in places]


async def lock_places(connection: Connection, places: Sequence[Place]) -> None:
    """Like `lock_positions`, of positions that a source speaks of: those that do not exist yet are made."""
    told = columns(places)
    await connection.execute("select make_stock(%s::text[], %s::text[], %s::text[])", told)
    await connection.execute("select lock_stock(%s::text[], %s::text[])", told[:2])


async def derive(connection: Connection, places: Sequence[Place], *, why: str) -> int:
    """How many positions are different now."""
    skus, nodes, _ = columns(places)
    cursor = await connection.execute("select derive_stock(%s::text[], %s::text[], %s)", (skus, nodes, why))
    row = await cursor.fetchone()
    assert row is not None, "a function answers"
    return int(row[0])


async def take_counts(connection: Connection, source_id: str, counts: Sequence[Count]) -> list[Place]:
    """Lock the places and write the counts into the source's views; an older one than it has is ignored.

    The positions are the caller's to derive. Returns the places, in order.
    """
    told = newest(counts)
    places = [count.place for count in told]
    await lock_places(connection, places)
    said = _said(source_id, told)
    if any(said["says"]):
        await connection.execute(_UNAVAILABLE, said)
    await connection.execute(_COUNT, said)
    if any(said["gtins"]):
        await connection.execute(_NAME, said)
    return places


def _said(source_id: str, told: Sequence[Count]) -> dict[str, Any]:
    skus, nodes, conditions = columns([count.place for count in told])
    unavailable = {
        bucket: [None if count.unavailable is None else count.unavailable.get(bucket, 0) for count in told]
        for bucket in BUCKETS
    }
    return {
        "source": source_id,
        **{"skus": skus, "nodes": nodes, "conditions": conditions},
        "on_hand": [count.on_hand for count in told],
        "as_of": [count.as_of for count in told],
        "gtins": [count.gtin for count in told],
        "says": [count.unavailable is not None for count in told],
        **unavailable,
    }


_COUNT = """
insert into stock_view as v (source_id, sku, node_id, condition, quantity, as_of, buckets_as_of)
select %(source)s, sku, node_id, condition, quantity, as_of, case when says then as_of end
  from unnest(%(skus)s::text[], %(nodes)s::text[], %(conditions)s::text[], %(on_hand)s::integer[],
              %(as_of)s::timestamptz[], %(says)s::boolean[]) as told (sku, node_id, condition, quantity, as_of, says)
on conflict (sku, node_id, condition, source_id) do update
   set quantity = excluded.quantity, as_of = excluded.as_of,
       buckets_as_of = coalesce(excluded.buckets_as_of, v.buckets_as_of),
       gap = v.gap and has_gap(v.source_id, v.sku, v.node_id, v.condition, excluded.as_of),
       moved = case when v.told_at is null then 0 else
                    coalesce((select sum(d.applies) from stock_delta d
                               where d.source_id = v.source_id and d.sku = v.sku and d.node_id = v.node_id
                                 and d.condition = v.condition and d.bucket = 'on_hand'
                                 and comes_after(d.applies, d.occurred_at, excluded.as_of)), 0) end
 where excluded.as_of > v.as_of
"""

# Only the truth's word counts, and like its number with what it told of since.
_UNAVAILABLE = """
with told as (
    select t.*, n.source_id from unnest(
               %(skus)s::text[], %(nodes)s::text[], %(conditions)s::text[], %(as_of)s::timestamptz[],
               %(damaged)s::integer[], %(quality_control)s::integer[], %(hold)s::integer[], %(display)s::integer[])
           as t (sku, node_id, condition, as_of, damaged, quality_control, hold, display)
      join node n on n.node_id = t.node_id and n.source_id = %(source)s
      left join stock_view v on v.sku = t.sku and v.node_id = t.node_id and v.condition = t.condition
                            and v.source_id = n.source_id
     where t.damaged is not null and t.as_of > coalesce(v.buckets_as_of, '-infinity')
       and t.as_of > coalesce(v.as_of, '-infinity')
), since as (
    select sku, node_id, condition, bucket, sum(d.delta) as moved
      from told join stock_delta d using (sku, node_id, condition, source_id)
     where d.bucket <> 'on_hand' and comes_after(-d.delta, d.occurred_at, told.as_of) group by 1, 2, 3, 4
), now as (
    select sku, node_id, condition,
           greatest(0, damaged + coalesce(sum(moved) filter (where bucket = 'damaged'), 0)) as damaged,
           greatest(0, quality_control + coalesce(sum(moved) filter (where bucket = 'quality_control'), 0)) as control,
           greatest(0, hold + coalesce(sum(moved) filter (where bucket = 'hold'), 0)) as hold,
           greatest(0, display + coalesce(sum(moved) filter (where bucket = 'display'), 0)) as display
      from told left join since using (sku, node_id, condition)
     group by sku, node_id, condition, told.damaged, told.quality_control, told.hold, told.display
)
update stock_position p
   set damaged = now.damaged, quality_control = now.control, hold = now.hold, display = now.display, cause = 'report'
  from now
 where p.sku = now.sku and p.node_id = now.node_id and p.condition = now.condition
   and (p.damaged, p.quality_control, p.hold, p.display) is distinct from
       (now.damaged, now.control, now.hold, now.display)
"""

_NAME = """
update stock_position p set gtin = named.gtin
  from unnest(%(skus)s::text[], %(nodes)s::text[], %(conditions)s::text[], %(gtins)s::text[])
    as named (sku, node_id, condition, gtin)
 where p.sku = named.sku and p.node_id = named.node_id and p.condition = named.condition and named.gtin is not null
   and p.gtin is distinct from named.gtin
"""
