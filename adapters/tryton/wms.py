"""Tryton as the warehouse: the shipments of its sales. The key of a release is a shipment's `reference`."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from itertools import islice

from adapters.tryton.conversation import Conversation, Json
from adapters.tryton.mapping import Mapping
from adapters.tryton.transitions import accepted, processed, stepwise
from gateway.domain.orders import Address, Order
from gateway.domain.stock import StockLevel
from gateway.errors import Failed, Rejected
from gateway.ports import Effect, Shipment

SALE, SHIPMENT, ADDRESS, PRODUCT = "sale.sale", "stock.shipment.out", "party.address", "product.product"
FIELDS = ["state", "reference", "customer", "write_date", "_timestamp"]
RESERVED = frozenset({"assigned", "picked", "packed", "shipped", "done"})
STATUSES = {"shipped": "shipped", "done": "shipped", "cancelled": "cancelled"}
AT_ONCE = 200  # articles counted by one call


class TrytonWms:
    """`gateway.ports.Wms` on Tryton."""

    def __init__(self, conversation: Conversation, mapping: Mapping, *, clock: Callable[[], float]) -> None:
        self.manifest = conversation.manifest
        self._wms = conversation
        self._mapping = mapping
        self._clock = clock

    async def release(self, order: Order, ship_to: Address | None, *, key: str) -> Effect:
        if ship_to is None:  # erased; not a no of the warehouse, which may have taken an earlier attempt
            raise Failed(f"{self._wms.system} cannot ship without an address", system=self._wms.system)
        for line in order.lines:
            if line.sku.upper() not in self._mapping.articles:
                raise self._no("unknown_sku", f"article {line.sku} is not mapped")

        async def step(shipment: Json) -> Effect | None:
            if shipment["state"] not in RESERVED:
                await self._forward(shipment, ship_to, key=key)
                return None
            if shipment["reference"] != key:
                raise self._no("released_before", "the shipment was released under another key")
            return Effect(str(shipment["id"]), key, "shipment")

        return await stepwise(self._wms, lambda: self._of(order), step)

    async def cancel(self, shipment: str, *, key: str) -> Effect:
        number = self._wms.number(shipment)

        async def look() -> Json:
            found = await self._wms.read("cancel", SHIPMENT, number, FIELDS)
            if found is None:
                raise Failed("Tryton knows no such shipment", system=self._wms.system)
            return found

        async def step(found: Json) -> Effect | None:
            if STATUSES.get(found["state"]) == "shipped":
                raise self._no("too_late", "the goods have left")
            if found["state"] != "cancelled":
                await self._stepped(found, "cancel", operation="cancel")
                return None
            for sale in await self._wms.listed("cancel", SALE, [["shipments", "=", number]], ["state"]):
                await accepted(self._wms, "cancel", sale["id"])
            return Effect(shipment, key, "cancel")

        return await stepwise(self._wms, look, step)

    async def shipment(self, shipment: str) -> Shipment | None:
        if not (shipment.isascii() and shipment.isdigit()):
            return None
        found = await self._wms.read("shipment", SHIPMENT, int(shipment), FIELDS)
        if found is None:
            return None
        status, left = STATUSES.get(found["state"], "released"), found["write_date"]
        if status == "shipped" and not isinstance(left, datetime):
            raise self._wms.unreadable("it has shipped, and does not say when")
        return Shipment(shipment, status, left if status == "shipped" else None)

    async def stock(self) -> AsyncIterator[Sequence[StockLevel]]:
        for node, warehouse in self._mapping.warehouses.items():
            products = iter(self._mapping.articles.items())
            while page := dict(islice(products, AT_ONCE)):
                yield await self._counted({product: sku for sku, product in page.items()}, node, warehouse)

    async def find(self, operation: str, *, key: str, subject: str | None = None) -> list[Effect]:
        if operation == "cancel":
            if subject is None:
                raise ValueError("Tryton knows cancellations by their shipment only")
            known = await self.shipment(subject)
            return [Effect(subject, key, "cancel")] if known and known.status == "cancelled" else []
        sought = [["reference", "=", key], ["state", "in", [*RESERVED, "cancelled"]]]
        return [Effect(str(each["id"]), key, "shipment") for each in await self._listed(sought)]

    async def _of(self, order: Order) -> Json:
        """The one shipment of the order's sale; a sale that was confirmed a moment ago may have none yet."""
        sought = [["description", "=", order.reference], ["state", "in", ["confirmed", "processing", "done"]]]
        sales = await self._wms.listed("release", SALE, sought, ["state", "shipments"])
        if not sales:
            raise self._no("not_booked", "the order is not booked")
        if sales[0]["state"] == "confirmed":
            await processed(self._wms, "release", sales[0]["id"])
            sales = await self._wms.listed("release", SALE, sought, ["state", "shipments"])
        if not sales[0]["shipments"]:
            raise Failed("Tryton has not made the shipment yet", system=self._wms.system)
        shipments = await self._listed([["id", "in", sales[0]["shipments"]]])
        standing = [each for each in shipments if each["state"] != "cancelled"]
        if len(standing) != 1:
            raise self._no("not_one_shipment", f"the sale has {len(standing)} shipments")
        return standing[0]

    async def _forward(self, shipment: Json, ship_to: Address, *, key: str) -> None:
        """One step, from where the shipment was seen and nowhere else. Its address is changed while it is a draft."""
        ours = shipment["reference"] == key
        if shipment["state"] == "waiting":
            await (self._reserved(shipment) if ours else self._stepped(shipment, "draft"))
        elif ours:
            await self._stepped(shipment, "wait")
        else:
            address = await self._address(shipment["customer"], ship_to)
            await self._written(shipment, {"delivery_address": address, "reference": key})

    async def _reserved(self, shipment: Json) -> None:
        """Tryton answers nothing whether stock was short or not, and keeps what there was: all of it or none."""
        await self._stepped(shipment, "assign_try")
        [after] = await self._listed([["id", "=", shipment["id"]]])
        if after["state"] in RESERVED:
            return
        await self._stepped(after, "wait")
        [after] = await self._listed([["id", "=", shipment["id"]]])
        await self._written(after, {"reference": None})
        raise self._no("short", "there is not enough stock")

    async def _stepped(self, shipment: Json, button: str, *, operation: str = "release") -> None:
        number = shipment["id"]
        await self._wms.effect(operation, f"model.{SHIPMENT}.{button}", [number], _timestamp=_as_seen(shipment))

    async def _written(self, shipment: Json, values: Json) -> None:
        number = shipment["id"]
        await self._wms.effect("release", f"model.{SHIPMENT}.write", [number], values, _timestamp=_as_seen(shipment))

    async def _address(self, party: int, ship_to: Address) -> int:
        street = "\n".join((*ship_to.lines, *filter(None, (ship_to.region,))))
        written = {
            "party": party,
            "party_name": ship_to.name,
            "street_unstructured": street,
            "postal_code": ship_to.postal_code,
            "city": ship_to.city,
            "country": self._mapping.countries.get(ship_to.country),
        }
        if written["country"] is None:
            raise self._no("unknown_country", f"{ship_to.country} is not mapped")
        known = await self._wms.listed("release", ADDRESS, [[name, "=", value] for name, value in written.items()], [])
        if known:
            return int(known[0]["id"])
        return int((await self._wms.effect("release", f"model.{ADDRESS}.create", [written]))[0])

    async def _counted(self, skus: dict[int, str], node: str, warehouse: int) -> list[StockLevel]:
        as_of = datetime.fromtimestamp(self._clock(), UTC)
        where = {"locations": [warehouse], "with_childs": True, "stock_date_end": as_of.date()}
        domain = [["id", "in", list(skus)]]
        counted = await self._wms.listed("stock", PRODUCT, domain, ["quantity"], most=AT_ONCE, **where)
        levels = []
        for each in counted:
            if not isinstance(each["quantity"], int | float):
                raise self._wms.unreadable("a count is no number")
            levels.append(StockLevel(skus[each["id"]], None, max(int(each["quantity"]), 0), as_of, node))
        return levels

    async def _listed(self, domain: list[object]) -> list[Json]:
        return await self._wms.listed("find", SHIPMENT, domain, FIELDS)

    def _no(self, code: str, said: str) -> Rejected:
        return Rejected(f"{self._wms.system} said no: {said}", system=self._wms.system, code=code, said=said)


def _as_seen(shipment: Json) -> Json:
    """The condition that nobody has written it since."""
    return {f"{SHIPMENT},{shipment['id']}": shipment["_timestamp"]}
