"""Facts that sources tell of, each taken once: what comes on top of their count, and what orders of ours explain."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from gateway.domain.feeds import OURS, Delta, Source
from gateway.domain.inventory import Place
from gateway.store.divergences import judge
from gateway.store.pool import Connection
from gateway.store.views import Hearing, columns, derive, lock_places

Outcomes = Mapping[str, str]  # event id -> applied | late | ours | noted | duplicate | conflict


async def take_deltas(
    connection: Connection, source: Source, deltas: Sequence[Delta], hearing: Hearing, *, why: str = "delta"
) -> Outcomes:
    """Every fact once, whatever comes twice, late or out of order. The nodes exist; that has been seen to before."""
    first = {delta.event_id: delta for delta in reversed(deltas)}
    places = sorted({delta.place for delta in first.values()})
    await lock_places(connection, places)
    told = _told(source, list(first.values()), hearing.now)
    await connection.execute(_BEGIN_VIEWS, told)
    new = [row[0] for row in await (await connection.execute(_TAKE, told)).fetchall()]
    fresh = {"source": source.source_id, "partner": source.partner_id, "events": new, "now": hearing.now}
    if any(first[event].reason in OURS and first[event].reference for event in new):
        await _settle_ours(connection, source, fresh)
    await connection.execute(_MOVE_VIEWS, fresh)
    await connection.execute(_MOVE_BUCKETS, {**fresh, "why": why})
    await judge(connection, source.source_id, places, hearing)
    await derive(connection, places, why=why)
    return await _outcomes(connection, source, first, set(new))


def _told(source: Source, deltas: Sequence[Delta], now: datetime) -> dict[str, Any]:
    skus, nodes, conditions = columns([delta.place for delta in deltas])
    return {
        "source": source.source_id,
        "now": now,
        "ids": [delta.event_id for delta in deltas],
        **{"skus": skus, "nodes": nodes, "conditions": conditions},
        "buckets": [delta.bucket for delta in deltas],
        "deltas": [delta.delta for delta in deltas],
        "reasons": [delta.reason for delta in deltas],
        "references": [delta.reference for delta in deltas],
        "sequences": [delta.sequence for delta in deltas],
        "occurred_at": [delta.occurred_at for delta in deltas],
    }


# A source may tell of a place that it never counted.
_BEGIN_VIEWS = """
insert into stock_view (source_id, sku, node_id, condition, quantity, as_of)
select distinct %(source)s, sku, node_id, condition, 0, timestamptz 'epoch'
  from unnest(%(skus)s::text[], %(nodes)s::text[], %(conditions)s::text[], %(buckets)s::text[])
    as told (sku, node_id, condition, bucket)
 where bucket = 'on_hand' on conflict do nothing
"""

_TAKE = """
insert into stock_delta (source_id, source_event_id, sku, node_id, condition, bucket, delta, reason, reference,
                         sequence, occurred_at, received_at, outcome, applies)
select %(source)s, id, t.sku, t.node_id, t.condition, t.bucket, t.delta, t.reason, t.reference, t.sequence,
       t.occurred_at, %(now)s,
       case when t.bucket <> 'on_hand' and n.source_id <> %(source)s then 'noted'
            when comes_after(case t.bucket when 'on_hand' then t.delta else -t.delta end, t.occurred_at,
                             coalesce(case t.bucket when 'on_hand' then v.as_of else v.buckets_as_of end, '-infinity'))
            then 'applied' else 'late' end,
       t.delta
  from unnest(%(ids)s::text[], %(skus)s::text[], %(nodes)s::text[], %(conditions)s::text[], %(buckets)s::text[],
              %(deltas)s::integer[], %(reasons)s::text[], %(references)s::text[], %(sequences)s::bigint[],
              %(occurred_at)s::timestamptz[])
    as t (id, sku, node_id, condition, bucket, delta, reason, reference, sequence, occurred_at)
  join node n on n.node_id = t.node_id
  left join stock_view v on v.sku = t.sku and v.node_id = t.node_id and v.condition = t.condition
                        and v.source_id = %(source)s
 order by id collate "C"
on conflict (source_id, source_event_id) do nothing
returning source_event_id
"""

_MOVE_VIEWS = """
update stock_view v
   set moved = v.moved + t.moved, told_at = greatest(v.told_at, t.latest), sequence = greatest(v.sequence, t.highest),
       gap = case when t.highest is null then v.gap
                  when not v.gap and t.highest - t.lowest + 1 = t.numbered
                       and t.lowest = coalesce(v.sequence + 1, t.lowest) then false
                  else has_gap(v.source_id, v.sku, v.node_id, v.condition, v.as_of) end
  from (select d.sku, d.node_id, d.condition, max(d.occurred_at) as latest,
               coalesce(sum(d.applies) filter (where comes_after(d.applies, d.occurred_at, w.as_of)), 0) as moved,
               max(d.sequence) as highest, min(d.sequence) as lowest, count(distinct d.sequence) as numbered
          from stock_delta d join stock_view w using (source_id, sku, node_id, condition)
         where d.source_id = %(source)s and d.source_event_id = any(%(events)s) and d.bucket = 'on_hand'
         group by 1, 2, 3) t
 where v.source_id = %(source)s and v.sku = t.sku and v.node_id = t.node_id and v.condition = t.condition
"""

_MOVE_BUCKETS = """
update stock_position p
   set damaged = greatest(0, p.damaged + t.damaged), quality_control = greatest(0, p.quality_control + t.control),
       hold = greatest(0, p.hold + t.hold), display = greatest(0, p.display + t.display), cause = %(why)s
  from (select sku, node_id, condition, coalesce(sum(delta) filter (where bucket = 'damaged'), 0) as damaged,
               coalesce(sum(delta) filter (where bucket = 'quality_control'), 0) as control,
               coalesce(sum(delta) filter (where bucket = 'hold'), 0) as hold,
               coalesce(sum(delta) filter (where bucket = 'display'), 0) as display
          from stock_delta
         where source_id = %(source)s and source_event_id = any(%(events)s) and bucket <> 'on_hand'
           and outcome = 'applied' group by 1, 2, 3) t
 where p.sku = t.sku and p.node_id = t.node_id and p.condition = t.condition
"""


async def _settle_ours(connection: Connection, source: Source, fresh: Mapping[str, Any]) -> None:
    """What orders of ours explain is not applied a second time; it ends their claims instead."""
    cursor = await connection.execute(_SETTLE, {**fresh, "net": source.semantics == "net_of_orders"})
    touched = [row[0] for row in await cursor.fetchall()]
    if touched:  # a statement of its own: who waited for another one's commit sees what that one has consumed
        await connection.execute(_ALONE, (touched,))
        await connection.execute(_CONSUMED, {**fresh, "reservations": touched})


# A reservation's lines of one place are stretches on one scale, and what the source tells of them fills it from the
# left: so facts may come in pieces, and what they tell beyond the scale is no doing of ours. A partner knows its own
# holders; orders and reservations are known by their ids. Only whose word counts there may say that goods have left.
_SETTLE = """
with fresh as materialized (
    select d.*, n.source_id = d.source_id or %(partner)s::text is null as counts
      from stock_delta d join node n using (node_id)
     where d.source_id = %(source)s and d.source_event_id = any(%(events)s) and d.bucket = 'on_hand'
       and d.reason in ('shipment', 'order') and d.reference is not null
), known as (
    select f.reference, r.reservation_id from (select distinct reference from fresh) f
      join reservation r on r.reservation_id = f.reference
    union
    select f.reference, r.reservation_id from (select distinct reference from fresh) f
      join reservation r on r.partner_id is null and r.holder_type = 'order' and r.holder_id = f.reference
    union
    select f.reference, r.reservation_id from (select distinct reference from fresh) f
      join fulfilment p on p.fulfilment_id = f.reference
      join reservation r on r.partner_id is null and r.holder_type = 'order' and r.holder_id = p.order_id
                        and r.attempt = p.number
    union
    select f.reference, r.reservation_id from (select distinct reference from fresh) f
      join reservation r on r.partner_id = %(partner)s and r.holder_id = f.reference
                        and r.holder_type in ('cart', 'order', 'quote', 'transfer')
), line as (
    select k.reference, l.reservation_id, l.number, l.sku, l.node_id, l.condition, l.consumed, l.acknowledged,
           l.quantity - l.released as room,
           sum(l.quantity - l.released) over scale - (l.quantity - l.released) as starts
      from known k join reservation_line l using (reservation_id)
     where l.expires_at is null
    window scale as (partition by k.reference, l.sku, l.node_id, l.condition order by l.reservation_id, l.number)
), before as (
    select reference, sku, node_id, condition, reason, sum(applies - delta) as pieces, max(occurred_at) as latest
      from stock_delta d
     where d.source_id = %(source)s and d.reference in (select reference from known) and d.outcome = 'ours'
       and d.delta < 0 and d.source_event_id <> all(%(events)s)
     group by 1, 2, 3, 4, 5
), told as (
    select f.*, -f.delta as pieces, b.latest,
           coalesce(b.pieces, 0) + sum(-f.delta) over (
               partition by f.reference, f.sku, f.node_id, f.condition, f.reason
                   order by f.occurred_at, f.source_event_id
           ) + f.delta as starts
      from fresh f left join before b using (reference, sku, node_id, condition, reason) where f.delta < 0
), share as (
    select t.source_event_id, t.occurred_at, t.sku, t.node_id, t.condition, l.reservation_id, l.number,
           greatest(0, least(t.starts + t.pieces, l.starts + l.room) - greatest(t.starts, l.starts)) as pieces,
           case when t.reason = 'shipment' and t.counts
                then greatest(0, least(t.starts + t.pieces, l.starts + l.room)
                                 - greatest(t.starts, l.starts + l.consumed)) else 0 end as leaves,
           case when %(net)s and not l.acknowledged ? %(source)s and l.room > 0
                     and t.starts + t.pieces >= l.starts + l.room
                then greatest(t.occurred_at, t.latest) end as taken_in
      from told t join line l using (reference, sku, node_id, condition)
), explained as (
    select source_event_id, sum(pieces) as pieces from share group by 1
    union all
    select f.source_event_id, f.delta from fresh f
     where f.delta > 0 and exists (select from line l where l.reference = f.reference and l.sku = f.sku
                                      and l.node_id = f.node_id and l.condition = f.condition)
), marked as (
    update stock_delta d set outcome = 'ours', applies = case when d.delta > 0 then 0 else d.delta + e.pieces end
      from explained e where d.source_id = %(source)s and d.source_event_id = e.source_event_id
       and (d.delta > 0 or e.pieces > 0)
), gone as (
    insert into stock_outflow (outflow_id, reservation_id, number, sku, node_id, condition, quantity, occurred_at)
    select 'out_' || substr(reservation_id, 5) || '_' || number || '_' || md5(%(source)s || ' ' || source_event_id),
           reservation_id, number, sku, node_id, condition, leaves, occurred_at
      from share where leaves > 0
)
update reservation_line l
   set consumed = l.consumed + s.leaves,
       acknowledged = case when s.taken_in is null then l.acknowledged
                           else l.acknowledged || jsonb_build_object(%(source)s::text, s.taken_in) end
  from (select reservation_id, number, sum(leaves) as leaves, max(taken_in) as taken_in from share group by 1, 2) s
 where l.reservation_id = s.reservation_id and l.number = s.number and (s.leaves > 0 or s.taken_in is not null)
returning l.reservation_id
"""

_ALONE = """
select from reservation where reservation_id = any(%s) order by reservation_id collate "C" for no key update
"""

_CONSUMED = """
update reservation r
   set state = case when r.state = 'active' and not exists (
                        select from reservation_line l where l.reservation_id = r.reservation_id and l.open > 0)
                    then 'consumed' else r.state end,
       version = r.version + 1, updated_at = %(now)s
 where r.reservation_id = any(%(reservations)s)
"""


async def _outcomes(connection: Connection, source: Source, first: Mapping[str, Delta], new: set[str]) -> Outcomes:
    cursor = await connection.execute(_OUTCOMES, (source.source_id, list(first)))
    outcomes = {}
    for event, outcome, delta, *place, bucket, occurred_at in await cursor.fetchall():
        told = first[event]
        kept: tuple[Place, int, str, datetime] = ((place[0], place[1], place[2]), delta, bucket, occurred_at)
        same = kept == (told.place, told.delta, told.bucket, told.occurred_at)
        outcomes[event] = outcome if event in new else "duplicate" if same else "conflict"
    return outcomes


_OUTCOMES = """
select source_event_id, outcome, delta, sku, node_id, condition, bucket, occurred_at
  from stock_delta where source_id = %s and source_event_id = any(%s)
"""
