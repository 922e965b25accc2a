"""The carrier: labels for parcels, and where these are; every effect under our key."""

from collections.abc import Mapping
from typing import Literal, get_args

from adapters.reading import Json
from adapters.rest.dialect import Conversation, pieces, postal
from gateway.domain.orders import Address, Order
from gateway.fulfilment_ports import Tracking
from gateway.ports import Effect

LABELS = "/labels"
KINDS = {"label": "label", "void": "void"}
Status = Literal["label_created", "in_transit", "delivered", "lost", "voided"]
STATUSES: Mapping[str, Status] = {status: status for status in get_args(Status)}


class RestCarrier:
    """`gateway.fulfilment_ports.Carrier` over the REST dialect."""

    def __init__(self, conversation: Conversation) -> None:
        self.manifest = conversation.manifest
        self._carrier = conversation

    async def label(self, order: Order, ship_to: Address, *, key: str) -> Effect:
        body = {
            "reference": key,
            "order_id": order.order_id,
            "node": order.node_id,
            "lines": pieces(order),
            "ship_to": postal(ship_to),
        }
        made = await self._carrier.effect("label", LABELS, body, key=key)
        self._carrier.text(made, "reference", expected=key)
        self._carrier.text(made, "status", expected="label_created")
        return self._effect(made, "label", key=key)

    async def void(self, label: str, *, key: str) -> Effect:
        path = f"{LABELS}/{self._carrier.segment(label)}/void"
        voided = await self._carrier.effect("void", path, {"reference": key}, key=key)
        self._carrier.text(voided, "status", expected="voided")
        return Effect(self._carrier.identifier(voided), key, "void")

    async def track(self, label: str) -> Tracking | None:
        found = await self._carrier.look_up("track", f"{LABELS}/{self._carrier.segment(label)}")
        if found is None:
            return None
        status = STATUSES.get(self._carrier.text(found, "status"))
        if status is None:
            raise self._carrier.unreadable("'status' is not what was promised")
        return Tracking(self._carrier.identifier(found), status, self._carrier.moment(found, "at"))

    async def find(self, operation: str, *, key: str, subject: str | None = None) -> list[Effect]:
        kind = KINDS[operation]
        return [self._effect(each, kind, key=key) for each in await self._carrier.done(kind, key=key)]

    def _effect(self, answer: Json, kind: str, *, key: str) -> Effect:
        facts = self._facts(answer) if kind == "label" else {}
        return Effect(self._carrier.identifier(answer), key, kind, facts)

    def _facts(self, label: Json) -> Mapping[str, str]:
        """What is known of a label, also of one that is found again: without its number nobody finds the parcel."""
        cost = label.get("cost")
        amount = cost.get("amount") if isinstance(cost, dict) else None
        if not isinstance(cost, dict) or type(amount) is not int or amount < 0:
            raise self._carrier.unreadable("'cost' is no money")
        return {
            "tracking_number": self._carrier.text(label, "tracking_number"),
            "carrier": self._carrier.text(label, "carrier"),
            "cost": str(amount),
            "currency": self._carrier.text(cost, "currency"),
        }
