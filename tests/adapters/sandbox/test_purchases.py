"""The pretend ERP's purchases: what its books can be asked, and what it does not take."""

from typing import Any

import pytest

LINES = [{"line_id": "1", "sku": "LAMP-7", "quantity": 4, "unit_price": 400, "requested_date": "2030-05-01"}]
PURCHASE = {
    "reference": "po-ref",
    "po_id": "po_1",
    "po_number": "PO-2001",
    "revision": 1,
    "supplier_code": "S-4711",
    "currency": "GBP",
    "lines": LINES,
}


async def bought(sandbox: Any) -> str:
    made: str = (await sandbox.post("/erp/purchase-orders", PURCHASE)).json()["id"]
    return made


def receipt(purchase: str, *, accepted: int = 4, line_id: str = "1") -> dict[str, Any]:
    line = {"line_id": line_id, "sku": "LAMP-7", "accepted": accepted, "damaged": 0}
    named = {"reference": "grn-ref", "purchase": purchase, "po_number": "PO-2001", "receipt_number": "R-1"}
    return {**named, "node": "main", "received_at": "2030-05-01T12:00:00Z", "lines": [line]}


def bill(purchase: str, *, total: int = 1700, currency: str = "GBP") -> dict[str, Any]:
    line = {"line_id": "1", "sku": "LAMP-7", "quantity": 4, "unit_price": 400, "amount": 1600}
    named = {"reference": "bil-ref", "purchase": purchase, "supplier_code": "S-4711", "invoice_number": "INV-77"}
    due = {"charges": [{"kind": "freight", "amount": 50}], "tax": 50, "total": {"amount": total, "currency": currency}}
    return {**named, "dated": "2030-05-02", "lines": [line], **due}


async def test_its_books_say_what_was_ordered_came_and_was_billed(sandbox: Any) -> None:
    purchase = await bought(sandbox)
    came = (await sandbox.post("/erp/goods-receipts", receipt(purchase))).json()
    due = (await sandbox.post("/erp/supplier-bills", bill(purchase))).json()

    [booked] = (await sandbox.get("/erp/purchase-orders", po_number="PO-2001"))["purchase_orders"]
    [received] = (await sandbox.get("/erp/goods-receipts", po_number="PO-2001"))["goods_receipts"]
    [billed] = (await sandbox.get("/erp/supplier-bills", supplier_code="S-4711", invoice_number="INV-77"))[
        "supplier_bills"
    ]
    assert (booked["number"], received["number"], billed["number"]) == ("PUR-1", "GRN-1", "BILL-1")
    assert booked["lines"] == [
        {"line_id": "1", "sku": "LAMP-7", "ordered": 4, "received": 4, "damaged": 0, "billed": 4}
    ]
    assert (booked["status"], booked["total"]) == ("closed", {"amount": 1600, "currency": "GBP"})
    assert (received["id"], billed["id"], billed["total"]) == (came["id"], due["id"], bill(purchase)["total"])
    books = (await sandbox.get("/ledger/summary"))["erp"]
    assert (books["purchased"], books["billed"]) == ({"GBP": 1600}, {"GBP": 1700})
    assert await sandbox.effects("erp", order_id="po_1") == ["purchase_order", "goods_receipt", "bill"]


async def test_what_was_cancelled_is_no_longer_counted(sandbox: Any) -> None:
    purchase = await bought(sandbox)

    cancelled = await sandbox.post(f"/erp/purchase-orders/{purchase}/cancel", {"reference": "undo"})
    again = await sandbox.post(f"/erp/purchase-orders/{purchase}/cancel", {"reference": "undo"})

    assert (cancelled.json()["status"], again.json()["code"]) == ("cancelled", "already_cancelled")
    assert (await sandbox.get(f"/erp/purchase-orders/{purchase}"))["status"] == "cancelled"
    assert (await sandbox.get("/ledger/summary"))["erp"]["purchased"] == {}


async def test_what_was_billed_is_not_cancelled(sandbox: Any) -> None:
    purchase = await bought(sandbox)
    await sandbox.post("/erp/supplier-bills", bill(purchase))

    answer = await sandbox.post(f"/erp/purchase-orders/{purchase}/cancel", {"reference": "undo"})

    assert (answer.status_code, answer.json()["code"]) == (409, "too_late")


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/erp/purchase-orders", {**PURCHASE, "lines": LINES * 2}, 400, "malformed"),
        ("/erp/purchase-orders/pur_never/cancel", {"reference": "undo"}, 404, "unknown_purchase"),
        ("/erp/goods-receipts", {"line_id": "9"}, 422, "unknown_line"),
        ("/erp/supplier-bills", {"total": 1701}, 422, "totals_mismatch"),
        ("/erp/supplier-bills", {"currency": "EUR"}, 422, "currency_mismatch"),
    ],
)
async def test_what_does_not_fit_is_refused(
    sandbox: Any, path: str, body: dict[str, Any], status: int, code: str
) -> None:
    purchase = await bought(sandbox)
    said = {"/erp/goods-receipts": receipt, "/erp/supplier-bills": bill}.get(path)

    answer = await sandbox.post(path, said(purchase, **body) if said else body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_purchase_may_be_refused_on_request(sandbox: Any) -> None:
    answer = await sandbox.post("/erp/purchase-orders", PURCHASE, sandbox_fault="refuse")

    assert (answer.status_code, answer.json()["code"]) == (422, "refused")
    assert await sandbox.effects("erp") == []
