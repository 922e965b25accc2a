"""The retailer's side of the suppliers' guide: it lets a supplier in, issues orders to it, and answers what it says,
sends and bills."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from httpx2 import AsyncClient

from tests.resources.delivered import came, goods_body
from tests.resources.supplied import WHY, purchase_body, purchase_lines, supplier_body

Json = dict[str, Any]
DECISIONS = {"PO-1002": "agree", "PO-1003": "refuse"}
# What is counted of the shipments that come; two pieces are broken.
COUNTED = {
    "ASN-9": ("WE-311", [came(60, damaged=2), came(10, line_id="2")]),
    "ASN-13": ("WE-312", [came(30, line_id="2")]),
}
REFUSED = {"held": "it bills again what INV-0042 bills", "exception": "its total is not the sum of its lines"}


@dataclass(frozen=True, slots=True)
class Retailer:
    """A buyer, an approver, a receiver and one who pays, by their tokens."""

    http: AsyncClient
    buyer: str
    approver: str
    receiver: str
    payer: str

    async def let_in(self, partner: str) -> str:
        """The supplier that *partner* acts for."""
        supplier = await self._post("/v1/suppliers", supplier_body("V-100", partner_id=partner))
        path = f"/v1/suppliers/{supplier['supplier_id']}"
        for status in ("onboarding", "certified"):
            await self._post(f"{path}/status", {"status": status, "reason": WHY})
        await self._post(f"{path}/approve", {"reason": WHY}, token=self.approver)
        return str(supplier["supplier_id"])

    async def order(self, supplier: str) -> None:
        """What the guide has orders for; of two the retailer thinks again, and one of these it issues anew."""
        await self._issued(supplier, "PO-1001", 60, 40)
        await self._issued(supplier, "PO-1002", 10, 80, 30, 5)
        for number in ("PO-1003", "PO-1004", "PO-1005"):
            await self._issued(supplier, number, 20)
        await self._revise(await self._issued(supplier, "PO-1006", 20))
        path = await self._issued(supplier, "PO-1007", 20)
        await self._revise(path)
        await self._issue(path)

    async def decide(self) -> None:
        """Says yes or no to what the supplier wants otherwise."""
        for order in await self.orders():
            if order["status"] == "change_proposed":
                path = f"/v1/purchase-orders/{order['po_id']}/confirmations/{order['confirmation']['confirmation_id']}"
                decision = DECISIONS[order["po_number"]]
                await self._post(f"{path}/decision", {"decision": decision, "reason": WHY})

    async def receive(self) -> None:
        """Counts what arrives of the shipments that the guide sends."""
        answer = await self.http.get("/v1/shipping-notices?status=in_transit", headers=_bearer(self.receiver))
        for notice in answer.json()["shipping_notices"]:
            if notice["asn_number"] in COUNTED:
                number, lines = COUNTED[notice["asn_number"]]
                path = f"/v1/purchase-orders/{notice['po_id']}/receipts"
                body = goods_body(number, *lines, asn_id=notice["asn_id"])
                await self._post(path, body, token=self.receiver)

    async def pay(self) -> None:
        """Rejects each invoice that somebody has to look at."""
        for invoice in await self.invoices():
            if reason := REFUSED.get(invoice["status"]):
                path = f"/v1/supplier-invoices/{invoice['invoice_id']}/reject"
                await self._post(path, {"reason": reason}, token=self.payer)

    async def suspend(self, supplier: str) -> None:
        await self._post(f"/v1/suppliers/{supplier}/status", {"status": "suspended", "reason": WHY})

    async def orders(self) -> list[Json]:
        answer = await self.http.get("/v1/purchase-orders", headers=_bearer(self.buyer))
        found: list[Json] = answer.json()["purchase_orders"]
        return found

    async def invoices(self) -> list[Json]:
        answer = await self.http.get("/v1/supplier-invoices", headers=_bearer(self.payer))
        found: list[Json] = answer.json()["supplier_invoices"]
        return found

    async def _issued(self, supplier: str, number: str, *quantities: int) -> str:
        order = await self._post("/v1/purchase-orders", purchase_body(supplier, number, *quantities))
        path = f"/v1/purchase-orders/{order['po_id']}"
        await self._issue(path)
        return path

    async def _issue(self, path: str) -> None:
        await self._post(f"{path}/submit")
        await self._post(f"{path}/issue")

    async def _revise(self, path: str) -> None:
        await self._post(f"{path}/revisions", {"lines": purchase_lines(25), "reason": WHY})

    async def _post(self, path: str, body: Json | None = None, *, token: str = "") -> Json:
        headers = {**_bearer(token or self.buyer), "idempotency-key": str(uuid4())}
        answer = await self.http.post(path, json=body, headers=headers)
        assert answer.status_code in (200, 201), answer.text
        told: Json = answer.json()
        return told


def _bearer(token: str) -> Mapping[str, str]:
    return {"authorization": f"Bearer {token}"}
