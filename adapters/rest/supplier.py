"""Whoever carries orders to suppliers: revisions sent, reminders, what is taken back; every effect under our key."""

from collections.abc import Mapping

from adapters.reading import Json
from adapters.rest.dialect import Conversation
from adapters.rest.purchasing import named, purchase_order
from gateway.domain.procurement import Purchase
from gateway.ports import Effect
from gateway.purchasing_ports import Reminder

MESSAGES, REMINDERS = "/messages", "/reminders"
KINDS = {"transmit": "message", "remind": "reminder", "withdraw": "withdrawal"}


class RestSupplierLink:
    """`gateway.purchasing_ports.SupplierLink` over the REST dialect."""

    def __init__(self, conversation: Conversation) -> None:
        self.manifest = conversation.manifest
        self._supplier = conversation

    async def transmit(self, order: Purchase, *, key: str) -> Effect:
        sent = await self._supplier.effect("transmit", MESSAGES, purchase_order(order, reference=key), key=key)
        self._supplier.text(sent, "reference", expected=key)
        self._supplier.text(sent, "status", expected="received")
        return self._done(sent, "message", key=key)

    async def remind(self, order: Purchase, awaited: Reminder, *, key: str) -> Effect:
        body = {**named(order, reference=key), "awaited": awaited}
        reminded = await self._supplier.effect("remind", REMINDERS, body, key=key)
        self._supplier.text(reminded, "reference", expected=key)
        self._supplier.text(reminded, "status", expected="received")
        return self._done(reminded, "reminder", key=key)

    async def withdraw(self, message: str, *, key: str) -> Effect:
        path = f"{MESSAGES}/{self._supplier.segment(message)}/withdraw"
        withdrawn = await self._supplier.effect("withdraw", path, {"reference": key}, key=key)
        self._supplier.text(withdrawn, "status", expected="withdrawn")
        return self._done(withdrawn, "withdrawal", key=key)

    async def find(self, operation: str, *, key: str, subject: str | None = None) -> list[Effect]:
        kind = KINDS[operation]
        return [self._done(each, kind, key=key) for each in await self._supplier.done(kind, key=key)]

    def _done(self, answer: Json, kind: str, *, key: str) -> Effect:
        made = self._supplier.identifier(answer)
        facts: Mapping[str, str] = {"message_id": made} if kind == "message" else {}
        return Effect(made, key, kind, facts)
