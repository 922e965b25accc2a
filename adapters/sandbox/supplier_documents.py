"""What a supplier writes to whoever ordered: confirmations, shipping notices, invoices, as their contract has them."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from adapters.sandbox.answers import Json
from adapters.sandbox.ledger import moment

PREFIXES = {"confirmation": "SO", "shipping_notice": "ASN", "invoice": "INV"}
PATHS = {
    "confirmation": "/v1/purchase-orders/{po_id}/confirmations",
    "shipping_notice": "/v1/purchase-orders/{po_id}/shipping-notices",
    "invoice": "/v1/supplier-invoices",
}
COMPANY = "9521234"  # a GS1 company prefix that is nobody's: 952 is for examples
CARRIER = "Sandbox Freight"
USUAL_DELAY, UNDER_WAY = 14, 2  # days
WHOLE = 10_000  # basis points of tax


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One request at the door of whoever ordered. Its number and its key follow from the order's number and its
    place among the order's documents: whoever writes it again says the same."""

    kind: str
    number: str
    key: str
    path: str
    body: Json


def named(kind: str, order: Json, place: int) -> tuple[str, str]:
    """The supplier's own number of a document, and the key of its request."""
    mark = _digest(order["po_number"])[:10]
    return f"{PREFIXES[kind]}-{mark}-{place}", f"sandbox-supplier:{mark}:{kind}-{place}"


def confirmation(order: Json, play: Json, place: int) -> Document:
    lines = [_answered(line, play) for line in order["lines"]]
    number, _ = named("confirmation", order, place)
    body = {"supplier_ref": number, "revision": order["revision"], "lines": lines}
    return _document("confirmation", order, place, body)


def shipping_notice(order: Json, goods: list[Json], place: int, now: float) -> Document:
    """One pallet with a carton of each line."""
    number, _ = named("shipping_notice", order, place)
    cartons = [
        {"sscc": sscc(f"{number}/{line['line_id']}"), "lines": [{name: line[name] for name in ("line_id", "quantity")}]}
        for line in goods
    ]
    body = {
        "asn_number": number,
        "shipped_at": moment(now),
        "expected_at": moment(now + UNDER_WAY * 86_400),
        "carrier": CARRIER,
        "pallets": [{"sscc": sscc(number), "cartons": cartons}],
    }
    return _document("shipping_notice", order, place, body)


def invoice(order: Json, goods: list[Json], play: Json, place: int, now: float) -> Document:
    """For these goods at the prices that were agreed, or dearer."""
    number, _ = named("invoice", order, place)
    lines = [_billed(line, play) for line in goods]
    tax = sum(_half_up(line["amount"] * of.get("tax_points", 0), WHOLE) for line, of in zip(lines, goods, strict=True))
    body = {
        "po_id": order["po_id"],
        "invoice_number": number,
        "invoice_date": datetime.fromtimestamp(now, UTC).date().isoformat(),
        "currency": order["currency"],
        "lines": lines,
        "tax": tax,
        "total": sum(line["amount"] for line in lines) + tax,
    }
    return _document("invoice", order, place, body)


def invoice_again(order: Json, before: Json, place: int) -> Document:
    """The same bill, under a number that is one character longer."""
    body = {**before, "invoice_number": f"{before['invoice_number']}A"}
    return _document("invoice", order, place, body)


def loaded(agreed: list[Json], play: Json) -> list[Json]:
    """What is put on the pallet: more or fewer pieces than agreed, where the play says so."""
    more = play.get("over", 0) - play.get("short", 0)
    put = [{**line, "quantity": line["quantity"] + (more if _meant(line, play) else 0)} for line in agreed]
    return [line for line in put if line["quantity"] > 0]


def sscc(seed: str) -> str:
    """A serial shipping container code with its check digit, the same for the same seed."""
    digits = f"0{COMPANY}{int(_digest(seed), 16) % 10**9:09}"
    weighed = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-weighed % 10}"


def _document(kind: str, order: Json, place: int, body: Json) -> Document:
    _, key = named(kind, order, place)
    number = body.get("supplier_ref") or body.get("asn_number") or body["invoice_number"]
    return Document(kind=kind, number=number, key=key, path=PATHS[kind].format(po_id=order["po_id"]), body=body)


def _answered(line: Json, play: Json) -> Json:
    named = {"line_id": line["line_id"]}
    if play["play"] == "confirm" or not _meant(line, play):
        return {**named, "status": "accepted"}
    if play["play"] == "reject":
        return {**named, "status": "rejected"}
    late = USUAL_DELAY if play["play"] == "backorder" else 0
    other = {
        "quantity": max(1, line["quantity"] + play.get("quantity", 0)),
        "unit_price": dearer(line["unit_price"], play.get("percent", 0)),
        "date": (date.fromisoformat(line["requested_date"]) + timedelta(play.get("days", late))).isoformat(),
    }
    same = {"quantity": line["quantity"], "unit_price": line["unit_price"], "date": line["requested_date"]}
    said = {name: value for name, value in other.items() if value != same[name]}
    status = {"change": "changed", "backorder": "backordered"}[play["play"]]
    return {**named, "status": status, **said} if said else {**named, "status": "accepted"}


def _billed(line: Json, play: Json) -> Json:
    meant = _meant(line, play)
    quantity = line["quantity"] + (play.get("over", 0) if meant else 0)
    price = dearer(line["unit_price"], play.get("percent", 0) if meant else 0)
    named = {name: line[name] for name in ("line_id", "sku")}
    return {**named, "quantity": quantity, "unit_price": price, "amount": quantity * price}


def dearer(price: int, percent: int) -> int:
    return _half_up(price * (100 + percent), 100)


def _half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)


def _meant(line: Json, play: Json) -> bool:
    return bool(play.get("line_id", line["line_id"]) == line["line_id"])


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
