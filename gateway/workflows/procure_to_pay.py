"""
procure_to_pay: an issued revision of a purchase order is booked in the ERP and sent to its supplier, who is waited for.
Until the order is agreed to, a cancellation or a later revision takes all of it back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gateway.domain.identifiers import Mint
from gateway.domain.procurement import PROCURING
from gateway.domain.purchase_clocks import PurchaseClocks
from gateway.domain.purchase_orders import AGREED, OrderState
from gateway.ports import BackEnds, Effect
from gateway.store import postings, purchases, supplier_reminders
from gateway.store.exceptions import Opening, close_exception, open_exception
from gateway.store.hands import Hand
from gateway.store.pool import Connection
from gateway.store.purchases import Standing
from gateway.workflows import remind_supplier
from gateway.workflows.executors import LOCAL_BY_HAND
from gateway.workflows.purchases_by_hand import ByHand
from gateway.workflows.reasons import ORDERING, SUPPLIER
from gateway.workflows.saga import Around, Branches, Case, Gate, Local, Moved, Saga, Step, Tended

LOOK = 3600  # seconds after which an order is looked at although nobody said anything
AWAIT = "await_confirmation"
UNANSWERED, UNANSWERED_CODE = "suppliers/not_confirmed", "not_confirmed"
OVER = "over"  # cancelled, or another revision is in force


@dataclass(frozen=True, slots=True)
class Procuring:
    """*books*: the ERP books purchases; else a person does. *sends*: somebody carries orders to suppliers; else these
    read them at our door."""

    mint: Mint
    clocks: PurchaseClocks
    by_hand: ByHand
    books: bool
    sends: bool

    async def begin(self, connection: Connection, case: Case, now: datetime) -> Effect:
        if not self.books:
            await self.by_hand.book(connection, case.purchase.purchase_id, case.purchase.order, now)
        wanted = {"books": self.books, "sends": self.sends}
        facts = {name: "yes" for name, so in wanted.items() if so}
        return Effect(case.purchase.purchase_id, f"{case.purchase.purchase_id}:begin", "begun", facts)

    async def taken_back(self, connection: Connection, case: Case, now: datetime) -> None:
        if "books" not in case.done("begin").facts:
            await self.by_hand.reverse(connection, case.purchase.purchase_id, case.purchase.order, now)

    async def tend(self, connection: Connection, case: Case, around: Around) -> Tended:
        """Until the supplier's word is taken, whatever it is; what it changes is booked instead."""
        seen = await purchases.standing(connection, case.purchase.purchase_id)
        in_time = around.now - seen.asked_at < self.clocks.escalate  # asked anew, perhaps
        if seen.order is not OrderState.ISSUED or around.stop_wished or in_time:
            await _answered(connection, case, seen, around.now)
        if around.stop_wished:
            return Tended(nothing_left=True)
        if seen.order not in AGREED:
            again = await self._asked_after(connection, case, seen, around) if seen.order is OrderState.ISSUED else LOOK
            return Tended(again=again)
        purchase = await purchases.load(connection, case.purchase.purchase_id)
        booked = "order_goods" in case.effects
        if purchase.agreed is not None and not booked:
            await self.by_hand.book(connection, purchase.purchase_id, purchase.agreed, around.now)
        facts = {"differs": "yes"} if purchase.agreed is not None and booked else {}
        return Tended(effect=Effect(purchase.purchase_id, f"{purchase.purchase_id}:{AWAIT}", "confirmed", facts))

    async def _asked_after(self, connection: Connection, case: Case, seen: Standing, around: Around) -> int:
        """What is due by now, and for how many seconds nothing else is."""
        now, waited = around.now, around.now - seen.asked_at
        purchase_id = case.purchase.purchase_id
        if waited >= self.clocks.remind and "transmit" in case.effects:
            hand = Hand("system", now, around.trace_id, self.mint)
            saga = (remind_supplier.NAME, remind_supplier.VERSION)
            await supplier_reminders.remind(connection, purchase_id, hand, saga=saga, trace=around.traceparent)
        if waited >= self.clocks.escalate and not seen.escalated:
            evidence = {**case.purchase.order.named, "hours": int(waited / timedelta(hours=1))}
            opening = Opening(
                self.mint("xcp"), UNANSWERED, UNANSWERED_CODE, case.purchase.order.po_id, evidence, ("resolve",)
            )
            await open_exception(connection, opening, now=now)
            await purchases.escalate(connection, purchase_id, now=now)
        ahead = [due - waited for due in (self.clocks.remind, self.clocks.escalate) if due > waited]
        return min([LOOK, *(int(left / timedelta(seconds=1)) + 1 for left in ahead)])


async def _answered(connection: Connection, case: Case, seen: Standing, now: datetime) -> None:
    """Nobody has to ask for it any more."""
    subject, resolution = case.purchase.order.po_id, {"action": f"the order is {seen.order}"}
    await close_exception(
        connection, class_=UNANSWERED, code=UNANSWERED_CODE, subject=subject, resolution=resolution, now=now
    )


async def earlier(connection: Connection, case: Case) -> int:
    """One revision after the other: none is booked or sent while something of the one before still is."""
    return LOOK if await purchases.earlier_under_way(connection, case.purchase.purchase_id) else 0


async def order_goods(case: Case, back_ends: BackEnds, key: str) -> Effect:
    assert back_ends.purchasing is not None, "the step is left out where the ERP does not book purchases"
    return await back_ends.purchasing.order_goods(case.purchase.order, key=key)


async def cancel_purchase(case: Case, back_ends: BackEnds, ordered: Effect, key: str) -> Effect:
    assert back_ends.purchasing is not None, "it has booked the purchase"
    return await back_ends.purchasing.cancel_purchase(ordered.id, key=key)


async def transmit(case: Case, back_ends: BackEnds, key: str) -> Effect:
    assert back_ends.supplier is not None, "the step is left out where nobody carries orders to suppliers"
    return await back_ends.supplier.transmit(case.purchase.order, key=key)


async def withdraw(case: Case, back_ends: BackEnds, sent: Effect, key: str) -> Effect:
    assert back_ends.supplier is not None, "it has sent the order"
    return await back_ends.supplier.withdraw(sent.id, key=key)


async def reverse_purchase(case: Case, back_ends: BackEnds, key: str) -> Effect:
    return await cancel_purchase(case, back_ends, case.done("order_goods"), key)


async def order_agreed(case: Case, back_ends: BackEnds, key: str) -> Effect:
    assert back_ends.purchasing is not None, "it has booked the purchase"
    assert case.purchase.agreed is not None, "the step is left out where the supplier agreed to all of it"
    return await back_ends.purchasing.order_goods(case.purchase.agreed, key=key)


async def agreed(connection: Connection, case: Case) -> Case:
    return replace(case, bought=await purchases.load(connection, case.purchase.purchase_id))


ORDER_GOODS = Step(
    *("order_goods", "erp", "order_goods", order_goods, ORDERING),
    undo=cancel_purchase,
    undo_operation="cancel_purchase",
    only_if="begin.books",
    mended=True,
    by_hand="make supplier and goods known to the ERP and retry, or resolve with the purchase's id there",
)
TRANSMIT = Step(
    *("transmit", "supplier", "transmit", transmit, SUPPLIER),
    undo=withdraw,
    undo_operation="withdraw",
    only_if="begin.sends",
    mended=True,
    by_hand="reach the supplier otherwise; resolve with the message's id, or with how it was told",
)
REVERSE = Step(
    *("reverse_purchase", "erp", "cancel_purchase", reverse_purchase, ORDERING),
    about="order_goods",
    only_if=f"{AWAIT}.differs",
    by_hand="reverse the purchase order in the ERP, or change it; resolve with its id",
)
ORDER_AGREED = Step(
    *("order_agreed", "erp", "order_goods", order_agreed, ORDERING),
    only_if=f"{AWAIT}.differs",
    fresh=agreed,
    by_hand="book in the ERP what the supplier agreed to; resolve with the purchase order's id there",
)


@dataclass(frozen=True, slots=True)
class PurchaseSubject:
    """`gateway.workflows.saga.Subject` of an issued revision: buyers and suppliers move the order, the run follows."""

    async def load(self, connection: Connection, run_id: str) -> Case:
        bought = await purchases.load(connection, run_id)
        return Case(None, None, trace_id=bought.trace_id, bought=bought)

    async def status(self, connection: Connection, run_id: str) -> str:
        seen = await purchases.standing(connection, run_id)
        return OVER if seen.order is OrderState.CANCELLED or seen.superseded else seen.state

    async def ask(self, connection: Connection, run_id: str, action: Mapping[str, str] | None, moved: Moved) -> None:
        raise AssertionError("nobody has to act before goods are ordered")

    async def move(self, connection: Connection, run_id: str, status: str, moved: Moved) -> None:
        """How it ended, and whoever waits for that goes on."""
        await purchases.stand(connection, run_id, status, now=moved.now)
        po_id = (await purchases.load(connection, run_id)).order.po_id
        await purchases.wake_later(connection, run_id)
        await postings.wake(connection, po_id)


def procure_to_pay(mint: Mint, clocks: PurchaseClocks, *, books: bool, sends: bool) -> Saga:
    procuring = Procuring(mint, clocks, ByHand(mint), books, sends)
    return Saga(
        *PROCURING,
        (
            Gate("await_earlier", earlier, by_hand="mend what the earlier revision hangs on; retry looks again"),
            Local("begin", procuring.begin, procuring.taken_back, by_hand=LOCAL_BY_HAND),
            ORDER_GOODS,
            TRANSMIT,
            Branches(AWAIT, procuring.tend, by_hand="ask the supplier, and confirm on its behalf; retry looks again"),
            REVERSE,
            ORDER_AGREED,
        ),
        PurchaseSubject(),
        done="confirmed",
        undone="given_up",
        stopped="taken_back",
        wished=OVER,
        resumed="open",
    )
