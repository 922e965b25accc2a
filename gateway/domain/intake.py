"""What the trade asks of an order beyond its shape: check digits, one currency, totals that follow from the lines."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from stdnum import ean

from gateway.domain.delivery import faults_of
from gateway.domain.money import is_currency
from gateway.domain.orders import Order, Totals

AHEAD = timedelta(minutes=5)  # what a channel's clock may be wrong by
HISTORY = timedelta(days=30)  # older orders are imports

TOTALS = "totals_mismatch"


class Breach(NamedTuple):
    pointer: str
    code: str
    detail: str


def breaches_of_shape(body: Mapping[str, Any]) -> list[Breach]:
    """What must hold before the document can be read as an order at all."""
    groups = faults_of(body["delivery_groups"], [line["line_id"] for line in body["lines"]])
    return [*_currencies(body), *_lines(body["lines"]), *(Breach(*found) for found in groups)]


def breaches(order: Order, *, now: datetime) -> list[Breach]:
    return [*_moment(order.placed_at, now), *_totals(order)]


def is_history(placed_at: datetime, *, now: datetime) -> bool:
    return placed_at < now - HISTORY


def _moment(placed_at: datetime, now: datetime) -> Iterator[Breach]:
    if placed_at > now + AHEAD:
        yield Breach("#/placed_at", "clock_skew", "is more than five minutes ahead of our clock")


def _totals(order: Order) -> Iterator[Breach]:
    stated, computed = order.totals, order.computed()
    for total in fields(Totals):
        right = getattr(computed, total.name).amount
        if getattr(stated, total.name).amount != right:
            yield Breach(f"#/totals/{total.name}/amount", TOTALS, f"should be {right}")
    if order.payment.amount != computed.grand_total:
        yield Breach("#/payment/amount/amount", TOTALS, f"should be {computed.grand_total.amount}")


def _lines(lines: list[Mapping[str, Any]]) -> Iterator[Breach]:
    seen: set[str] = set()
    for index, line in enumerate(lines):
        if line["line_id"] in seen:
            yield Breach(f"#/lines/{index}/line_id", "line_id_repeated", "names an earlier line of this order")
        seen.add(line["line_id"])
        if "gtin" in line and not ean.is_valid(line["gtin"]):
            yield Breach(f"#/lines/{index}/gtin", "gtin_check_digit", "the check digit is not right")


def _currencies(body: Mapping[str, Any]) -> Iterator[Breach]:
    currency = body["currency"]
    if not is_currency(currency):
        yield Breach("#/currency", "currency_unknown", "is not a currency of ISO 4217 with minor units")
    for pointer, money in _amounts(body):
        if money["currency"] != currency:
            yield Breach(f"{pointer}/currency", "currency_differs", "all of an order is in the order's currency")


def _amounts(body: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for index, line in enumerate(body["lines"]):
        for name in ("discount", "tax"):
            if name in line:
                yield f"#/lines/{index}/{name}", line[name]
    if "shipping_charge" in body:
        yield "#/shipping_charge", body["shipping_charge"]
    yield "#/payment/amount", body["payment"]["amount"]
    for name, money in body["totals"].items():
        yield f"#/totals/{name}", money
