"""The pretend ERP's credit memos: never more than was invoiced, and none while the fiscal period is closed."""

import secrets

import orjson

from adapters.sandbox.answers import Answer, Call, Effect, Json, Refusal, integer, lines, money, text
from adapters.sandbox.ledger import Ledger
from adapters.sandbox.operations import Operation
from adapters.sandbox.periods import refuse_closed

INVOICED = "SELECT * FROM invoices WHERE id = ? AND sales_order = ?"
CREDITED = "SELECT coalesce(sum(amount), 0) FROM credit_memos WHERE sales_order = ?"
BEFORE = "SELECT body FROM credit_memos WHERE sales_order = ?"
INSERT = "INSERT INTO credit_memos (id, reference, sales_order, amount, currency, body) VALUES (?, ?, ?, ?, ?, ?)"
FEES = ("restocking", "return_shipping")


def create_credit_memo(ledger: Ledger, call: Call) -> Answer:
    body = call.body or {}
    reference, named = text(body, "reference"), text(body, "sales_order")
    total, currency = money(body, "total")
    returned = lines(body)
    order = ledger.known("sales_orders", "sales order", named)
    if ledger.row(INVOICED, text(body, "invoice"), named) is None:
        raise Refusal(409, "invoice_not_found", "the sales order has no such invoice")
    refuse_closed(ledger)
    _refuse_odd_sum(body, returned, total)
    _refuse_excess(ledger, order, returned, (total, currency))
    made = f"crm_{secrets.token_hex(10)}"
    number = ledger.run(INSERT, made, reference, named, total, currency, orjson.dumps(body))
    effect = Effect(
        kind="credit_memo",
        subject=made,
        order_id=order["order_id"],
        reference=reference,
        amount=total,
        currency=currency,
        lines=returned,
        data={
            "number": f"CRM-{number}",
            **{name: body.get(name) for name in ("sales_order", "invoice", "fees", "refund")},
        },
    )
    return Answer(201, _shown(made, number, reference), effect)


def find_credit_memos(ledger: Ledger, call: Call) -> Answer:
    found = ledger.rows(
        "SELECT * FROM credit_memos WHERE reference = ? ORDER BY number", call.query.get("reference", "")
    )
    listed = [
        _shown(row["id"], row["number"], row["reference"])
        | {"sales_order": row["sales_order"], "total": {"amount": row["amount"], "currency": row["currency"]}}
        for row in found
    ]
    return Answer(200, {"credit_memos": listed})


def _refuse_odd_sum(body: Json, returned: list[Json], total: int) -> None:
    if body.get("refund") is not None:
        text(body, "refund")
    fees = body.get("fees")
    if not isinstance(fees, list) or not all(isinstance(fee, dict) and fee.get("type") in FEES for fee in fees):
        raise Refusal(400, "malformed", f"'fees' must be a list of objects with a type of {', '.join(FEES)}")
    worth = sum(integer(line, "net") + integer(line, "tax") for line in returned)
    if worth - sum(integer(fee, "amount") for fee in fees) != total:
        raise Refusal(422, "totals_mismatch", "the lines less the fees do not come to the total")


def _refuse_excess(ledger: Ledger, order: Json, returned: list[Json], credit: tuple[int, str]) -> None:
    invoiced = ledger.value("SELECT sum(amount) FROM invoices WHERE sales_order = ?", order["id"])
    left = invoiced - ledger.value(CREDITED, order["id"])
    if credit[1] != order["currency"] or credit[0] > left:
        raise Refusal(422, "credit_exceeds_invoice", f"only {left} {order['currency']} are left to credit")
    before = [line for row in ledger.rows(BEFORE, order["id"]) for line in orjson.loads(row["body"])["lines"]]
    sold = {line["line_id"]: line["quantity"] for line in orjson.loads(order["body"])["lines"]}
    for line in (*before, *returned):
        sold[line["line_id"]] = sold.get(line["line_id"], 0) - line["quantity"]
    if short := [line_id for line_id, quantity in sold.items() if quantity < 0]:
        raise Refusal(422, "credit_exceeds_invoice", f"more comes back of line {min(short)} than was sold")


def _shown(made: str, number: int, reference: str) -> Json:
    return {"id": made, "number": f"CRM-{number}", "reference": reference, "status": "posted"}


OPERATIONS = (
    Operation(system="erp", name="create_credit_memo", method="POST", path="/credit-memos", run=create_credit_memo),
    Operation(system="erp", name="find_credit_memos", method="GET", path="/credit-memos", run=find_credit_memos),
)
