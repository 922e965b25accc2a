"""The pretend ERP: sales orders and invoices. It knows no keys: asked twice, it books twice. It can be searched."""

import secrets

import orjson

from adapters.sandbox.answers import (
    Answer,
    Call,
    Effect,
    Json,
    Refusal,
    currency,
    demand,
    integer,
    lines,
    money,
    record,
    text,
)
from adapters.sandbox.ledger import Ledger
from adapters.sandbox.operations import Operation
from adapters.sandbox.shelves import refuse_unknown_articles

TOTALS = ("goods", "discount", "shipping", "tax", "total")
INSERT = """
INSERT INTO sales_orders (id, reference, order_id, status, currency, goods, total, lines, body)
VALUES (?, ?, ?, 'confirmed', ?, ?, ?, ?, ?)
"""


def create_sales_order(ledger: Ledger, call: Call) -> Answer:
    body = call.body or {}
    reference, order_id, ordered = text(body, "reference"), text(body, "order_id"), lines(body)
    totals = {name: integer(body, name) for name in TOTALS}
    refuse_unknown_articles(ledger, demand(ordered))
    made, priced_in = f"so_{secrets.token_hex(10)}", currency(body)
    state = (made, reference, order_id, priced_in, totals["goods"], totals["total"], len(ordered), orjson.dumps(body))
    number = f"SO-{ledger.run(INSERT, *state)}"
    effect = Effect(
        kind="sales_order",
        subject=made,
        order_id=order_id,
        reference=reference,
        amount=totals["total"],
        currency=priced_in,
        lines=ordered,
        data={"number": number, "channel": body.get("channel"), **totals},
    )
    return Answer(201, {"id": made, "number": number, "reference": reference, "status": "confirmed"}, effect)


def cancel_sales_order(ledger: Ledger, call: Call) -> Answer:
    order = _sales_order(ledger, call.subject)
    reference = text(call.body or {}, "reference")
    if order["status"] == "cancelled":
        raise Refusal(409, "already_cancelled", "the sales order is cancelled already")
    if order["status"] == "invoiced":
        raise Refusal(409, "already_invoiced", "the sales order is invoiced and can no longer be cancelled")
    ledger.run("UPDATE sales_orders SET status = 'cancelled' WHERE id = ?", call.subject)
    effect = Effect(
        kind="cancel",
        subject=call.subject,
        order_id=order["order_id"],
        reference=reference,
        amount=order["total"],
        currency=order["currency"],
    )
    return Answer(200, {"id": call.subject, "status": "cancelled"}, effect)


def get_sales_order(ledger: Ledger, call: Call) -> Answer:
    return Answer(200, _shown(_sales_order(ledger, call.subject)))


def find_sales_orders(ledger: Ledger, call: Call) -> Answer:
    found = ledger.rows(
        "SELECT * FROM sales_orders WHERE reference = ? ORDER BY number", call.query.get("reference", "")
    )
    return Answer(200, {"sales_orders": [_shown(dict(row)) for row in found]})


def create_invoice(ledger: Ledger, call: Call) -> Answer:
    body = call.body or {}
    reference, invoiced = text(body, "reference"), text(body, "sales_order")
    amount, priced_in = money(body, "total")
    payment = text(record(body, "payment"), "reference")
    paid = money(record(body, "payment"), "amount")
    order = _sales_order(ledger, invoiced)
    if order["status"] == "cancelled":
        raise Refusal(409, "already_cancelled", "the sales order is cancelled")
    made = f"inv_{secrets.token_hex(10)}"
    number = ledger.run(
        "INSERT INTO invoices (id, reference, sales_order, amount, currency, payment) VALUES (?, ?, ?, ?, ?, ?)",
        *(made, reference, invoiced, amount, priced_in, payment),
    )
    ledger.run("UPDATE sales_orders SET status = 'invoiced' WHERE id = ?", invoiced)
    effect = Effect(
        kind="invoice",
        subject=made,
        order_id=order["order_id"],
        reference=reference,
        amount=amount,
        currency=priced_in,
        data={"number": f"INV-{number}", "sales_order": invoiced, "payment": payment, "paid": paid[0]},
    )
    return Answer(201, _invoice(made, number, reference, paid=paid == (amount, priced_in)), effect)


def find_invoices(ledger: Ledger, call: Call) -> Answer:
    found = ledger.rows(
        "SELECT i.*, e.data FROM invoices i JOIN effects e ON e.subject = i.id"
        " WHERE i.reference = ? AND e.system = 'erp' ORDER BY i.number",
        call.query.get("reference", ""),
    )
    listed = [
        _invoice(row["id"], row["number"], row["reference"], paid=orjson.loads(row["data"])["paid"] == row["amount"])
        | {"sales_order": row["sales_order"], "total": {"amount": row["amount"], "currency": row["currency"]}}
        for row in found
    ]
    return Answer(200, {"invoices": listed})


def _invoice(made: str, number: int, reference: str, *, paid: bool) -> Json:
    return {"id": made, "number": f"INV-{number}", "reference": reference, "status": "posted", "paid": paid}


def _shown(order: Json) -> Json:
    body: Json = orjson.loads(order["body"])
    return {**body, "id": order["id"], "number": f"SO-{order['number']}", "status": order["status"]}


def _sales_order(ledger: Ledger, named: str) -> Json:
    return ledger.known("sales_orders", "sales order", named)


OPERATIONS = (
    Operation(
        system="erp",
        name="create_sales_order",
        method="POST",
        path="/sales-orders",
        run=create_sales_order,
        forward=True,
    ),
    Operation(
        system="erp", name="cancel_sales_order", method="POST", path="/sales-orders/{id}/cancel", run=cancel_sales_order
    ),
    Operation(system="erp", name="get_sales_order", method="GET", path="/sales-orders/{id}", run=get_sales_order),
    Operation(system="erp", name="find_sales_orders", method="GET", path="/sales-orders", run=find_sales_orders),
    Operation(system="erp", name="create_invoice", method="POST", path="/invoices", run=create_invoice),
    Operation(system="erp", name="find_invoices", method="GET", path="/invoices", run=find_invoices),
)
