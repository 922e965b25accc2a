"""Reservations whose time is over: they hold nothing any more, and this is only tidying up after them."""

from collections.abc import Sequence

from gateway.domain.identifiers import Mint
from gateway.store.pool import Connection, Database
from gateway.store.stock import lock_positions

AT_ONCE = 100
_MOST_ROUNDS = 50


async def tidy(database: Database, mint: Mint) -> int:
    """A bounded number of small transactions. Returns how many reservations have been ended."""
    for _ in range(_MOST_ROUNDS):
        async with database.transaction() as connection:
            if await end_lines(connection) < AT_ONCE:
                break
    ended = 0
    for _ in range(_MOST_ROUNDS):
        async with database.transaction() as connection:
            now = await end_reservations(connection, mint)
        ended += now
        if now < AT_ONCE:
            break
    return ended


async def end_lines(connection: Connection) -> int:
    """Give back what lines hold that are over; those that ended first come first. Returns how many were looked at."""
    cursor = await connection.execute(_OVER, (AT_ONCE,))
    places: Sequence[tuple[str, str]] = await cursor.fetchall()
    if places:
        await lock_positions(connection, list(dict.fromkeys(places)))
    return len(places)


_OVER = """
select sku, node_id from reservation_line
 where expires_at <= clock_timestamp() and open > 0 order by expires_at limit %s
"""


async def end_reservations(connection: Connection, mint: Mint) -> int:
    """Say of reservations without open lines that they have expired, once and with an event."""
    cursor = await connection.execute(_END, {"ids": [mint("evt") for _ in range(AT_ONCE)], "most": AT_ONCE})
    return len(await cursor.fetchall())


_END = """
with due as (
    select r.reservation_id from reservation r
     where r.state = 'active' and r.expires_at <= clock_timestamp()
       and not exists (select from reservation_line l where l.reservation_id = r.reservation_id and l.open > 0)
     order by r.expires_at limit %(most)s for no key update skip locked
), ended as (
    update reservation r set state = 'expired', version = r.version + 1, updated_at = r.expires_at
      from due where r.reservation_id = due.reservation_id returning r.reservation_id, r.version, r.expires_at
), numbered as (
    select *, row_number() over (order by reservation_id) as number from ended
)
select record_event((%(ids)s::text[])[number], reservation_id, 'com.omnigate.reservation.expired.v1', expires_at,
                    repeat('0', 32), jsonb_build_object('state', 'expired', 'version', version))
  from numbered
"""
