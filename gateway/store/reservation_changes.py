"""What becomes of a reservation: parts given back, parts gone, its end moved. Seen and changed under all its locks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import psycopg

from gateway.context import Call
from gateway.domain.reservations import Kind, Reservation
from gateway.stock_refusals import StockLocked
from gateway.store import claims, events
from gateway.store.pool import Connection
from gateway.store.reservation_views import read_reservation


@dataclass(frozen=True, slots=True)
class Seen:
    """A reservation while it is locked, and the database's clock then."""

    reservation: Reservation
    now: datetime


async def kind_within_reach(connection: Connection, reservation_id: str, *, partner: str | None) -> Kind | None:
    """Asked before any lock: how long an answer takes must not tell of another partner's reservation."""
    cursor = await connection.execute(_WITHIN_REACH, (reservation_id, partner, partner))
    row = await cursor.fetchone()
    return row[0] if row else None


_WITHIN_REACH = "select kind from reservation where reservation_id = %s and (%s::text is null or partner_id = %s)"


async def lock_reservation(connection: Connection, reservation_id: str) -> Seen:
    """Its positions first, as everybody does, and then itself. Raises `StockLocked` when others keep them."""
    try:
        await connection.execute(_LOCK_STOCK, (reservation_id,))
        cursor = await connection.execute(_LOCK, (reservation_id,))
    except psycopg.errors.LockNotAvailable as error:
        raise StockLocked("the stock is being worked on; repeat the request", effect="none") from error
    row = await cursor.fetchone()
    reservation = await read_reservation(connection, reservation_id, partner=None)
    assert row is not None, "reservations are never deleted"
    assert reservation is not None, "reservations are never deleted"
    return Seen(reservation, row[0])


_LOCK_STOCK = """
select lock_stock(array_agg(sku), array_agg(node_id)) from reservation_line where reservation_id = %s
"""
_LOCK = "select clock_timestamp() from reservation where reservation_id = %s for no key update"


async def release(connection: Connection, reservation_id: str, moves: Mapping[int, int]) -> None:
    """Give pieces back, by the number of the line; the caller holds the locks of `lock_reservation`."""
    await connection.execute(_RELEASE, _moved(reservation_id, moves))


async def consume(connection: Connection, reservation_id: str, moves: Mapping[int, int], *, left_at: datetime) -> None:
    """The pieces left at *left_at*: they are claims until a count later than that."""
    await connection.execute(_CONSUME, {**_moved(reservation_id, moves), "left_at": left_at})


_RELEASE = claims.released(claims.SOME)
_CONSUME = claims.left(claims.SOME)


def _moved(reservation_id: str, moves: Mapping[int, int]) -> dict[str, object]:
    numbers = sorted(moves)
    return {
        "reservations": [reservation_id] * len(numbers),
        "numbers": numbers,
        "pieces": [moves[number] for number in numbers],
    }


async def extend(connection: Connection, reservation_id: str, *, expires_at: datetime) -> None:
    await connection.execute(_EXTEND, (expires_at, reservation_id, expires_at, reservation_id))


_EXTEND = """
with lines as (update reservation_line set expires_at = %s where reservation_id = %s and open > 0)
update reservation set expires_at = %s, version = version + 1, updated_at = clock_timestamp() where reservation_id = %s
"""


async def record_change(connection: Connection, call: Call, after: Reservation, what: str, *, event_id: str) -> None:
    """The event of a change: *what* was done, and how the reservation stands since."""
    kind = f"com.omnigate.reservation.{what}.v1"
    data, ids = {"state": after.state, "version": after.version}, {"event_id": event_id, "trace_id": call.trace_id}
    await events.record(connection, after.reservation_id, kind, data, now=after.updated_at, **ids)
