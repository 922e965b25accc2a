"""The pretend ERP's credit memos, and its books that can be closed."""

from typing import Any

GBP_30 = {"amount": 3000, "currency": "GBP"}


async def sold(sandbox: Any) -> tuple[str, str]:
    booked = (await sandbox.book()).json()["id"]
    payment = {"reference": "cap_1", "amount": GBP_30}
    bill = {"reference": "inv-ref", "sales_order": booked, "total": GBP_30, "payment": payment}
    return booked, (await sandbox.post("/erp/invoices", bill)).json()["id"]


def memo(booked: str, invoice: str, *, total: int = 1400) -> dict[str, Any]:
    line = {"line_id": "1", "sku": "LAMP-7", "quantity": 1, "net": 1250, "tax": 250}
    named = {"reference": "crm-ref", "order_id": "ord_1", "sales_order": booked, "invoice": invoice}
    fees = [{"type": "restocking", "amount": 100}]
    why = {"reason": "changed_mind", "refund": "ref_1"}
    return {**named, **why, "lines": [line], "fees": fees, "total": {"amount": total, "currency": "GBP"}}


async def test_a_credit_memo_is_posted_and_found(sandbox: Any) -> None:
    booked, invoice = await sold(sandbox)

    posted = await sandbox.post("/erp/credit-memos", memo(booked, invoice))

    [found] = (await sandbox.get("/erp/credit-memos", reference="crm-ref"))["credit_memos"]
    assert (posted.status_code, posted.json()["number"]) == (201, "CRM-1")
    assert found == {**posted.json(), "sales_order": booked, "total": {"amount": 1400, "currency": "GBP"}}
    assert (await sandbox.get("/ledger/summary"))["erp"]["credited"] == {"GBP": 1400}


async def test_a_total_that_its_lines_do_not_come_to_is_refused(sandbox: Any) -> None:
    booked, invoice = await sold(sandbox)

    answer = await sandbox.post("/erp/credit-memos", memo(booked, invoice, total=1500))

    assert (answer.status_code, answer.json()["code"]) == (422, "totals_mismatch")


async def test_closed_books_stay_closed_over_a_restart(open_sandbox: Any) -> None:
    async with open_sandbox() as sandbox:
        booked, invoice = await sold(sandbox)
        await sandbox.post("/erp/_period", {"closed": True})
    async with open_sandbox() as sandbox:
        answer = await sandbox.post("/erp/credit-memos", memo(booked, invoice))
        await sandbox.post("/erp/_period", {"closed": False})
        again = await sandbox.post("/erp/credit-memos", memo(booked, invoice))

    assert (answer.status_code, answer.json()["code"]) == (409, "fiscal_period_closed")
    assert again.status_code == 201
