"""Orders whose money could not be held anew: told to partners, held, put in front of a person, and let go again."""

from collections.abc import Mapping

from gateway.domain.holds import PLACED_EVENT, RELEASED_EVENT
from gateway.store.events import tell_of_order
from gateway.store.exceptions import Opening, close_exception, open_exception
from gateway.store.hands import Hand
from gateway.store.pool import Connection
from gateway.store.renewals import Renewal

CLASS, CODE = "payment/renewal_declined", "renewal_declined"
_WE = "omnigate"


async def left_to_a_person(connection: Connection, renewal: Renewal, by: Hand, *, reason: Mapping[str, str]) -> None:
    """An exception, and a hold without an end on the goods, unless there is one of ours."""
    evidence = {"reason": reason["code"], "tries": renewal.number, "amount": renewal.amount}
    known = {**evidence, "authorisation": renewal.instead_of}
    opening = Opening(by.mint("xcp"), CLASS, CODE, renewal.order_id, known, ("retry", "resolve"))
    await open_exception(connection, opening, now=by.now)
    hold_id = by.mint("hld")
    cursor = await connection.execute(_HOLD, (hold_id, renewal.order_id, _WE, by.now, renewal.order_id, _WE))
    if await cursor.fetchone() is not None:
        await tell_of_order(
            connection, renewal.order_id, PLACED_EVENT, by, hold={"hold_id": hold_id, "type": "payment"}
        )


_HOLD = """
insert into order_hold (hold_id, order_id, type, reason, placed_by, placed_at)
select %s, %s, 'payment', 'the money could not be held anew', %s, %s
 where not exists (select from order_hold where order_id = %s and placed_by = %s and released_at is null) returning 1
"""


async def settled(connection: Connection, order_id: str, by: Hand) -> None:
    """The money is held anew, or nothing is owed any more: nobody has to decide, and our own hold is over."""
    why = {"why": "the money is held anew, or the order has ended"}
    await close_exception(connection, class_=CLASS, code=CODE, subject=order_id, resolution=why, now=by.now)
    await let_go(connection, order_id, by, who=_WE, reason=why["why"])


async def let_go(connection: Connection, order_id: str, by: Hand, *, who: str, reason: str) -> None:
    """Our own hold is released, and the parts that waited for that are woken."""
    cursor = await connection.execute(_RELEASE, (who, by.now, reason, order_id, _WE))
    for (hold_id,) in await cursor.fetchall():
        await tell_of_order(connection, order_id, RELEASED_EVENT, by, hold={"hold_id": hold_id, "type": "payment"})
    await wake_waiting(connection, order_id)


_RELEASE = """
update order_hold set released_by = %s, released_at = %s, release_reason = %s
 where order_id = %s and placed_by = %s and released_at is null returning hold_id
"""


async def wake_waiting(connection: Connection, order_id: str) -> None:
    """The parts that wait to be released."""
    await connection.execute(
        "select wake(fulfilment_id) from fulfilment where order_id = %s and status = 'booked'", (order_id,)
    )
