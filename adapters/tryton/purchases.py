"""
Goods ordered of a supplier, as a purchase of Tryton's: our key is its `description`, the order's number its
`reference`, and our number of a line that line's `note`.

It is invoiced by hand, which is to say by us: a draft of what might be billed would stand in the way of what is. What
is cancelled ends as cancelled or, once confirmed, as done with nothing in it, which needs a cancelled invoice, too.
"""

from datetime import date
from typing import Any

from adapters.tryton.claims import claimed
from adapters.tryton.conversation import Conversation, Json
from adapters.tryton.mapping import Mapping
from adapters.tryton.sales import in_units
from adapters.tryton.transitions import answered, moved, processed, stepwise
from gateway.domain.money import Money
from gateway.domain.procurement import Purchase
from gateway.domain.purchase_orders import PurchaseLine
from gateway.errors import Failed, Rejected
from gateway.ports import Effect

PURCHASE, MOVE, INVOICE, PARTY = "purchase.purchase", "stock.move", "account.invoice", "party.party"
FIELDS = ["number", "state", "_timestamp", "purchase_date", "shipment_state", "invoice_state", "moves", "invoices"]
UNCONFIRMED = ("draft", "quotation")
CANCEL = "cancel_purchase"
MOST = 2_000  # parts of one purchase


class Purchases:
    def __init__(self, conversation: Conversation, mapping: Mapping) -> None:
        self._erp = conversation
        self._mapping = mapping

    async def order_goods(self, order: Purchase, *, key: str) -> Effect:
        async def wanted() -> Json | None:
            return purchase_of(order, await self._supplier(order.supplier_code), self._mapping)

        made = await claimed(self._erp, "order_goods", PURCHASE, wanted, key=key, reference=order.po_number)

        async def step(seen: Json) -> Effect | None:
            if seen["state"] not in (*UNCONFIRMED, "cancelled"):
                return _effect(seen, key=key)
            button = {"draft": "quote", "quotation": "confirm"}.get(seen["state"])
            if button is None:
                raise self._no("refused", "it was refused before")
            await moved(self._erp, "order_goods", f"{PURCHASE}.{button}", made, before=seen["state"])
            return None

        try:
            return await stepwise(self._erp, lambda: self._seen("order_goods", made), step)
        except Rejected:
            await self._given_up(made)
            raise

    async def cancel(self, purchase: str, *, key: str) -> Effect:
        number = self._erp.number(purchase)

        async def step(seen: Json) -> Effect | None:
            if _is_gone(seen):
                return Effect(purchase, key, CANCEL)
            if seen["state"] in UNCONFIRMED:
                await moved(self._erp, CANCEL, f"{PURCHASE}.cancel", number, before=seen["state"])
            elif seen["state"] == "confirmed":
                await processed(self._erp, CANCEL, number, model=PURCHASE)
            else:
                await self._unwound(seen)
            return None

        return await stepwise(self._erp, lambda: self._with_parts(CANCEL, number), step)

    async def find(self, *, key: str) -> list[Effect]:
        ordered = [["description", "=", key], ["reference", "!=", None], ["purchase_date", "!=", None]]
        return [_effect(each, key=key) for each in await self._erp.listed("find", PURCHASE, ordered, FIELDS)]

    async def find_cancelled(self, purchase: str, *, key: str) -> list[Effect]:
        if not (purchase.isascii() and purchase.isdigit()):
            return []
        found = await self._erp.read("find", PURCHASE, int(purchase), FIELDS)
        gone = found is not None and _is_gone(await self._parts_of("find", found))
        return [Effect(purchase, key, CANCEL)] if gone else []

    async def _supplier(self, code: str) -> Json:
        """The party, by our number for it, which is its code there."""
        fields = ["addresses", "supplier_payment_term"]
        found = await self._erp.listed("order_goods", PARTY, [["code", "=", code]], fields)
        if not found or not found[0]["addresses"]:
            raise self._no("unknown_supplier", f"no party with an address has the code {code}")
        return found[0]

    async def _unwound(self, seen: Json) -> None:
        """One step of a purchase in process. What came, or was billed, stays."""
        standing = [each for each in seen[MOVE] if each["state"] != "cancelled"]
        if any(each["state"] == "done" or each["shipment"] for each in standing):
            raise self._no("too_late", "goods of it were received")
        billed = [each for each in seen[INVOICE] if each["state"] != "cancelled"]
        if any(each["state"] != "draft" or each["description"] for each in billed):
            raise self._no("too_late", "it is billed")
        if standing:
            await self._cancelled(MOVE, standing)
        elif billed:
            await self._cancelled(INVOICE, billed)
        elif seen["shipment_state"] == "exception":
            await self._ignored(seen["id"], "shipment", "moves")
        elif seen["invoice_state"] == "exception":
            await self._ignored(seen["id"], "invoice", "invoices")
        elif seen["shipment_state"] == "none" and not seen[INVOICE]:
            await self._erp.effect(CANCEL, f"model.{PURCHASE}.manual_invoice", [seen["id"]])
        else:
            await self._erp.effect(CANCEL, f"model.{PURCHASE}.process", [seen["id"]])

    async def _cancelled(self, model: str, records: list[Json]) -> None:
        unchanged = {f"{model},{each['id']}": each["_timestamp"] for each in records}
        await self._erp.effect(CANCEL, f"model.{model}.cancel", [each["id"] for each in records], _timestamp=unchanged)

    async def _ignored(self, purchase: int, kind: str, parts: str) -> None:
        """Without this word Tryton waits for somebody to say whether what was cancelled is made again."""

        def ignore(defaults: Json) -> tuple[str, Json]:
            gone = defaults[f"domain_{parts}"]
            return "handle", {f"domain_{parts}": gone, f"recreate_{parts}": [], f"ignore_{parts}": gone}

        await answered(self._erp, CANCEL, f"purchase.handle.{kind}.exception", (PURCHASE, purchase), ignore)
        await self._erp.effect(CANCEL, f"model.{PURCHASE}.process", [purchase])  # else it may be left to a worker

    async def _given_up(self, made: int) -> None:
        """What was refused before it was confirmed is not left for somebody to confirm by mistake."""
        seen = await self._seen("order_goods", made)
        if seen["state"] in UNCONFIRMED:
            unchanged = {f"{PURCHASE},{made}": seen["_timestamp"]}
            cancel = f"{PURCHASE}.cancel"
            await moved(self._erp, "order_goods", cancel, made, before=seen["state"], _timestamp=unchanged)

    async def _seen(self, operation: str, purchase: int) -> Json:
        found = await self._erp.read(operation, PURCHASE, purchase, FIELDS)
        if found is None:
            raise Failed("Tryton knows no such purchase", system=self._erp.system)
        return found

    async def _with_parts(self, operation: str, purchase: int) -> Json:
        return await self._parts_of(operation, await self._seen(operation, purchase))

    async def _parts_of(self, operation: str, found: Json) -> Json:
        parts = {MOVE: (found["moves"], "shipment"), INVOICE: (found["invoices"], "description")}
        seen = dict(found)
        for model, (records, also) in parts.items():
            asked = (operation, model, [["id", "in", list(records)]], ["state", "_timestamp", also])
            seen[model] = await self._erp.listed(*asked, most=MOST) if records else []
        return seen

    def _no(self, code: str, said: str) -> Rejected:
        return Rejected(f"{self._erp.system} said no: {said}", system=self._erp.system, code=code, said=said)


def purchase_of(order: Purchase, supplier: Json, mapping: Mapping) -> Json:
    """Raises `Rejected` for what the mapping has no word for."""
    if order.currency not in mapping.currencies:
        raise _unmapped("unknown_currency", f"{order.currency} is not mapped")
    return {
        "company": mapping.company,
        "party": supplier["id"],
        "invoice_address": supplier["addresses"][0],
        "currency": mapping.currencies[order.currency],
        "payment_term": supplier["supplier_payment_term"] or mapping.payment_term,
        "warehouse": mapping.warehouse,
        "invoice_method": "manual",
        "comment": f"{order.po_id} revision {order.revision}",
        "lines": [["create", [_line(each, order.currency, mapping) for each in order.lines]]],
    }


def _line(line: PurchaseLine, currency: str, mapping: Mapping) -> Json:
    product = mapping.articles.get(line.sku.upper())
    if product is None:
        raise _unmapped("unknown_sku", f"article {line.sku} is not mapped", line=line.line_id)
    return {
        "type": "line",
        "product": product,
        "unit": mapping.unit,
        "quantity": float(line.quantity),
        "unit_price": in_units(Money(line.unit_price, currency)),
        "note": line.line_id,
        "delivery_date_edit": True,
        "delivery_date_store": date.fromisoformat(line.requested_date),
    }


def _is_gone(seen: Json) -> bool:
    """It was cancelled, whatever Tryton calls that, with all that was made of it."""
    parts = [*seen[MOVE], *seen[INVOICE]]
    cancelled = bool(parts) and all(each["state"] == "cancelled" for each in parts)
    return seen["state"] == "cancelled" or (seen["state"] == "done" and cancelled)


def _effect(seen: Json, *, key: str) -> Effect:
    return Effect(str(seen["id"]), key, "purchase_order", {"number": str(seen["number"]), "status": "open"})


def _unmapped(code: str, said: str, **facts: Any) -> Rejected:
    return Rejected(f"not for Tryton: {said}", code=code, said=said, **facts)
