"""Goods that came for purchase orders, each receipt once, in the caller's transaction."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.store.pool import Connection


@dataclass(frozen=True, slots=True)
class Came:
    """Of one line, in all receipts."""

    received: int
    accepted: int  # whole, and no more than is tolerated
    revision: int  # which was in force when the first of it came


async def came(connection: Connection, po_id: str) -> Mapping[str, Came]:
    """By line; a line of which nothing came is not there."""
    cursor = await connection.execute(_CAME, (po_id,))
    return {row[0]: Came(int(row[1]), int(row[2]), row[3]) for row in await cursor.fetchall()}


_CAME = """
select line_id, sum(received), sum(accepted), (array_agg(revision order by recorded_at, receipt_id))[1]
  from goods_receipt join goods_receipt_line using (receipt_id) where po_id = %s group by line_id
"""
