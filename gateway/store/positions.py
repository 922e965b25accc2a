"""Positions as they are read: with the soft claims that are over left out, whoever has swept them or not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

from gateway.domain.inventory import Confidence, Inbound, Position
from gateway.store.pool import Connection, Database

Asked = tuple[str, str | None, str]  # SKU, node (None: every one), condition


@dataclass(frozen=True, slots=True)
class PositionRow:
    position: Position
    backordered: int
    sellable: bool  # its node is active


# As of its source's last word: its count, or what it told of since; who never counted is never current.
_READ: LiteralString = """
select p.sku, p.node_id, p.condition, p.version, p.on_hand, p.damaged, p.quality_control, p.hold, p.display,
       p.safety_stock, p.reserved, p.reserved_soft - over.open, p.withheld, p.available + over.open, p.confidence,
       case when v.as_of > 'epoch' then greatest(v.as_of, v.told_at) end, s.every, p.backordered,
       n.status = 'active'
"""

_AROUND: LiteralString = """
  join node n on n.node_id = p.node_id
  join stock_source s on s.source_id = n.source_id
  left join stock_view v on v.sku = p.sku and v.node_id = p.node_id and v.condition = p.condition
                        and v.source_id = n.source_id
 cross join lateral (
     select coalesce(sum(l.open), 0)::integer as open from reservation_line l
      where l.sku = p.sku and l.node_id = p.node_id and l.condition = p.condition and l.open > 0
        and l.expires_at <= clock_timestamp()) over
"""


async def positions_of(database: Database, asked: Sequence[Asked], *, most: int) -> dict[Asked, list[PositionRow]]:
    """For each that was asked about its positions, by node; in all at most *most* each and one more."""
    skus, nodes, conditions = zip(*asked, strict=True)
    async with database.connection() as connection:
        cursor = await connection.execute(
            _OF, {"skus": list(skus), "nodes": list(nodes), "conditions": list(conditions), "most": most}, prepare=True
        )
        found: dict[Asked, list[PositionRow]] = {each: [] for each in asked}
        for number, *row in await cursor.fetchall():
            found[asked[number - 1]].append(_row(row))
        return found


_OF: LiteralString = f"""
select asked.number, p.* from unnest(%(skus)s::text[], %(nodes)s::text[], %(conditions)s::text[]) with ordinality
       as asked (sku, node_id, condition, number)
 cross join lateral ({_READ} from stock_position p {_AROUND}
        where p.sku = asked.sku and p.condition = asked.condition
          and (asked.node_id is null or p.node_id = asked.node_id)
        order by p.node_id limit %(most)s + 1) p
"""


async def inbound_of(database: Database, places: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], list[Inbound]]:
    """What is expected at these (SKU, node), the next hundred each."""
    skus, nodes = [sku for sku, _ in places], [node for _, node in places]
    found: dict[tuple[str, str], list[Inbound]] = {place: [] for place in places}
    async with database.connection() as connection:
        cursor = await connection.execute(_INBOUND, (skus, nodes))
        for sku, node, quantity, eta, confidence in await cursor.fetchall():
            found[sku, node].append(Inbound(quantity, eta, float(confidence)))
    return found


_INBOUND: LiteralString = """
select asked.sku, asked.node_id, i.quantity, i.eta, i.confidence
  from unnest(%s::text[], %s::text[]) as asked (sku, node_id)
  join node n on n.node_id = asked.node_id
 cross join lateral (select quantity, eta, confidence from stock_inbound i
                      where i.sku = asked.sku and i.node_id = asked.node_id and i.source_id = n.source_id
                        and i.quantity > 0 and i.eta > clock_timestamp() - interval '1 hour'
                      order by eta limit 100) i
"""


async def list_positions(
    database: Database, *, node_id: str | None, sku: str | None, after: Sequence[str] | None, limit: int
) -> list[PositionRow]:
    """By node, SKU and condition, beginning behind *after* (three texts, or none)."""
    place = dict(zip(("after_node", "after_sku", "after_condition"), after or ("", "", ""), strict=True))
    values = {"node": node_id, "sku": sku, "limit": limit, **place}
    async with database.connection() as connection:
        cursor = await connection.execute(_BY_SKU if sku is not None else _ALL, values)
        return [_row(row) for row in await cursor.fetchall()]


_BEHIND: LiteralString = "(p.node_id, p.sku, p.condition) > (%(after_node)s, %(after_sku)s, %(after_condition)s)"
_ORDER: LiteralString = "order by p.node_id, p.sku, p.condition limit %(limit)s"
_NODE: LiteralString = "(%(node)s::text is null or p.node_id = %(node)s)"
_ALL: LiteralString = f"{_READ} from stock_position p {_AROUND} where {_BEHIND} and {_NODE} {_ORDER}"
_BY_SKU: LiteralString = (
    f"{_READ} from stock_position p {_AROUND} where p.sku = %(sku)s and {_BEHIND} and {_NODE} {_ORDER}"
)


async def set_safety_stock(connection: Connection, wanted: Mapping[tuple[str, str, str], int]) -> int:
    """What is kept back at these positions, which the caller has locked. Returns how many were different before."""
    places = sorted(wanted)
    columns = [list(column) for column in zip(*places, strict=True)]
    cursor = await connection.execute(_KEEP_BACK, (*columns, [wanted[place] for place in places]))
    return cursor.rowcount


_KEEP_BACK: LiteralString = """
update stock_position p set safety_stock = wanted.safety_stock, cause = 'safety_stock'
  from unnest(%s::text[], %s::text[], %s::text[], %s::integer[]) as wanted (sku, node_id, condition, safety_stock)
 where p.sku = wanted.sku and p.node_id = wanted.node_id and p.condition = wanted.condition
   and p.safety_stock <> wanted.safety_stock
"""


async def safety_stock_of(connection: Connection, places: Sequence[tuple[str, str, str]]) -> dict[tuple[str, ...], int]:
    """Those of the places at which there is a position."""
    columns = [list(column) for column in zip(*places, strict=True)]
    cursor = await connection.execute(_KEPT_BACK, columns)
    return {tuple(place): kept for *place, kept in await cursor.fetchall()}


_KEPT_BACK: LiteralString = """
select p.sku, p.node_id, p.condition, p.safety_stock from stock_position p
  join unnest(%s::text[], %s::text[], %s::text[]) as asked (sku, node_id, condition) using (sku, node_id, condition)
"""


def _row(row: Sequence[Any]) -> PositionRow:
    confidence, as_of, every, backordered, sellable = row[14:]
    position = Position(row[0], row[1], row[2], row[3], tuple(row[4:13]), row[13], Confidence(confidence), as_of, every)
    return PositionRow(position, backordered, sellable)
