"""Decisions about where orders are served from, as they were kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.store.pool import Database

_MOST = 400


@dataclass(frozen=True, slots=True)
class DecisionRow:
    decision_id: str
    decided_at: datetime
    document: Mapping[str, Any]  # task, sites, weights, plan, runner_up, left_out, flip


async def list_decisions(database: Database, order_id: str, *, partner: str | None) -> list[DecisionRow] | None:
    """The oldest first. None: there is no such order for whom who asks."""
    async with database.connection() as connection:
        cursor = await connection.execute(_THERE, (order_id, partner, partner))
        if await cursor.fetchone() is None:
            return None
        cursor = await connection.execute(_LIST, (order_id, _MOST))
        return [DecisionRow(*row) for row in await cursor.fetchall()]


_THERE = "select from orders where order_id = %s and (%s::text is null or partner_id = %s)"
_LIST = """
select decision_id, decided_at, document from sourcing_decision where order_id = %s
 order by decided_at, decision_id limit %s
"""
