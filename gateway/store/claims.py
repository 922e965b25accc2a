"""Claims on stock, whoever holds them: how what is open is given back, and how goods leave for it."""

from typing import LiteralString

# Lines with the `pieces` of each that move, and what the truth at their node says of them; `counted`: they are part of
# `reserved`, since its number does not contain them yet. A soft line is part of `reserved_soft`.
_COLUMNS: LiteralString = """
select l.*, l.expires_at is not null as soft,
       l.expires_at is null and not contains(s.semantics, v.as_of, null, (l.acknowledged ->> v.source_id)::timestamptz)
           as counted,
       s.semantics, v.as_of, (l.acknowledged ->> v.source_id)::timestamptz as taken_in
"""
_TRUTH: LiteralString = """
  join node n using (node_id) join stock_source s using (source_id)
  left join stock_view v on v.sku = l.sku and v.node_id = l.node_id and v.condition = l.condition
                        and v.source_id = n.source_id
"""

ALL_OF_ORDER: LiteralString = f"""
{_COLUMNS}, l.open as pieces from reservation r join reservation_line l using (reservation_id) {_TRUTH}
 where r.holder_type = 'order' and r.holder_id = %(order)s and r.partner_id is null and l.open > 0
   and (%(attempt)s::integer is null or r.attempt = %(attempt)s)
"""
SOME: LiteralString = f"""
{_COLUMNS}, moved.pieces
  from unnest(%(reservations)s::text[], %(numbers)s::integer[], %(pieces)s::integer[])
           as moved (reservation_id, number, pieces)
  join reservation_line l using (reservation_id, number) {_TRUTH}
"""


def _ended(consumed: LiteralString) -> LiteralString:
    """The reservations of what moves: over when nothing is open any more."""
    return f"""
    update reservation r set version = r.version + 1, updated_at = clock_timestamp(),
           state = case when after.open > 0 then r.state when after.consumed > 0 then 'consumed' else 'released' end
      from (select l.reservation_id, sum(l.open - coalesce(held.pieces, 0)) as open, {consumed} as consumed
              from reservation_line l left join held using (reservation_id, number)
             where l.reservation_id in (select reservation_id from held) group by l.reservation_id) after
     where r.reservation_id = after.reservation_id
"""


def released(held: LiteralString) -> LiteralString:
    """The statement that gives *held* back."""
    return f"""
with held as ({held}), ended as ({_ended("sum(l.consumed)")}), lines as (
    update reservation_line l set released = l.released + held.pieces,
           settled = l.consumed = 0 and l.open = held.pieces
      from held where l.reservation_id = held.reservation_id and l.number = held.number
)
update stock_position p set reserved = p.reserved - freed.firm, reserved_soft = p.reserved_soft - freed.soft,
       cause = 'release'
  from (select sku, node_id, condition, coalesce(sum(pieces) filter (where counted), 0) as firm,
               coalesce(sum(pieces) filter (where soft), 0) as soft
          from held group by sku, node_id, condition) freed
 where p.sku = freed.sku and p.node_id = freed.node_id and p.condition = freed.condition
   and (freed.firm > 0 or freed.soft > 0)
"""


def left(held: LiteralString) -> LiteralString:
    """The statement after which the goods of *held* have left at `left_at`: claims until a count later than that."""
    return f"""
with held as ({held}), ended as ({_ended("sum(l.consumed + coalesce(held.pieces, 0))")}), lines as (
    update reservation_line l set consumed = l.consumed + held.pieces
      from held where l.reservation_id = held.reservation_id and l.number = held.number
), left_for_good as (
    insert into stock_outflow (outflow_id, reservation_id, number, sku, node_id, condition, quantity, occurred_at)
    select 'out_' || substr(reservation_id, 5) || '_' || number || '_' || consumed, reservation_id, number, sku,
           node_id, condition, pieces, %(left_at)s from held
)
update stock_position p set reserved = p.reserved + moved.firm, reserved_soft = p.reserved_soft - moved.soft,
       cause = 'shipment'
  from (select sku, node_id, condition, coalesce(sum(pieces) filter (where soft), 0) as soft,
               coalesce(sum(pieces) filter (where soft and not known), 0)
                   - coalesce(sum(pieces) filter (where counted and known), 0) as firm
          from (select *, contains(semantics, as_of, %(left_at)s, taken_in) as known from held) held
         group by sku, node_id, condition) moved
 where p.sku = moved.sku and p.node_id = moved.node_id and p.condition = moved.condition
   and (moved.firm <> 0 or moved.soft > 0)
"""
