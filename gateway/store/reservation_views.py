"""Reservations as they are read: one whose time is over has expired, whether or not anybody has tidied it up."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

from gateway.domain.reservations import Held, Holder, Reservation
from gateway.store.pool import Connection, Database

_OVER: LiteralString = "r.state = 'active' and coalesce(r.expires_at <= clock_timestamp(), false)"
COLUMNS: LiteralString = f"""
select r.reservation_id, r.kind, r.holder_type, r.holder_id, r.attempt,
       case when {_OVER} then 'expired' else r.state end, r.version + ({_OVER})::integer, r.expires_at, r.created_at,
       case when {_OVER} then r.expires_at else r.updated_at end,
       (select jsonb_agg(jsonb_build_array(l.number, l.line_id, l.sku, l.node_id, l.condition, l.quantity, l.consumed,
                                           l.released + case when {_OVER} then l.open else 0 end) order by l.number)
          from reservation_line l where l.reservation_id = r.reservation_id)
"""


def reservation_of(row: Sequence[Any]) -> Reservation:
    reservation_id, kind, type_, holder_id, attempt, state, version, expires_at, created_at, updated_at, lines = row
    return Reservation(
        reservation_id,
        kind,
        Holder(type_, holder_id, attempt),
        state,
        version=version,
        expires_at=expires_at,
        created_at=created_at,
        updated_at=updated_at,
        lines=tuple(Held(*line) for line in lines),
    )


async def read_reservation(connection: Connection, reservation_id: str, *, partner: str | None) -> Reservation | None:
    """A partner that is None sees everybody's, and ours; another's is as absent as an unknown one."""
    cursor = await connection.execute(_READ, (reservation_id, partner, partner), prepare=True)
    row = await cursor.fetchone()
    return reservation_of(row) if row else None


_READ: LiteralString = f"""
{COLUMNS} from reservation r where r.reservation_id = %s and (%s::text is null or r.partner_id = %s)
"""


@dataclass(frozen=True, slots=True)
class Sought:
    """Whose reservations, and for whom; a holder's id comes with its type."""

    partner: str | None
    holder_type: str | None = None
    holder_id: str | None = None


async def list_reservations(database: Database, sought: Sought, *, after: str | None, limit: int) -> list[Reservation]:
    """Newest first, beginning behind *after*."""
    values = {
        "partner": sought.partner,
        "holder_type": sought.holder_type,
        "holder_id": sought.holder_id,
        "after": after,
        "limit": limit,
    }
    async with database.connection() as connection:
        cursor = await connection.execute(_question(sought), values)
        return [reservation_of(row) for row in await cursor.fetchall()]


def _question(sought: Sought) -> LiteralString:
    """A text for each way to ask, so that each has the plan that suits it."""
    where: list[LiteralString] = ["(%(after)s::text is null or r.reservation_id < %(after)s)"]
    if sought.partner is not None:
        where.append("r.partner_id = %(partner)s")
    if sought.holder_id is not None:
        where.append("r.holder_type = %(holder_type)s and r.holder_id = %(holder_id)s")
    conditions: LiteralString = " and ".join(where)
    return f"{COLUMNS} from reservation r where {conditions} order by r.reservation_id desc limit %(limit)s"
