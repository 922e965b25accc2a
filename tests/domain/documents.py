"""Documents of orders that add up, for laws that hold for all of them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from gateway.domain.money import extended

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

_PRICES = st.decimals(0, 10**4, places=6, allow_nan=False, allow_infinity=False)
_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    currency = draw(st.sampled_from(["GBP", "JPY", "KWD"]))
    lines = [_line(draw, str(number), currency) for number in range(draw(st.integers(1, 6)))]
    shipping = draw(st.none() | st.integers(0, 10**5))
    mode = draw(st.sampled_from(["exclusive", "inclusive"]))
    totals = _totals(lines, shipping or 0, currency=currency, mode=mode)
    customer = draw(st.sampled_from([{"type": "person"}, {"type": "business", "customer_ref": "17850"}]))
    contact = draw(st.none() | st.fixed_dictionaries({"phone": _TEXT}))
    body = {
        "channel": {"channel_id": "web-uk"},
        "channel_order_id": draw(_TEXT),
        "placed_at": "2026-11-23T08:26:00Z",
        "currency": currency,
        "tax_mode": mode,
        "customer": customer | ({"contact": contact} if contact else {}),
        "lines": lines,
        "delivery_groups": _groups(draw, [line["line_id"] for line in lines]),
        "payment": {"method": "card", "token": "tok", "amount": dict(totals["grand_total"])},
        "totals": totals,
    }
    return body if shipping is None else body | {"shipping_charge": {"amount": shipping, "currency": currency}}


def _groups(draw: st.DrawFn, lines: list[str]) -> list[dict[str, Any]]:
    """One that has all lines, or several among which these are divided, some of them fetched."""
    among = draw(st.integers(1, len(lines)))
    if among == 1:
        return [{"id": "home", "method": "ship_to_home", "address": _address(draw)}]
    groups: list[dict[str, Any]] = []
    for at in range(among):
        group: dict[str, Any] = {"id": f"g{at}", "method": "bopis", "pickup": {"node_id": "main"}}
        if draw(st.booleans()):
            group = {"id": f"g{at}", "method": "ship_to_home", "address": _address(draw)}
        groups.append({**group, "lines": lines[at::among]})
    return groups


def _line(draw: st.DrawFn, line_id: str, currency: str) -> dict[str, Any]:
    line: dict[str, Any] = {
        "line_id": line_id,
        "sku": draw(st.sampled_from(["lamp-7", "LAMP-7", "85123a", "85123A", "x"])),
        "quantity": draw(st.integers(1, 10**4)),
        "unit_price": f"{draw(_PRICES):f}",
    }
    goods = extended(Decimal(line["unit_price"]), line["quantity"], currency).amount
    for name, most in (("discount", goods), ("tax", 10**5)):
        amount = draw(st.none() | st.integers(0, most))
        if amount is not None:
            line[name] = {"amount": amount, "currency": currency}
    return line


def _totals(lines: list[dict[str, Any]], shipping: int, *, currency: str, mode: str) -> dict[str, Any]:
    items = sum(extended(Decimal(line["unit_price"]), line["quantity"], currency).amount for line in lines)
    discount, tax = (sum(line[name]["amount"] for line in lines if name in line) for name in ("discount", "tax"))
    grand = items - discount + shipping + (tax if mode == "exclusive" else 0)
    amounts = {"items": items, "discount": discount, "shipping": shipping, "tax": tax, "grand_total": grand}
    return {name: {"amount": amount, "currency": currency} for name, amount in amounts.items()}


def _address(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "name": draw(_TEXT),
        "lines": draw(st.lists(_TEXT, min_size=1, max_size=4)),
        "city": draw(_TEXT),
        "country": "GB",
    }
