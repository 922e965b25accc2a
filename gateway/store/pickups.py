"""What waits in a store for its customer, inside the caller's transaction, its run locked."""

from datetime import datetime

from gateway.store.pool import Connection


async def make(
    connection: Connection, fulfilment_id: str, code_hash: bytes, *, keep_days: int, now: datetime
) -> datetime:
    """It is ready. Returns until when it is kept, by the database's clock."""
    cursor = await connection.execute(_MAKE, (fulfilment_id, code_hash, now, keep_days))
    row = await cursor.fetchone()
    assert row is not None, "an upsert returns its row"
    moment: datetime = row[0]
    return moment


_MAKE = """
insert into pickup (fulfilment_id, code_hash, ready_at, expires_at)
values (%s, %s, %s, clock_timestamp() + make_interval(days => %s))
on conflict (fulfilment_id) do update set code_hash = excluded.code_hash, expires_at = excluded.expires_at
returning expires_at
"""


async def remind(connection: Connection, fulfilment_id: str, after_days: tuple[int, ...]) -> int | None:
    """The number of the reminder that is due now, which is then counted as made; None: none is."""
    cursor = await connection.execute(_REMIND, {"id": fulfilment_id, "days": list(after_days)})
    row = await cursor.fetchone()
    return int(row[0]) if row else None


_REMIND = """
update pickup p set reminded = p.reminded + 1
 where fulfilment_id = %(id)s and collected_at is null and p.reminded < cardinality(%(days)s::integer[])
   and clock_timestamp() >= p.ready_at + make_interval(days => (%(days)s::integer[])[p.reminded + 1])
returning p.reminded
"""


async def close(connection: Connection, fulfilment_id: str) -> None:
    """Nothing is handed over against its code any more."""
    await connection.execute(
        "update pickup set expires_at = least(expires_at, clock_timestamp()) where fulfilment_id = %s", (fulfilment_id,)
    )
