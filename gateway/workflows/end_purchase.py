"""
end_purchase: an order that was agreed to is ended. If nothing of it came, it is withdrawn from its supplier and its
purchase is cancelled in the ERP. Otherwise the purchase stays for what came, and a person closes the rest of it.
"""

from dataclasses import dataclass
from datetime import datetime

from gateway.domain.identifiers import Mint
from gateway.domain.procurement import ENDING
from gateway.domain.purchase_orders import OrderState
from gateway.ports import BackEnds, Effect
from gateway.store import postings, purchase_endings, purchases
from gateway.store.pool import Connection
from gateway.workflows.executors import LOCAL_BY_HAND
from gateway.workflows.purchases_by_hand import ByHand
from gateway.workflows.reasons import ORDERING, SUPPLIER
from gateway.workflows.saga import Case, Gate, Local, Moved, Saga, Step

LOOK = 3600  # seconds after which it is looked at although nobody said that its purchase is settled
MESSAGE, PURCHASE = "find_message", "find_purchase"


@dataclass(frozen=True, slots=True)
class Ending:
    """*books* and *sends* as in `procure_to_pay`."""

    by_hand: ByHand
    books: bool
    sends: bool

    async def find_message(self, connection: Connection, case: Case, now: datetime) -> Effect:
        left = await purchase_endings.left(connection, case.purchase.purchase_id)
        in_force = left.purchase == "confirmed" and left.order is OrderState.CANCELLED
        return _found(left.message if self.sends and in_force else None, MESSAGE)

    async def find_purchase(self, connection: Connection, case: Case, now: datetime) -> Effect:
        """What its own run took back meanwhile is not there any more."""
        left, bought = await purchase_endings.left(connection, case.purchase.purchase_id), case.purchase
        if left.purchase == "taken_back":
            return _found(None, PURCHASE)
        about = (bought.purchase_id, bought.agreed or bought.order, now)
        if left.order is OrderState.CLOSED:
            await self.by_hand.close(connection, *about)
            return _found(None, PURCHASE)
        if self.books and left.booked is not None and left.purchase == "confirmed":
            return _found(left.booked, PURCHASE)
        await self.by_hand.reverse(connection, *about)
        return _found(None, PURCHASE)


def _found(effect_id: str | None, what: str) -> Effect:
    return Effect(effect_id or "none", what, "found", {"known": "yes"} if effect_id else {})


async def unsettled(connection: Connection, case: Case) -> int:
    return LOOK if await postings.unsettled(connection, case.purchase.order.po_id) else 0


async def _stays(connection: Connection, case: Case, now: datetime) -> None:
    raise AssertionError("there is no way back from the end of an order")


async def withdraw_order(case: Case, back_ends: BackEnds, key: str) -> Effect:
    assert back_ends.supplier is not None, "the step is left out where nobody carries orders to suppliers"
    return await back_ends.supplier.withdraw(case.done(MESSAGE).id, key=key)


async def cancel_purchase(case: Case, back_ends: BackEnds, key: str) -> Effect:
    assert back_ends.purchasing is not None, "the step is left out where the ERP does not book purchases"
    return await back_ends.purchasing.cancel_purchase(case.done(PURCHASE).id, key=key)


class EndingSubject:
    """`gateway.workflows.saga.Subject` of an order's ending: it is ended, whatever supplier and ERP say."""

    async def load(self, connection: Connection, run_id: str) -> Case:
        bought = await purchases.load(connection, await purchase_endings.purchase_of(connection, run_id))
        return Case(None, None, trace_id=bought.trace_id, bought=bought)

    async def status(self, connection: Connection, run_id: str) -> str:
        return "begun"

    async def move(self, connection: Connection, run_id: str, status: str, moved: Moved) -> None:
        await purchase_endings.ended(connection, run_id, now=moved.now)


def end_purchase(mint: Mint, *, books: bool, sends: bool) -> Saga:
    ending = Ending(ByHand(mint), books, sends)
    return Saga(
        *ENDING,
        (
            Gate("await_purchase", unsettled, by_hand="mend what the order's purchase hangs on; retry looks again"),
            Local(MESSAGE, ending.find_message, _stays, by_hand=LOCAL_BY_HAND),
            Step(
                *("withdraw_order", "supplier", "withdraw", withdraw_order, SUPPLIER),
                about=MESSAGE,
                only_if=f"{MESSAGE}.known",
                by_hand="agree with the supplier what becomes of its goods; resolve with how it was told",
            ),
            Local(PURCHASE, ending.find_purchase, _stays, by_hand=LOCAL_BY_HAND),
            Step(
                *("cancel_purchase", "erp", "cancel_purchase", cancel_purchase, ORDERING),
                about=PURCHASE,
                only_if=f"{PURCHASE}.known",
                by_hand="reverse the purchase order in the ERP, or close it; resolve with its id",
            ),
        ),
        EndingSubject(),
        done="ended",
        undone="ended",
        stopped="ended",
        wished="",
        resumed="",
        forward_only=True,
    )
