"""The money ledger of an order, inside the caller's transaction. Amounts are minor units of the order's currency."""

from datetime import datetime

from gateway.store.pool import Connection


async def held(connection: Connection, order_id: str, amount: int, *, until: datetime | None = None) -> None:
    await connection.execute(_HELD, (order_id, amount, until))


_HELD = """
insert into payment (order_id, authorised, expires_at, held_at) values (%s, %s, %s, clock_timestamp())
on conflict (order_id) do update
   set authorised = payment.authorised + excluded.authorised, held_at = excluded.held_at,
       expires_at = coalesce(excluded.expires_at, payment.expires_at)
"""


async def lasts(connection: Connection, order_id: str, until: datetime) -> None:
    """Until when what comes to be held next is held."""
    await connection.execute(_LASTS, (order_id, until))


_LASTS = """
insert into payment (order_id, expires_at) values (%s, %s)
on conflict (order_id) do update set expires_at = excluded.expires_at
"""


async def hold_instead(
    connection: Connection, order_id: str, authorisation: str, amount: int, *, until: datetime | None
) -> int:
    """From now on money is taken of *authorisation*. Returns how much is left of the one before."""
    left = await untaken(connection, order_id)
    await connection.execute(_INSTEAD, (authorisation, amount, until, order_id))
    return left


_INSTEAD = """
update payment set authorisation = %s, authorised = authorised + %s, expires_at = %s, held_at = clock_timestamp()
 where order_id = %s
"""


async def give_back_some(connection: Connection, order_id: str, amount: int) -> None:
    """So much of what was held and not taken; all of it, if that is less."""
    await connection.execute(
        "update payment set voided = least(voided + %s, authorised - captured) where order_id = %s", (amount, order_id)
    )


async def in_force(connection: Connection, order_id: str) -> str | None:
    """The authorisation that money is taken of; None: the order's first."""
    cursor = await connection.execute("select authorisation from payment where order_id = %s", (order_id,))
    row = await cursor.fetchone()
    return str(row[0]) if row and row[0] is not None else None


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
