"""The pretend ERP's receipts and bills of what was bought: goods for what is awaited, and each bill once."""

import secrets

import orjson

from adapters.sandbox.answers import Answer, Call, Effect, Json, Refusal, integer, money, text
from adapters.sandbox.ledger import Ledger
from adapters.sandbox.operations import Operation
from adapters.sandbox.periods import refuse_closed
from adapters.sandbox.purchases import is_closed, living, standing

RECEIVE = """
INSERT INTO goods_receipts (id, reference, purchase, po_number, receipt_number, body) VALUES (?, ?, ?, ?, ?, ?)
"""
BILL = """
INSERT INTO supplier_bills (id, reference, purchase, po_number, supplier_code, invoice_number, amount, currency, body)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
KNOWN_BILL = "SELECT 1 FROM supplier_bills WHERE supplier_code = ? AND invoice_number = ?"
BILLS_BY_NUMBER = "SELECT * FROM supplier_bills WHERE supplier_code = ? AND invoice_number = ? ORDER BY number"


def create_goods_receipt(ledger: Ledger, call: Call) -> Answer:
    body = call.body or {}
    reference, named, receipt_number = (text(body, name) for name in ("reference", "purchase", "receipt_number"))
    node, _ = text(body, "node"), text(body, "received_at")
    came = [_of_line(line, accepted=0, damaged=0) for line in _objects(body, "lines")]
    order = living(ledger, named)
    counted = standing(ledger, order)
    if strange := {line["line_id"] for line in came} - {line["line_id"] for line in counted}:
        raise Refusal(422, "unknown_line", f"the purchase order has no line {min(strange)}")
    bought_besides = order["status"] == "open" and body.get("surplus") is True
    if is_closed(order, counted) and not bought_besides:
        raise Refusal(409, "purchase_closed", "nothing of the purchase order is awaited any more")
    made = f"grn_{secrets.token_hex(10)}"
    about = (made, reference, named, order["po_number"], receipt_number)
    number = ledger.run(RECEIVE, *about, orjson.dumps(body))
    effect = Effect(
        kind="goods_receipt",
        subject=made,
        order_id=order["po_id"],
        reference=reference,
        lines=came,
        data={
            "number": f"GRN-{number}",
            "purchase": named,
            "po_number": order["po_number"],
            "receipt_number": receipt_number,
            "node": node,
        },
    )
    return Answer(201, _receipt(made, number, reference), effect)


def find_goods_receipts(ledger: Ledger, call: Call) -> Answer:
    by = "po_number" if "po_number" in call.query else "reference"
    found = ledger.rows(f"SELECT * FROM goods_receipts WHERE {by} = ? ORDER BY number", call.query.get(by, ""))  # noqa: S608
    listed = [
        _receipt(row["id"], row["number"], row["reference"])
        | {name: row[name] for name in ("purchase", "po_number", "receipt_number")}
        | {"lines": orjson.loads(row["body"])["lines"]}
        for row in found
    ]
    return Answer(200, {"goods_receipts": listed})


def create_supplier_bill(ledger: Ledger, call: Call) -> Answer:
    body = call.body or {}
    reference, named = text(body, "reference"), text(body, "purchase")
    supplier, written = text(body, "supplier_code"), text(body, "invoice_number")
    total, priced_in = money(body, "total")
    billed = [_billed(line) for line in _objects(body, "lines", least=0)]
    _refuse_odd_sum(body, billed, total)
    order = living(ledger, named)
    _refuse_bill(ledger, order, (supplier, written), priced_in)
    made = f"bil_{secrets.token_hex(10)}"
    about = (made, reference, named, order["po_number"], supplier, written)
    number = ledger.run(BILL, *about, total, priced_in, orjson.dumps(body))
    told = {name: body[name] for name in ("purchase", "supplier_code", "invoice_number", "dated", "charges", "tax")}
    effect = Effect(
        kind="bill",
        subject=made,
        order_id=order["po_id"],
        reference=reference,
        amount=total,
        currency=priced_in,
        lines=billed,
        data={"number": f"BILL-{number}", "po_number": order["po_number"], **told},
    )
    return Answer(201, _bill(made, number, reference), effect)


def find_supplier_bills(ledger: Ledger, call: Call) -> Answer:
    """By our reference, or by whose bill it is and its number there."""
    asked = call.query
    if "supplier_code" in asked:
        found = ledger.rows(BILLS_BY_NUMBER, asked["supplier_code"], asked.get("invoice_number", ""))
    else:
        by = "po_number" if "po_number" in asked else "reference"
        found = ledger.rows(f"SELECT * FROM supplier_bills WHERE {by} = ? ORDER BY number", asked.get(by, ""))  # noqa: S608
    listed = [
        _bill(row["id"], row["number"], row["reference"])
        | {name: row[name] for name in ("purchase", "po_number", "supplier_code", "invoice_number")}
        | {"total": {"amount": row["amount"], "currency": row["currency"]}}
        for row in found
    ]
    return Answer(200, {"supplier_bills": listed})


def _refuse_odd_sum(body: Json, billed: list[Json], total: int) -> None:
    text(body, "dated")
    charged = 0
    for charge in _objects(body, "charges", least=0):
        text(charge, "kind")
        charged += integer(charge, "amount")
    if sum(line["amount"] for line in billed) + charged + integer(body, "tax") != total:
        raise Refusal(422, "totals_mismatch", "lines, charges and tax do not come to the total")


def _refuse_bill(ledger: Ledger, order: Json, bill: tuple[str, str], priced_in: str) -> None:
    if order["status"] == "cancelled":
        raise Refusal(409, "purchase_not_found", "the purchase order was cancelled")
    if ledger.row(KNOWN_BILL, *bill):
        raise Refusal(409, "duplicate_invoice", f"{bill[0]} has billed {bill[1]} before")
    refuse_closed(ledger)
    if priced_in != order["currency"]:
        raise Refusal(422, "currency_mismatch", f"the purchase order is in {order['currency']}")


def _objects(body: Json, name: str, *, least: int = 1) -> list[Json]:
    value = body.get(name)
    if not isinstance(value, list) or len(value) < least or not all(isinstance(each, dict) for each in value):
        raise Refusal(400, "malformed", f"'{name}' must be a list of at least {least} objects")
    return value


def _of_line(line: Json, **numbers: int) -> Json:
    """A line that says so many, each of at least that."""
    named = {name: text(line, name) for name in ("line_id", "sku")}
    return named | {name: integer(line, name, least=least) for name, least in numbers.items()}


def _billed(line: Json) -> Json:
    """A bill may name what was never ordered: a line without `line_id`."""
    known = _of_line({**line, "line_id": line.get("line_id") or "-"}, quantity=1, unit_price=0, amount=0)
    return known | {"line_id": line.get("line_id")}


def _receipt(made: str, number: int, reference: str) -> Json:
    return {"id": made, "number": f"GRN-{number}", "reference": reference, "status": "posted"}


def _bill(made: str, number: int, reference: str) -> Json:
    return {"id": made, "number": f"BILL-{number}", "reference": reference, "status": "posted"}


OPERATIONS = (
    Operation(
        system="erp", name="create_goods_receipt", method="POST", path="/goods-receipts", run=create_goods_receipt
    ),
    Operation(system="erp", name="find_goods_receipts", method="GET", path="/goods-receipts", run=find_goods_receipts),
    Operation(
        system="erp", name="create_supplier_bill", method="POST", path="/supplier-bills", run=create_supplier_bill
    ),
    Operation(system="erp", name="find_supplier_bills", method="GET", path="/supplier-bills", run=find_supplier_bills),
)
