"""What a person does about a purchase in the ERP where Omnigate cannot: an exception each, about the revision."""

from dataclasses import dataclass
from datetime import datetime

from gateway.domain.identifiers import Mint
from gateway.domain.procurement import Purchase
from gateway.store.exceptions import Opening, close_exception, open_exception
from gateway.store.pool import Connection

BY_HAND = "suppliers/order_by_hand"
BOOK, REVERSE, CLOSE = "purchases_not_offered", "purchase_taken_back", "purchase_closed"


@dataclass(frozen=True, slots=True)
class ByHand:
    mint: Mint

    async def book(self, connection: Connection, purchase_id: str, order: Purchase, now: datetime) -> None:
        await self._ask(connection, BOOK, purchase_id, order, now)

    async def reverse(self, connection: Connection, purchase_id: str, order: Purchase, now: datetime) -> None:
        """What a person has booked, a person reverses; what nobody has, nobody books any more."""
        resolution = {"action": REVERSE}
        unbooked = await close_exception(
            connection, class_=BY_HAND, code=BOOK, subject=purchase_id, resolution=resolution, now=now
        )
        if not unbooked:
            await self._ask(connection, REVERSE, purchase_id, order, now)

    async def close(self, connection: Connection, purchase_id: str, order: Purchase, now: datetime) -> None:
        """It stays for what came and is billed; the rest of it is awaited no more."""
        await self._ask(connection, CLOSE, purchase_id, order, now)

    async def _ask(self, connection: Connection, code: str, purchase_id: str, order: Purchase, now: datetime) -> None:
        evidence = {**order.named, "lines": [line.document for line in order.lines]}
        opening = Opening(self.mint("xcp"), BY_HAND, code, purchase_id, evidence, ("resolve",))
        await open_exception(connection, opening, now=now)
