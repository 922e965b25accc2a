"""What is known of nodes when an order is sourced, and the decision as it is kept. Inside the caller's transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from psycopg.types.json import Jsonb

from gateway.domain.calendars import leaves_at, opens_at
from gateway.domain.sourcing import Decision
from gateway.domain.sourcing_policy import SourcingPolicy
from gateway.domain.sourcing_terms import Plan, Shelf, Site, Task, Weights
from gateway.store.pool import Connection
from gateway.store.stock import lock_positions

CONDITION = "new"


async def sites_for(
    connection: Connection, skus: Sequence[str], to: str | None, policy: SourcingPolicy, *, now: datetime
) -> list[Site]:
    """Every active node with a position of one of the SKUs (in upper case), which stay locked until the commit."""
    await lock_places(connection, skus)
    rows = await (await connection.execute(_SITES, (list(skus),))).fetchall()
    taken = await _taken_today(connection, rows, now)
    return [_site(row, to, policy, taken=taken.get(row[0], 0), now=now) for row in rows]


async def lock_places(connection: Connection, skus: Sequence[str]) -> None:
    """Until the commit nobody else changes how much there is of these SKUs (in upper case) at active nodes."""
    cursor = await connection.execute(_PLACES, (list(skus),))
    await lock_positions(connection, [(sku, node) for sku, node in await cursor.fetchall()])


_PLACES = f"""
select p.sku, p.node_id from stock_position p join node n using (node_id)
 where p.sku = any(%s) and p.condition = '{CONDITION}' and n.status = 'active'
"""

_SITES = f"""
select n.node_id, n.type, n.priority, n.document, jsonb_object_agg(p.sku, jsonb_build_array(p.available, p.confidence))
  from stock_position p join node n using (node_id)
 where p.sku = any(%s) and p.condition = '{CONDITION}' and n.status = 'active'
 group by n.node_id order by n.node_id
"""


async def _taken_today(connection: Connection, rows: Sequence[Sequence[Any]], now: datetime) -> dict[str, int]:
    """Orders that went to those nodes since their own midnight whose capacity is bounded."""
    bounded = {
        node: datetime.combine(now.astimezone(zone := ZoneInfo(features.get("timezone", "UTC"))).date(), time(), zone)
        for node, _, _, features, _ in rows
        if "orders_per_day" in features.get("capacity", {})
    }
    if not bounded:
        return {}
    cursor = await connection.execute(_TAKEN, (list(bounded), list(bounded.values())))
    return dict(await cursor.fetchall())


_TAKEN = """
select day.node_id, count(*) from unnest(%s::text[], %s::timestamptz[]) as day (node_id, began)
  join sourcing_decision d on d.node_id = day.node_id and d.decided_at >= day.began group by 1
"""


def _site(row: Sequence[Any], to: str | None, policy: SourcingPolicy, *, taken: int, now: datetime) -> Site:
    node_id, type_, priority, features, shelves = row
    cost = features.get("cost", {})
    return Site(
        *(node_id, type_, leaves_at(features, now)),
        shelves={sku: Shelf(available, confident=sure != "low") for sku, (available, sure) in shelves.items()},
        lane=policy.lane(features.get("region"), to),
        handling=(cost.get("pack", 0) + cost.get("labour", 0), cost.get("pick", 0)),
        capacity=features.get("capacity", {}).get("orders_per_day"),
        taken=taken,
        capabilities=frozenset(features.get("capabilities", ())),
        priority=priority,
        opens_at=opens_at(features, now),
    )


async def keep_decision(
    connection: Connection,
    decision_id: str,
    order_id: str,
    asked: tuple[Task, Sequence[Site], Weights],
    decision: Decision,
    *,
    now: datetime,
) -> None:
    """Of a plan that serves the order from one node."""
    task, sites, weights = asked
    document = {
        "task": asdict(task),
        "sites": [asdict(site) for site in sites],
        "weights": asdict(weights),
        "plan": _told(decision.plan),
        "runner_up": _told(decision.runner_up) if decision.runner_up else None,
        "left_out": dict(decision.left_out),
        "flip": asdict(decision.flip) if decision.flip else None,
    }
    plain = orjson.loads(orjson.dumps(document, default=_plain))
    node = decision.plan.nodes[0]
    await connection.execute(_KEEP, (decision_id, order_id, node, now, Jsonb(plain)))


_KEEP = """
insert into sourcing_decision (decision_id, order_id, node_id, decided_at, document) values (%s, %s, %s, %s, %s)
"""


def _told(plan: Plan) -> Mapping[str, Any]:
    return {**asdict(plan), "score": plan.score, "nodes": plan.nodes}


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset) else str(value)
