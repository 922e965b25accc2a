"""The pretend ERP: it knows no keys, and everything can be looked up by the caller's reference."""

from typing import Any

GBP_30 = {"amount": 3000, "currency": "GBP"}


def invoice(sales_order: str, *, reference: str = "inv-ref") -> dict[str, Any]:
    payment = {"reference": "cap_1", "amount": GBP_30}
    return {"reference": reference, "sales_order": sales_order, "total": GBP_30, "payment": payment}


async def test_an_order_is_booked_with_its_lines_and_totals(sandbox: Any) -> None:
    booked = (await sandbox.book()).json()

    [effect] = (await sandbox.get("/ledger/erp/effects", order_id="ord_1"))["effects"]
    assert booked["status"] == "confirmed"
    assert booked["number"] == "SO-1"
    assert effect["amount"] == GBP_30
    assert effect["data"]["goods"] == 3000
    assert [(line["sku"], line["quantity"]) for line in effect["lines"]] == [("LAMP-7", 2)]


async def test_asked_twice_it_books_twice_whatever_the_key(sandbox: Any) -> None:
    first = (await sandbox.book(idempotency_key="k")).json()
    second = (await sandbox.book(idempotency_key="k")).json()

    found = (await sandbox.get("/erp/sales-orders", reference="ref-1"))["sales_orders"]
    assert [order["id"] for order in found] == [first["id"], second["id"]]
    assert (await sandbox.get("/ledger/summary"))["doubled"] == 1


async def test_a_cancelled_order_is_still_found(sandbox: Any) -> None:
    booked = (await sandbox.book()).json()["id"]

    first = await sandbox.post(f"/erp/sales-orders/{booked}/cancel", {"reference": "undo"})
    second = await sandbox.post(f"/erp/sales-orders/{booked}/cancel", {"reference": "undo"})

    [found] = (await sandbox.get("/erp/sales-orders", reference="ref-1"))["sales_orders"]
    assert first.json() == {"id": booked, "status": "cancelled"}
    assert (second.status_code, second.json()["code"]) == (409, "already_cancelled")
    assert found["status"] == "cancelled"
    assert found["lines"][0]["sku"] == "LAMP-7"
    assert await sandbox.effects("erp") == ["sales_order", "cancel"]


async def test_an_unknown_article_is_refused(sandbox: Any) -> None:
    answer = await sandbox.book(sku="UNICORN")

    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_sku")
    assert await sandbox.effects("erp") == []


async def test_articles_compare_without_case(sandbox: Any) -> None:
    answer = await sandbox.book(sku="mug-RED")

    assert answer.status_code == 201


async def test_an_invoice_is_posted_paid_and_found(sandbox: Any) -> None:
    booked = (await sandbox.book()).json()["id"]

    posted = await sandbox.post("/erp/invoices", invoice(booked))

    [found] = (await sandbox.get("/erp/invoices", reference="inv-ref"))["invoices"]
    assert posted.status_code == 201
    assert posted.json()["status"] == "posted"
    assert posted.json()["paid"] is True
    assert found["id"] == posted.json()["id"]
    assert found["total"] == GBP_30
    assert (await sandbox.get(f"/erp/sales-orders/{booked}"))["status"] == "invoiced"
    assert (await sandbox.get("/ledger/summary"))["erp"]["invoiced"] == {"GBP": 3000}


async def test_an_invoiced_order_cannot_be_cancelled_nor_a_cancelled_one_invoiced(sandbox: Any) -> None:
    invoiced, cancelled = (await sandbox.book()).json()["id"], (await sandbox.book()).json()["id"]
    await sandbox.post("/erp/invoices", invoice(invoiced))
    await sandbox.post(f"/erp/sales-orders/{cancelled}/cancel", {"reference": "undo"})

    late_cancel = await sandbox.post(f"/erp/sales-orders/{invoiced}/cancel", {"reference": "undo"})
    late_invoice = await sandbox.post("/erp/invoices", invoice(cancelled))

    assert (late_cancel.status_code, late_cancel.json()["code"]) == (409, "already_invoiced")
    assert (late_invoice.status_code, late_invoice.json()["code"]) == (409, "already_cancelled")


async def test_what_it_does_not_know_is_not_found(sandbox: Any) -> None:
    order = await sandbox.http.get("/erp/sales-orders/so_none")
    invoiced = await sandbox.post("/erp/invoices", invoice("so_none"))

    assert order.status_code == invoiced.status_code == 404
    assert order.json()["code"] == "unknown_sales_order"
