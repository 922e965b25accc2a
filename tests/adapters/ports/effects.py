"""Every effect of every port, made ready to be asked for, so that one suite can put all of them to the same proof."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from gateway.domain.credits import CreditLine, CreditMemo, Fee
from gateway.domain.money import Money
from gateway.ports import BackEnd, Effect, Promise, RetryClass
from tests.adapters.ports import buying
from tests.adapters.ports.ground import ADA, EUR_30, HOME, KEY, SOME_DAY, Ground, Json, order

EUR_10, EUR_22_50 = Money(10_00, "EUR"), Money(22_50, "EUR")
CARDS = {"psp": "tok_visa", "stripe": "pm_card_visa"}
LOOK_UPS = {
    "psp": {},
    "stripe": {
        "authorise": "list_payments",
        "void": "get_payment",
        "capture": "get_payment",
        "refund": "list_refunds",
    },
}
BOUGHT = {
    "order_goods": "find_purchase_orders",
    "cancel_purchase": "get_purchase_order",
    "receive_goods": "find_goods_receipts",
    "post_bill": "find_supplier_bills",
}

Ask = Callable[[], Awaitable[Effect]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One effect: how to ask for it, and where its traces are."""

    ground: Ground
    port: BackEnd
    operation: str
    ask: Ask
    subject: str | None = None
    ledger: str  # the system it is written down at, the name it has there, and its kind
    name: str
    kind: str
    once: bool = False  # the system itself knows it again, whatever its manifest says of keys
    look_up: str = ""  # the operation there by which the effect is found, where it is not the system's usual one

    @property
    def promise(self) -> Promise:
        return self.port.manifest[self.operation]

    @property
    def repeated(self) -> bool:
        """Is it done twice when it is asked for twice?"""
        return self.promise.retry_class is RetryClass.LOOK_UP_FIRST and not self.once

    async def find(self) -> list[Effect]:
        return await self.port.find(self.operation, key=KEY, subject=self.subject)

    def hurry(self) -> None:
        self.ground.hurry(self.port, self.operation)

    async def fault(self, kind: str, **more: float) -> None:
        await self.ground.fault(self.ledger, self.name, kind, **more)

    async def booked(self) -> list[Json]:
        """What the system's ledger has of it."""
        return await self.ground.effects(self.ledger, kind=self.kind)


async def authorise(ground: Ground) -> Trial:
    port = ground.back_ends.payments
    ask = partial(port.authorise, CARDS[ground.payments], EUR_30, reference="ord_1", key=KEY)
    return _paid(ground, "authorise", ask, kind="authorisation")


async def void(ground: Ground) -> Trial:
    port, held = ground.back_ends.payments, await _held(ground)
    return _paid(ground, "void", partial(port.void, held.id, key=KEY), subject=held.id)


async def capture(ground: Ground) -> Trial:
    port, held = ground.back_ends.payments, await _held(ground)
    return _paid(ground, "capture", partial(port.capture, held.id, EUR_30, key=KEY), subject=held.id)


async def refund(ground: Ground) -> Trial:
    port, held = ground.back_ends.payments, await _held(ground)
    taken = await port.capture(held.id, EUR_30, key="before that")
    return _paid(ground, "refund", partial(port.refund, taken.id, EUR_10, key=KEY), subject=taken.id)


def _paid(ground: Ground, operation: str, ask: Ask, *, kind: str | None = None, subject: str | None = None) -> Trial:
    where = {"ledger": ground.payments, "name": operation, "kind": kind or operation}
    look_up = LOOK_UPS[ground.payments].get(operation, "find_effects")
    port = ground.back_ends.payments
    return Trial(ground=ground, port=port, operation=operation, ask=ask, subject=subject, look_up=look_up, **where)


async def _held(ground: Ground) -> Effect:
    card = CARDS[ground.payments]
    return await ground.back_ends.payments.authorise(card, EUR_30, reference="ord_1", key="before")


async def book(ground: Ground) -> Trial:
    port = ground.back_ends.erp
    where = {"ledger": "erp", "name": "create_sales_order", "kind": "sales_order"}
    return Trial(ground=ground, port=port, operation="book", ask=partial(port.book, order(), key=KEY), **where)


async def cancel_booking(ground: Ground) -> Trial:
    port = ground.back_ends.erp
    booked = await port.book(order(), key="before")
    ask = partial(port.cancel, booked.id, key=KEY)
    where = {"ledger": "erp", "name": "cancel_sales_order", "kind": "cancel"}
    return Trial(ground=ground, port=port, operation="cancel", ask=ask, subject=booked.id, **where)


async def invoice(ground: Ground) -> Trial:
    port = ground.back_ends.erp
    booked = await port.book(order(), key="before")
    ask = partial(port.invoice, booked.id, EUR_22_50, capture="cap_1", key=KEY)
    where = {"ledger": "erp", "name": "create_invoice", "kind": "invoice"}
    return Trial(ground=ground, port=port, operation="invoice", ask=ask, subject=booked.id, **where)


async def credit(ground: Ground) -> Trial:
    port = ground.back_ends.credits
    assert port is not None
    ask = partial(port.credit, await credited(ground, sold=9), key=KEY)
    where = {"ledger": "erp", "name": "create_credit_memo", "kind": "credit_memo"}
    look_up = "find_credit_memos"
    return Trial(ground=ground, port=ground.back_ends.erp, operation="credit", ask=ask, look_up=look_up, **where)


async def credited(ground: Ground, *, quantity: int = 1, fee: int = 1_00, sold: int = 3) -> CreditMemo:
    """A credit memo of lamps at 7.50 out of those that were sold and invoiced."""
    erp = ground.back_ends.erp
    booked = await erp.book(order(("LAMP-7", sold)), key="before")
    posted = await erp.invoice(booked.id, Money(7_50 * sold, "EUR"), capture="cap_1", key="invoiced before")
    net, tax = Money(6_30 * quantity, "EUR"), Money(1_20 * quantity, "EUR")
    return CreditMemo(
        order_id="ord_1",
        sales_order=booked.id,
        invoice=posted.id,
        lines=(CreditLine("1", "LAMP-7", quantity, net, tax),),
        fees=(Fee("restocking", Money(fee, "EUR")),) if fee else (),
        reason="changed_mind",
        refund="ref_1",
    )


async def order_goods(ground: Ground) -> Trial:
    ask = partial(buying.purchasing_of(ground.back_ends).order_goods, buying.purchase(), key=KEY)
    return _bought(ground, "order_goods", ask, "create_purchase_order", "purchase_order")


async def cancel_purchase(ground: Ground) -> Trial:
    port = buying.purchasing_of(ground.back_ends)
    ordered = await port.order_goods(buying.purchase(), key="before")
    ask = partial(port.cancel_purchase, ordered.id, key=KEY)
    return _bought(ground, "cancel_purchase", ask, "cancel_purchase_order", "purchase_cancel", subject=ordered.id)


async def receive_goods(ground: Ground) -> Trial:
    port = buying.purchasing_of(ground.back_ends)
    ordered = await port.order_goods(buying.purchase(), key="before")
    ask = partial(port.receive_goods, buying.receipt(ordered.id, accepted=1), key=KEY)
    return _bought(ground, "receive_goods", ask, "create_goods_receipt", "goods_receipt")


async def post_bill(ground: Ground) -> Trial:
    port = buying.purchasing_of(ground.back_ends)
    ordered = await port.order_goods(buying.purchase(), key="before")
    ask = partial(port.post_bill, buying.bill(ordered.id), key=KEY)
    return _bought(ground, "post_bill", ask, "create_supplier_bill", "bill")


def _bought(ground: Ground, operation: str, ask: Ask, name: str, kind: str, *, subject: str | None = None) -> Trial:
    return Trial(
        ground=ground,
        port=ground.back_ends.erp,
        operation=operation,
        ask=ask,
        subject=subject,
        ledger="erp",
        name=name,
        kind=kind,
        once=operation == "post_bill",  # by its number at the supplier
        look_up=BOUGHT[operation],
    )


async def release(ground: Ground) -> Trial:
    port = ground.back_ends.wms
    ask = partial(port.release, order(), HOME, key=KEY)
    where = {"ledger": "wms", "name": "create_shipment", "kind": "shipment"}
    return Trial(ground=ground, port=port, operation="release", ask=ask, **where)


async def cancel_release(ground: Ground) -> Trial:
    port = ground.back_ends.wms
    released = await port.release(order(), HOME, key="before")
    ask = partial(port.cancel, released.id, key=KEY)
    where = {"ledger": "wms", "name": "cancel_shipment", "kind": "cancel"}
    return Trial(ground=ground, port=port, operation="cancel", ask=ask, subject=released.id, **where)


async def ask(ground: Ground) -> Trial:
    port = ground.stores
    where = {"ledger": "store", "name": "create_task", "kind": "task"}
    wish = partial(port.ask, order(), "pickup", until=SOME_DAY, key=KEY)
    return Trial(ground=ground, port=port, operation="ask", ask=wish, **where)


async def cancel_task(ground: Ground) -> Trial:
    port = ground.stores
    asked = await port.ask(order(), "pickup", until=SOME_DAY, key="before")
    where = {"ledger": "store", "name": "cancel_task", "kind": "cancel"}
    wish = partial(port.cancel, asked.id, key=KEY)
    return Trial(ground=ground, port=port, operation="cancel", ask=wish, subject=asked.id, **where)


async def label(ground: Ground) -> Trial:
    port = ground.carrier
    where = {"ledger": "carrier", "name": "create_label", "kind": "label"}
    return Trial(ground=ground, port=port, operation="label", ask=partial(port.label, order(), HOME, key=KEY), **where)


async def void_label(ground: Ground) -> Trial:
    port = ground.carrier
    bought = await port.label(order(), HOME, key="before")
    where = {"ledger": "carrier", "name": "void_label", "kind": "void"}
    wish = partial(port.void, bought.id, key=KEY)
    return Trial(ground=ground, port=port, operation="void", ask=wish, subject=bought.id, **where)


async def send(ground: Ground) -> Trial:
    port = ground.notifications
    where = {"ledger": "notifications", "name": "send_message", "kind": "message"}
    tell = partial(port.send, "ready_for_pickup", ADA, {"order_id": "ord_1"}, key=KEY)
    return Trial(ground=ground, port=port, operation="send", ask=tell, **where)


async def transmit(ground: Ground) -> Trial:
    port = ground.suppliers
    where = {"ledger": "supplier", "name": "take_message", "kind": "message"}
    return Trial(
        ground=ground, port=port, operation="transmit", ask=partial(port.transmit, buying.purchase(), key=KEY), **where
    )


async def remind(ground: Ground) -> Trial:
    port = ground.suppliers
    where = {"ledger": "supplier", "name": "take_reminder", "kind": "reminder"}
    wish = partial(port.remind, buying.purchase(), "confirmation", key=KEY)
    return Trial(ground=ground, port=port, operation="remind", ask=wish, **where)


async def withdraw(ground: Ground) -> Trial:
    port = ground.suppliers
    sent = await port.transmit(buying.purchase(), key="before")
    where = {"ledger": "supplier", "name": "withdraw_message", "kind": "withdrawal"}
    wish = partial(port.withdraw, sent.id, key=KEY)
    return Trial(ground=ground, port=port, operation="withdraw", ask=wish, subject=sent.id, **where)


PAYMENTS = (authorise, void, capture, refund)
TRADE = (book, cancel_booking, invoice, release, cancel_release)
FULFILMENT = (ask, cancel_task, label, void_label, send)
BUYING = (transmit, remind, withdraw)
BACK = (credit,)  # optional: of the adapters whose manifest promises it
PURCHASING = (order_goods, cancel_purchase, receive_goods, post_bill)  # optional likewise
EFFECTS = (*PAYMENTS, *TRADE, *BACK, *PURCHASING, *FULFILMENT, *BUYING)
