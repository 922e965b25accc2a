"""What a supplier answered otherwise than was ordered: told to a buyer, until the order stands otherwise."""

from collections.abc import Mapping
from typing import Any

from gateway.domain.purchase_orders import OrderState
from gateway.store.exceptions import Opening, close_exception, open_exception
from gateway.store.hands import Hand
from gateway.store.pool import Connection

OTHERWISE = "suppliers/answered_otherwise"
TOLD = (OrderState.CHANGE_PROPOSED, OrderState.DECLINED)  # each is the cause, too


async def ask_buyer(
    connection: Connection, po_id: str, after: OrderState, evidence: Mapping[str, Any], hand: Hand
) -> None:
    opening = Opening(hand.mint("xcp"), OTHERWISE, after.value, po_id, evidence, ("resolve",))
    await open_exception(connection, opening, now=hand.now)


async def answered(connection: Connection, po_id: str, after: OrderState, hand: Hand) -> None:
    """Whatever was asked about the order, it has become *after*."""
    resolution = {"action": f"the order is {after}", "by": hand.who}
    for told in TOLD:
        await close_exception(
            connection, class_=OTHERWISE, code=told.value, subject=po_id, resolution=resolution, now=hand.now
        )
