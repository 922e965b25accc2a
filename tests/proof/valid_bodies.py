"""Orders that a schema cannot make: generated ones whose shape is right, mended until they also add up."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import uuid4

from tests.proof.client import CHANNEL, SKUS

Json = dict[str, Any]

DIGITS = {"GBP": 2, "EUR": 2, "JPY": 0, "KWD": 3}
COUNTRIES = ("GB", "IE", "DE", "JP")
SMALL = 1_000_000  # minor units and pieces: sums of a thousand lines stay within 2^53
LARGEST, LONGEST = 2**53 - 1, 40  # what a number may be, and how many characters of it


def mend(body: Json) -> None:
    """In place: one known currency, our channel, unused names, check digits, and totals that follow from the lines."""
    currency = _chosen(tuple(DIGITS), body["currency"])
    body["currency"] = currency
    body["channel"]["channel_id"] = CHANNEL
    body["channel_order_id"] = body["channel_order_id"][:30] + uuid4().hex
    body["placed_at"] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    _mend_groups(body)
    for place, line in enumerate(body["lines"], 1):
        _mend_line(line, place, currency)
    _total(body, currency)


def _mend_groups(body: Json) -> None:
    """As many as there are lines at most; of several, or where lines are named, each line belongs to one."""
    lines = [str(place) for place in range(1, len(body["lines"]) + 1)]
    groups = body["delivery_groups"] = body["delivery_groups"][: len(lines)]
    for at, group in enumerate(groups):
        group["id"] = f"{at}-{group['id']}"[:64]
        _mend_delivery(group, body["currency"])
        if "promised_by" in group:  # a day that there is
            group["promised_by"] = "2099-01-31" + ("" if len(group["promised_by"]) == 10 else "T16:00:00+01:00")
        if len(groups) > 1 or "lines" in group:
            group["lines"] = lines[at :: len(groups)]


def _mend_delivery(group: Json, currency: str) -> None:
    """What is shipped has an address and is not fetched; what is fetched is fetched somewhere."""
    if group["method"] == "ship_to_home":
        group.pop("pickup", None)
        group.setdefault("address", {"name": "Ada", "lines": ["1 High Street"], "city": "York", "country": "GB"})
    else:
        group.setdefault("pickup", {"node_id": "main"})
    if "address" in group:
        group["address"]["country"] = _chosen(COUNTRIES, currency)


def _mend_line(line: Json, place: int, currency: str) -> None:
    line["line_id"] = str(place)
    line["quantity"] = int(line["quantity"])
    if place % 2:
        line["sku"] = _chosen(SKUS, line["sku"])
    if "gtin" in line:
        line["gtin"] = line["gtin"][:-1] + _check_digit(line["gtin"][:-1])
    if _goods(line, currency) > SMALL * 1000:
        line["quantity"], line["unit_price"] = min(line["quantity"], 100), line["unit_price"][:6].rstrip(".")
    if "discount" in line:
        line["discount"] = _money(min(line["discount"]["amount"], _goods(line, currency)), currency)
    if "tax" in line:
        line["tax"] = _money(min(line["tax"]["amount"], SMALL), currency)


def _total(body: Json, currency: str) -> None:
    goods = sum(_goods(line, currency) for line in body["lines"])
    discount, tax = (sum(_amounts(body["lines"], name)) for name in ("discount", "tax"))
    shipping = 0
    if "shipping_charge" in body:
        shipping = min(int(body["shipping_charge"]["amount"]), SMALL)
        body["shipping_charge"] = _money(shipping, currency)
    grand_total = goods - discount + shipping + (tax if body["tax_mode"] == "exclusive" else 0)
    totals = {"items": goods, "discount": discount, "shipping": shipping, "tax": tax, "grand_total": grand_total}
    body["totals"] = {name: _money(amount, currency) for name, amount in totals.items()}
    body["payment"]["amount"] = _money(grand_total, currency)


def _goods(line: Json, currency: str) -> int:
    minor = Decimal(line["unit_price"]) * line["quantity"] * 10 ** DIGITS[currency]
    return int(minor.quantize(Decimal(1), ROUND_HALF_UP))


def _amounts(lines: list[Json], name: str) -> Iterator[int]:
    return (int(line[name]["amount"]) for line in lines if name in line)


def _money(amount: float, currency: str) -> Json:
    return {"amount": int(amount), "currency": currency}


def _check_digit(digits: str) -> str:
    odd, even = sum(map(int, digits[-1::-2])), sum(map(int, digits[-2::-2]))
    return str(-(3 * odd + even) % 10)


def _chosen(known: tuple[str, ...], generated: str) -> str:
    """One of the known, the same for the same generated value."""
    return generated if generated in known else known[sum(map(ord, generated)) % len(known)]


def tame(value: Any) -> Any:
    """An open body with numbers that every JSON reader holds exactly: more is malformed wherever it stands."""
    if isinstance(value, dict):
        return {name: tame(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [tame(inner) for inner in value]
    if isinstance(value, int | float) and not (-LARGEST <= value <= LARGEST and len(repr(value)) <= LONGEST):
        return 0
    return value
