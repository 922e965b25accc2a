"""The money ledger of an order, inside the caller's transaction. Amounts are minor units of the order's currency."""

from datetime import datetime

from gateway.store.pool import Connection


async def held(connection: Connection, order_id: str, amount: int, *, until: datetime | None = None) -> None:
    await connection.execute(_HELD, (order_id, amount, until))


_HELD = """
insert into payment (order_id, authorised, expires_at) values (%s, %s, %s)
on conflict (order_id) do update
   set authorised = payment.authorised + excluded.authorised, expires_at = excluded.expires_at
"""


async def taken(connection: Connection, order_id: str, amount: int) -> None:
    await connection.execute("update payment set captured = captured + %s where order_id = %s", (amount, order_id))


async def given_back(connection: Connection, order_id: str) -> None:
    """All that was held and not taken."""
    await connection.execute("update payment set voided = authorised - captured where order_id = %s", (order_id,))


async def still_held(connection: Connection, order_id: str) -> bool:
    """Can what is held still be taken, as far as the provider has said until when?"""
    cursor = await connection.execute(
        "select coalesce(expires_at > clock_timestamp(), true) from payment where order_id = %s", (order_id,)
    )
    return await cursor.fetchone() != (False,)


async def untaken(connection: Connection, order_id: str) -> int:
    """What is still held."""
    cursor = await connection.execute(
        "select authorised - captured - voided from payment where order_id = %s", (order_id,)
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0
