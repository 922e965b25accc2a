"""The warehouse: ships what is released to it and counts what lies on its shelves; every effect under our key."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from adapters.outbound import MEBIBYTE
from adapters.reading import Json
from adapters.rest.dialect import Conversation, pieces, postal
from gateway.domain.orders import Address, Order
from gateway.domain.stock import MAIN, StockLevel
from gateway.errors import Failed
from gateway.ports import Effect, Shipment

SHIPMENTS = "/shipments"
KINDS = {"release": "shipment", "cancel": "cancel"}
STATUSES = frozenset({"released", "shipped", "cancelled"})
PAGE = "1000"
LARGEST_PAGE = 4 * MEBIBYTE


class RestWms:
    """`gateway.ports.Wms` over the REST dialect."""

    def __init__(self, conversation: Conversation) -> None:
        self.manifest = conversation.manifest
        self._wms = conversation

    async def release(self, order: Order, ship_to: Address | None, *, key: str) -> Effect:
        if ship_to is None:  # erased; not a no of the warehouse, which may have taken an earlier attempt
            raise Failed(f"{self._wms.system} cannot ship without an address", system=self._wms.system)
        body = shipment_order(order, ship_to, reference=key)
        released = await self._wms.effect("release", SHIPMENTS, body, key=key)
        self._wms.text(released, "reference", expected=key)
        self._wms.text(released, "status", expected="released")
        return Effect(self._wms.identifier(released), key, "shipment")

    async def cancel(self, shipment: str, *, key: str) -> Effect:
        path = f"{SHIPMENTS}/{self._wms.segment(shipment)}/cancel"
        cancelled = await self._wms.effect("cancel", path, {"reference": key}, key=key)
        self._wms.text(cancelled, "status", expected="cancelled")
        return Effect(self._wms.identifier(cancelled), key, "cancel")

    async def shipment(self, shipment: str) -> Shipment | None:
        found = await self._wms.look_up("shipment", f"{SHIPMENTS}/{self._wms.segment(shipment)}")
        if found is None:
            return None
        status, shipped_at = self._wms.text(found, "status"), found.get("shipped_at")
        if status not in STATUSES or (status == "shipped") != (shipped_at is not None):
            raise self._wms.unreadable("'status' and 'shipped_at' do not go together")
        moment = self._wms.moment(found, "shipped_at") if shipped_at is not None else None
        return Shipment(self._wms.identifier(found), status, moment)

    async def stock(self) -> AsyncIterator[Sequence[StockLevel]]:
        query = {"limit": PAGE}
        while True:
            page = await self._wms.look_up("stock", "/stock", query=query, most=LARGEST_PAGE) or {}
            levels = self._levels(page)
            yield levels
            if page.get("next") is None:
                return
            following = self._wms.text(page, "next")
            if not levels or following == query.get("after"):  # it would go on for ever
                raise self._wms.unreadable("'next' leads nowhere")
            query = {"limit": PAGE, "after": following}

    async def find(self, operation: str, *, key: str, subject: str | None = None) -> list[Effect]:
        kind = KINDS[operation]
        return [Effect(self._wms.identifier(each), key, kind) for each in await self._wms.done(kind, key=key)]

    def _levels(self, page: Json) -> list[StockLevel]:
        as_of, positions = self._wms.moment(page, "as_of"), page.get("positions")
        if not isinstance(positions, list):
            raise self._wms.unreadable("'positions' is no list")
        return [self._level(position, as_of) for position in positions]

    def _level(self, position: object, as_of: datetime) -> StockLevel:
        if not isinstance(position, dict):
            raise self._wms.unreadable("a position is no object")
        gtin, on_hand = position.get("gtin"), position.get("on_hand")
        if not isinstance(gtin, str | None) or type(on_hand) is not int or on_hand < 0:
            raise self._wms.unreadable("a position has no count")
        return StockLevel(self._wms.text(position, "sku"), gtin, on_hand, as_of, self._wms.node(position))


def shipment_order(order: Order, ship_to: Address, *, reference: str) -> Json:
    """What the warehouse needs to pack and send, and nothing else; one with a single node need not know of nodes."""
    node = {} if order.node_id == MAIN else {"node": order.node_id}
    what, whereto = pieces(order), postal(ship_to)
    return {"reference": reference, "order_id": order.order_id, **node, "lines": what, "ship_to": whereto}
