"""
Lists of orders, newest first by when the channel placed them; a partner that is None sees everybody's.

Every list is put together from cells: (partner), (partner, status) or (partner, channel, status). For each kind there
is an index in which the orders of a cell stand in the list's order. A page takes the first few entries of each cell,
and that bounds its cost: neither the size of the table counts, nor whether what is asked for is rare or long ago. The
ends of a range are bounds in the same index.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from gateway.domain.orders import OrderStatus
from gateway.store.pool import Database

Place = tuple[datetime | str, str]  # where in the order of the list: placed_at, then order_id

_SINCE, _BEFORE = "-infinity", "infinity"
_EVERY_STATUS = tuple(status.value for status in OrderStatus)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which orders; what is None or empty does not narrow the list."""

    partner: str | None
    statuses: tuple[str, ...] = ()
    channel_id: str | None = None
    channel_order_id: str | None = None
    placed_from: datetime | None = None
    placed_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class SummaryRow:
    order_id: str
    status: OrderStatus
    version: int
    channel_id: str
    channel_order_id: str
    currency: str
    grand_total: int
    received_at: datetime
    stands_at: datetime  # the instant of placed_at, by which the list is ordered
    placed_at: str  # as the channel wrote it


async def list_orders(database: Database, wanted: Wanted, *, after: Place | None, limit: int) -> list[SummaryRow]:
    """Beginning behind *after*, or with the newest."""
    sql, values = question(wanted, after=after, limit=limit)
    async with database.connection() as connection:
        cursor = await connection.execute(sql, values)
        return [SummaryRow(order_id, OrderStatus(status), *rest) for order_id, status, *rest in await cursor.fetchall()]


def question(wanted: Wanted, *, after: Place | None, limit: int) -> tuple[LiteralString, Mapping[str, Any]]:
    """The statement and its parameters. There are four texts: each is prepared by itself and has one sensible plan."""
    before, behind = after or (wanted.placed_before or _BEFORE, "")
    values = {
        "partner": wanted.partner,
        "statuses": list(wanted.statuses or _EVERY_STATUS),
        "channel_id": wanted.channel_id,
        "channel_order_id": wanted.channel_order_id,
        "since": wanted.placed_from or _SINCE,
        "before": before,
        "behind": behind,
        "limit": limit,
    }
    if wanted.channel_order_id is not None:
        return _BY_CHANNEL_ORDER_ID, values
    if wanted.channel_id is not None:
        return _BY_CHANNEL, values
    return (_BY_STATUS if wanted.statuses else _BY_PARTNER), values


# Parameters stand in selects of their own, where the planner cannot see them: else it would take the plan made for one
# caller to be cheaper than the one for all, and plan anew at every call.
_PARTNER: LiteralString = "(select %(partner)s::text)"
_STATUSES: LiteralString = "(select %(statuses)s::text[])"
_CHANNEL: LiteralString = "(select %(channel_id)s::text)"
_NAMED: LiteralString = "(select %(channel_order_id)s::text)"
_END: LiteralString = "(select %(before)s::timestamptz), (select %(behind)s::text)"
_RANGE: LiteralString = f"(placed_at, order_id) < ({_END}) and placed_at >= (select %(since)s::timestamptz)"
_NEWEST: LiteralString = "order by placed_at desc, order_id desc limit (select %(limit)s::bigint)"
_MINE: LiteralString = f"({_PARTNER} is null or partner_id = {_PARTNER})"
_COLUMNS: LiteralString = """
select order_id, status, version, channel_id, channel_order_id, currency, grand_total, received_at, placed_at,
       document ->> 'placed_at'
"""


def _cells(cells: LiteralString, where: LiteralString) -> LiteralString:
    """The first of every cell, and of these the first. Documents are opened for those that are shown."""
    return f"""
with cell as ({cells})
{_COLUMNS} from (
    select o.* from cell cross join lateral (
        select * from orders where {where} and {_RANGE} {_NEWEST}
    ) o {_NEWEST}
) page order by placed_at desc, order_id desc
"""


_BY_PARTNER = _cells(
    f"select partner_id as whose from partner where {_MINE}",
    "partner_id = cell.whose",
)
_BY_STATUS = _cells(
    f"select partner_id as whose, stage from partner, unnest({_STATUSES}) as stage where {_MINE}",
    "partner_id = cell.whose and status = cell.stage",
)
# Another partner's channel is no cell at all, as if it did not exist.
_BY_CHANNEL = _cells(
    f"""select partner_id as whose, channel_id as channel, stage from channel, unnest({_STATUSES}) as stage
         where channel_id = {_CHANNEL} and {_MINE}""",
    "partner_id = cell.whose and channel_id = cell.channel and status = cell.stage",
)
# At most as many orders as there are channels, found before anything else is asked of them: `offset 0` says so.
_BY_CHANNEL_ORDER_ID: LiteralString = f"""
{_COLUMNS} from (select * from orders where channel_order_id = {_NAMED} offset 0) named
 where {_MINE} and status = any(%(statuses)s::text[]) and ({_CHANNEL} is null or channel_id = {_CHANNEL})
   and {_RANGE} {_NEWEST}
"""
