"""Every effect of every port, made ready to be asked for, so that one suite can put all of them to the same proof."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from gateway.ports import BackEnd, Effect, Promise
from tests.adapters.ports.ground import CARD, EUR_30, HOME, KEY, Ground, Json, order


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One effect: how to ask for it, and where its traces are."""

    ground: Ground
    port: BackEnd
    operation: str
    ask: Callable[[], Awaitable[Effect]]
    subject: str | None = None
    ledger: str  # the system it is written down at, the name it has there, and its kind
    name: str
    kind: str

    @property
    def promise(self) -> Promise:
        return self.port.manifest[self.operation]

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
    ask = partial(port.authorise, CARD, EUR_30, reference="ord_1", key=KEY)
    where = {"ledger": "psp", "name": "authorise", "kind": "authorisation"}
    return Trial(ground=ground, port=port, operation="authorise", ask=ask, **where)


async def void(ground: Ground) -> Trial:
    port = ground.back_ends.payments
    held = await port.authorise(CARD, EUR_30, reference="ord_1", key="before")
    ask = partial(port.void, held.id, key=KEY)
    where = {"ledger": "psp", "name": "void", "kind": "void"}
    return Trial(ground=ground, port=port, operation="void", ask=ask, subject=held.id, **where)


async def capture(ground: Ground) -> Trial:
    port = ground.back_ends.payments
    held = await port.authorise(CARD, EUR_30, reference="ord_1", key="before")
    ask = partial(port.capture, held.id, EUR_30, key=KEY)
    where = {"ledger": "psp", "name": "capture", "kind": "capture"}
    return Trial(ground=ground, port=port, operation="capture", ask=ask, subject=held.id, **where)


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
    ask = partial(port.invoice, booked.id, EUR_30, capture="cap_1", key=KEY)
    where = {"ledger": "erp", "name": "create_invoice", "kind": "invoice"}
    return Trial(ground=ground, port=port, operation="invoice", ask=ask, subject=booked.id, **where)


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


EFFECTS = (authorise, void, capture, book, cancel_booking, invoice, release, cancel_release)
