"""
Holds on orders, placed and released under the locks of run and order.

One is open while it is neither released nor over, and what the time is says the database.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from gateway.domain.holds import MOST_OPEN, PLACED_EVENT, RELEASED_EVENT, HoldState, HoldType, has_ended
from gateway.refusals import Conflict, Fault, Invalid
from gateway.store import events
from gateway.store.cancelling import Standing, is_within_reach
from gateway.store.hands import Hand
from gateway.store.pool import Connection, Database

_MOST_LISTED = 200
_OPEN: LiteralString = "h.released_at is null and coalesce(h.expires_at > clock_timestamp(), true)"
_OVER: LiteralString = "coalesce(h.expires_at <= clock_timestamp(), false)"
_COLUMNS: LiteralString = f"""h.hold_id, h.order_id, h.type, h.reason, h.placed_by, h.placed_at, h.expires_at,
    h.released_by, h.released_at, h.release_reason, {_OVER}"""

# Part of a statement about orders `o`: the open holds of each as its partner may see them, null when there are none.
OPEN_HOLDS: LiteralString = f"""
(select jsonb_agg(jsonb_build_object('hold_id', h.hold_id, 'type', h.type, 'placed_at', h.placed_at,
                                     'expires_at', h.expires_at) order by h.placed_at, h.hold_id)
   from order_hold h where h.order_id = o.order_id and {_OPEN})"""


@dataclass(frozen=True, slots=True)
class HoldRow:
    hold_id: str
    order_id: str
    type: HoldType
    reason: str
    placed_by: str
    placed_at: datetime
    expires_at: datetime | None
    released_by: str | None
    released_at: datetime | None
    release_reason: str | None
    over: bool  # its time is, whether or not it was released before

    @property
    def state(self) -> HoldState:
        if self.released_at is not None:
            return "released"
        return "expired" if self.over else "open"


@dataclass(frozen=True, slots=True)
class Asked:
    """A hold that somebody wants to place."""

    type: HoldType
    reason: str
    expires_at: datetime | None = None


async def seconds_left(connection: Connection, order_id: str, *, most: int) -> int:
    """Until the order's open holds have ended by themselves, at least 1 and at most so many; 0: none is open. None is
    placed or released while the caller holds the row of the order's run; they still may come to their end."""
    cursor = await connection.execute(_LEFT, (most, most, order_id))
    row = await cursor.fetchone()
    return int(row[0]) if row and row[0] else 0


_LEFT = f"""
select greatest(1, least(%s, max(coalesce(ceil(extract(epoch from h.expires_at - clock_timestamp())), %s))))::integer
  from order_hold h where h.order_id = %s and {_OPEN} having count(*) > 0
"""


async def list_holds(database: Database, order_id: str, *, partner: str | None) -> list[HoldRow] | None:
    """All of them, the newest first, at most 200. None: there is no such order for whom who asks."""
    async with database.connection() as connection:
        if not await is_within_reach(connection, order_id, partner=partner):
            return None
        cursor = await connection.execute(_LIST, (order_id, _MOST_LISTED))
        return [HoldRow(*row) for row in await cursor.fetchall()]


_LIST = f"""
select {_COLUMNS} from order_hold h where h.order_id = %s order by h.placed_at desc, h.hold_id desc limit %s
"""


async def place_hold(connection: Connection, order_id: str, standing: Standing, asked: Asked, by: Hand) -> HoldRow:
    """The caller has locked the order and seen its *standing*. Raises `Conflict` when it has ended or has too many open
    holds, and `Invalid` when this one would be over before it began."""
    if has_ended(standing.status):
        raise Conflict(f"the order is {standing.status}: there is nothing left to hold", effect="none")
    row = await (await connection.execute(_COUNTED, (asked.expires_at, order_id))).fetchone()
    assert row is not None, "a count is a row"
    over, there = row
    if over:
        fault = Fault("#/expires_at", "not_ahead", "is not ahead of our clock")
        raise Invalid("the hold would be over before it began", faults=(fault,), effect="none")
    if there >= MOST_OPEN:
        raise Conflict(f"the order has {there} open holds, the most there may be", effect="none")
    hold = (by.mint("hld"), order_id, asked.type, asked.reason, by.who, by.now, asked.expires_at)
    await connection.execute(_PLACE, hold)
    placed = HoldRow(*hold, None, None, None, over=False)
    await _tell(connection, placed, PLACED_EVENT, by)
    return placed


_COUNTED = f"""
select coalesce(%s <= clock_timestamp(), false), count(*) from order_hold h where h.order_id = %s and {_OPEN}
"""
_PLACE = """
insert into order_hold (hold_id, order_id, type, reason, placed_by, placed_at, expires_at)
values (%s, %s, %s, %s, %s, %s, %s)
"""


async def release_hold(
    connection: Connection, order_id: str, hold_id: str, *, reason: str, by: Hand
) -> tuple[HoldRow, bool] | None:
    """The hold as it stands then, and whether that is this release's doing: what has ended stays. Wakes the parts
    that wait to be released.

    The caller has locked run and order. None: the order has no such hold.
    """
    cursor = await connection.execute(_RELEASE, (by.who, by.now, reason, order_id, hold_id))
    if (row := await cursor.fetchone()) is not None:
        released = HoldRow(*row)
        await _tell(connection, released, RELEASED_EVENT, by)
        await connection.execute(_WAKE, (order_id,))
        return released, True
    found = await (await connection.execute(_FIND, (order_id, hold_id))).fetchone()
    return (HoldRow(*found), False) if found else None


_RELEASE = f"""
update order_hold h set released_by = %s, released_at = %s, release_reason = %s
 where h.order_id = %s and h.hold_id = %s and {_OPEN} returning {_COLUMNS}
"""
_WAKE = "select wake(fulfilment_id) from fulfilment where order_id = %s and status = 'booked'"
_FIND = f"select {_COLUMNS} from order_hold h where h.order_id = %s and h.hold_id = %s"


def facts_of(hold: HoldRow, *, reason: str, changed: bool) -> dict[str, object]:
    """For the audit row of whoever placed or released it, or found it ended."""
    return {"hold_id": hold.hold_id, "type": hold.type, "state": hold.state, "reason": reason, "changed": changed}


async def _tell(connection: Connection, hold: HoldRow, event: str, by: Hand) -> None:
    told = {"hold_id": hold.hold_id, "type": hold.type}
    await events.tell_of_order(connection, hold.order_id, event, by, hold=told)
