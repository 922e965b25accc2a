"""What is offered instead of what was promised, inside the caller's transaction, the order's run locked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from psycopg.types.json import Jsonb

from gateway.domain.offer_decisions import OfferKind
from gateway.store.pool import Connection


@dataclass(frozen=True, slots=True)
class Offer:
    offer_id: str
    kind: OfferKind
    node_id: str
    state: str  # open | accepted | declined | expired
    seconds_left: int  # by the database's clock; of an open one


async def pending(connection: Connection, order_id: str, group_id: str) -> Offer | None:
    """The group's last offer whose answer has not been carried out. One that nobody answered in time has expired."""
    await connection.execute(_EXPIRE, (order_id,))
    cursor = await connection.execute(_PENDING, (order_id, group_id))
    row = await cursor.fetchone()
    return Offer(*row) if row else None


_EXPIRE = """
update offer set state = 'expired', decided_at = clock_timestamp()
 where order_id = %s and state = 'open' and expires_at <= clock_timestamp()
"""
_PENDING = """
select offer_id, kind, node_id, state, greatest(1, ceil(extract(epoch from expires_at - clock_timestamp())))::integer
  from offer where order_id = %s and coalesce(group_id = %s, true) and acted_at is null
 order by made_at desc, offer_id desc limit 1
"""


async def make(
    connection: Connection,
    order_id: str,
    offer_id: str,
    *,
    group_id: str,
    kind: OfferKind,
    node_id: str,
    lines: Mapping[str, int],
    by: datetime,
    seconds: int,
    now: datetime,
) -> None:
    await connection.execute(_MAKE, (offer_id, order_id, group_id, kind, node_id, Jsonb(dict(lines)), by, now, seconds))


_MAKE = """
insert into offer (offer_id, order_id, group_id, kind, node_id, lines, promise_by, state, made_at, expires_at)
values (%s, %s, %s, %s, %s, %s, %s, 'open', %s, clock_timestamp() + make_interval(secs => %s))
"""


async def carried_out(connection: Connection, offer_id: str) -> None:
    await connection.execute("update offer set acted_at = clock_timestamp() where offer_id = %s", (offer_id,))


async def asked_about(connection: Connection, order_id: str) -> frozenset[str]:
    """The lines of which customers may still say how they want them, or have said it just now."""
    cursor = await connection.execute(_ASKED_ABOUT, (order_id,))
    return frozenset(row[0] for row in await cursor.fetchall())


_ASKED_ABOUT = "select distinct jsonb_object_keys(lines) from offer where order_id = %s and acted_at is null"


async def withdraw(connection: Connection, order_id: str, group_id: str | None = None) -> None:
    """The order, or one group of it, does not want it any more."""
    await connection.execute(
        "update offer set state = 'expired', decided_at = clock_timestamp(), acted_at = clock_timestamp()"
        " where order_id = %s and coalesce(group_id = %s, true) and acted_at is null",
        (order_id, group_id),
    )
