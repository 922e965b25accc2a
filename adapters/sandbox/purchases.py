"""The pretend ERP's purchase orders: what was ordered of whom, and how much of it came and was billed."""

import secrets

import orjson

from adapters.sandbox.answers import Answer, Call, Effect, Json, Refusal, currency, demand, integer, lines, text
from adapters.sandbox.ledger import Ledger
from adapters.sandbox.operations import Operation
from adapters.sandbox.shelves import refuse_unknown_articles

UNKNOWN = "UNKNOWN"  # the one supplier that it does not know
INSERT = """
INSERT INTO purchase_orders (id, reference, po_id, po_number, supplier_code, status, amount, currency, body)
VALUES (?, ?, ?, ?, ?, 'open', ?, ?, ?)
"""
CAME = "SELECT body FROM goods_receipts WHERE purchase = ? ORDER BY number"
BILLED = "SELECT body FROM supplier_bills WHERE purchase = ? ORDER BY number"
MOVED = """
SELECT 1 WHERE EXISTS (SELECT 1 FROM goods_receipts WHERE purchase = ?1)
            OR EXISTS (SELECT 1 FROM supplier_bills WHERE purchase = ?1)
"""


def create_purchase_order(ledger: Ledger, call: Call) -> Answer:
    body = call.body or {}
    reference, po_id = text(body, "reference"), text(body, "po_id")
    po_number, supplier = text(body, "po_number"), text(body, "supplier_code")
    revision, ordered, priced_in = integer(body, "revision"), lines(body), currency(body)
    amount = sum(line["quantity"] * integer(line, "unit_price") for line in ordered)
    if len({line["line_id"] for line in ordered}) < len(ordered):
        raise Refusal(400, "malformed", "two lines have one 'line_id'")
    _refuse_unknown(ledger, supplier, ordered)
    made = f"pur_{secrets.token_hex(10)}"
    named = (made, reference, po_id, po_number, supplier)
    number = f"PUR-{ledger.run(INSERT, *named, amount, priced_in, orjson.dumps(body))}"
    effect = Effect(
        kind="purchase_order",
        subject=made,
        order_id=po_id,
        reference=reference,
        amount=amount,
        currency=priced_in,
        lines=ordered,
        data={"number": number, "po_number": po_number, "supplier_code": supplier, "revision": revision},
    )
    return Answer(201, {"id": made, "number": number, "reference": reference, "status": "open"}, effect)


def cancel_purchase_order(ledger: Ledger, call: Call) -> Answer:
    order = _purchase(ledger, call.subject)
    reference = text(call.body or {}, "reference")
    if order["status"] == "cancelled":
        raise Refusal(409, "already_cancelled", "the purchase order is cancelled already")
    if ledger.value(MOVED, call.subject):
        raise Refusal(409, "too_late", "goods of the purchase order were received, or it was billed")
    ledger.run("UPDATE purchase_orders SET status = 'cancelled' WHERE id = ?", call.subject)
    effect = Effect(
        kind="purchase_cancel",
        subject=call.subject,
        order_id=order["po_id"],
        reference=reference,
        amount=order["amount"],
        currency=order["currency"],
    )
    return Answer(200, {"id": call.subject, "status": "cancelled"}, effect)


def get_purchase_order(ledger: Ledger, call: Call) -> Answer:
    return Answer(200, _shown(ledger, _purchase(ledger, call.subject)))


def find_purchase_orders(ledger: Ledger, call: Call) -> Answer:
    by = "po_number" if "po_number" in call.query else "reference"
    found = ledger.rows(f"SELECT * FROM purchase_orders WHERE {by} = ? ORDER BY number", call.query.get(by, ""))  # noqa: S608
    return Answer(200, {"purchase_orders": [_shown(ledger, dict(row)) for row in found]})


def living(ledger: Ledger, named: str) -> Json:
    """The purchase order that a document is about."""
    found = ledger.row("SELECT * FROM purchase_orders WHERE id = ?", named)
    if found is None:
        raise Refusal(409, "purchase_not_found", "there is no such purchase order")
    return dict(found)


def standing(ledger: Ledger, order: Json) -> list[Json]:
    """Of each line how much was ordered, came, was damaged of that, and was billed."""
    nothing = {"received": 0, "damaged": 0, "billed": 0}
    counted = {
        line["line_id"]: {"line_id": line["line_id"], "sku": line["sku"], "ordered": line["quantity"], **nothing}
        for line in orjson.loads(order["body"])["lines"]
    }
    for row in ledger.rows(CAME, order["id"]):
        for line in orjson.loads(row["body"])["lines"]:
            counted[line["line_id"]]["received"] += line["accepted"] + line["damaged"]
            counted[line["line_id"]]["damaged"] += line["damaged"]
    for row in ledger.rows(BILLED, order["id"]):
        for line in orjson.loads(row["body"])["lines"]:
            if line["line_id"] in counted:
                counted[line["line_id"]]["billed"] += line["quantity"]
    return list(counted.values())


def is_closed(order: Json, counted: list[Json]) -> bool:
    """Is nothing awaited any more? What came damaged still is."""
    return order["status"] == "cancelled" or all(
        line["received"] - line["damaged"] >= line["ordered"] for line in counted
    )


def _refuse_unknown(ledger: Ledger, supplier: str, ordered: list[Json]) -> None:
    if supplier == UNKNOWN:
        raise Refusal(422, "unknown_supplier", "there is no such supplier")
    refuse_unknown_articles(ledger, demand(ordered))


def _shown(ledger: Ledger, order: Json) -> Json:
    counted = standing(ledger, order)
    status = "closed" if order["status"] == "open" and is_closed(order, counted) else order["status"]
    named = {name: order[name] for name in ("id", "reference", "po_id", "po_number", "supplier_code")}
    total = {"amount": order["amount"], "currency": order["currency"]}
    revision = orjson.loads(order["body"])["revision"]
    number = f"PUR-{order['number']}"
    return {**named, "number": number, "status": status, "revision": revision, "total": total, "lines": counted}


def _purchase(ledger: Ledger, named: str) -> Json:
    found = ledger.row("SELECT * FROM purchase_orders WHERE id = ?", named)
    if found is None:
        raise Refusal(404, "unknown_purchase", "there is no such purchase order")
    return dict(found)


OPERATIONS = (
    Operation(
        system="erp",
        name="create_purchase_order",
        method="POST",
        path="/purchase-orders",
        run=create_purchase_order,
        forward=True,
    ),
    Operation(
        system="erp",
        name="cancel_purchase_order",
        method="POST",
        path="/purchase-orders/{id}/cancel",
        run=cancel_purchase_order,
    ),
    Operation(
        system="erp", name="get_purchase_order", method="GET", path="/purchase-orders/{id}", run=get_purchase_order
    ),
    Operation(
        system="erp", name="find_purchase_orders", method="GET", path="/purchase-orders", run=find_purchase_orders
    ),
)
