"""A match in words: a short sentence for each finding, with the numbers that led to it."""

from collections.abc import Callable, Mapping
from decimal import ROUND_UP, Decimal

from gateway.domain.matching_terms import MICROS, POINTS, Sums, Verdict
from gateway.domain.money import minor_units

Say = Callable[[Sums, str], str]


def finding_told(verdict: Verdict, sums: Sums, currency: str) -> str:
    return _SENTENCES[verdict](sums, currency)


def line_told(verdict: Verdict, sums: Sums, currency: str) -> str:
    """Why a line without findings passes."""
    if verdict == "matched":
        return f"billed {sums['billed']} at {_price(sums['price'], currency)}, as ordered and accepted"
    told = []
    if sums["over"] > 0:
        told.append(_quantity(sums))
    if sums["price_gap"]:
        told.append(_dearer(sums, currency))
    elif sums["amount_gap"]:
        told.append(f"rounded otherwise by {_money(abs(sums['amount_gap']), currency)}")
    return "; ".join(told)


def _quantity(sums: Sums) -> str:
    return f"billed {sums['billed']}, {sums['expected']} were due: {sums['over']} more, {sums['allowed_over']} allowed"


def _not_received(sums: Sums, currency: str) -> str:
    return f"{_missing(sums, currency)}; {sums['to_come']} may still come"


def _missing(sums: Sums, currency: str) -> str:
    before = f", {sums['invoiced_before']} of them billed before" if sums["invoiced_before"] else ""
    return f"billed {sums['billed']}, accepted {sums['accepted']} of {sums['ordered']}{before}"


def _over_billed(sums: Sums, currency: str) -> str:
    before = f" after {sums['invoiced_before']} before" if sums["invoiced_before"] else ""
    return f"billed {sums['billed']}{before}, ordered {sums['ordered']}: {sums['over_ordered']} too many"


def _dearer(sums: Sums, currency: str) -> str:
    prices = f"billed {sums['billed']} at {_price(sums['price'], currency)}"
    return f"{prices}, ordered at {_price(sums['ordered_price'], currency)}: {_by_how_much(sums, currency)}"


def _by_how_much(sums: Sums, currency: str) -> str:
    gap, allowed = sums["price_gap"], _points(Decimal(sums["allowed_points"]))
    way = "dearer" if gap > 0 else "cheaper"
    if not sums["ordered_price"]:
        return f"{way} than nothing"
    share = _points(Decimal(abs(gap) * POINTS) / sums["ordered_price"])
    small = sums["gap_micros"] <= sums["small_micros"]
    within = abs(gap) * POINTS <= sums["allowed_points"] * sums["ordered_price"]
    if small and not within:
        return f"{share} {way}, which is little money"
    if within and sums["gap_micros"] > sums["cap_micros"]:
        return f"{share} {way}, but more money on the line than allowed"
    return f"{share} {way}, {allowed} allowed"


def _amount_mismatch(sums: Sums, currency: str) -> str:
    made = f"{sums['billed']} at {_price(sums['price'], currency)} are {_money(sums['amount_expected'], currency)}"
    return f"{made}, not {_money(sums['amount'], currency)}"


def _used_up(sums: Sums, currency: str) -> str:
    after, cap = _money(sums["overpaid_after"], currency), _money(sums["order_cap"], currency)
    return f"within tolerance by itself, but the order's invoices would cost {after} too much together, {cap} allowed"


def _charge(sums: Sums, currency: str) -> str:
    before = sums.get("charged_before", 0)  # nobody kept it at first
    after = f" after {_money(before, currency)} before" if before else ""
    allowed = _money(sums["allowed_over"], currency)
    return f"a charge of {_money(sums['charged'], currency)}{after}, none was agreed: {allowed} allowed"


def _tax(sums: Sums, currency: str) -> str:
    gap = _money(sums["allowed_gap"], currency)
    return f"tax of {_money(sums['tax'], currency)}, {_money(sums['tax_expected'], currency)} due, give or take {gap}"


def _unknown(sums: Sums, currency: str) -> str:
    return f"the order has no such line; {_money(sums['amount'], currency)} are billed for it"


def _header(sums: Sums, currency: str) -> str:
    if not sums:
        return "it is not in the currency of the order"
    parts = [f"{name} {_money(sums[name], currency)}" for name in ("lines", "charges", "tax")]
    made = sums["lines"] + sums["charges"] + sums["tax"]
    return f"{', '.join(parts)} make {_money(made, currency)}, not {_money(sums['total'], currency)}"


_SENTENCES: Mapping[Verdict, Say] = {
    "not_received": _not_received,
    "qty_variance": _missing,
    "over_billed": _over_billed,
    "price_variance": _dearer,
    "amount_mismatch": _amount_mismatch,
    "tolerance_used_up": _used_up,
    "charge_variance": _charge,
    "tax_variance": _tax,
    "unknown_line": _unknown,
    "header_mismatch": _header,
}


def _money(minor: int, currency: str) -> str:
    digits = minor_units(currency)
    return f"{Decimal(minor).scaleb(-digits):.{digits}f}"


def _price(micros: int, currency: str) -> str:
    """With as many digits as it has, and at least the currency's."""
    exact, digits = Decimal(micros) / MICROS, minor_units(currency)
    at_least = f"{exact:.{digits}f}"
    return at_least if Decimal(at_least) == exact else f"{exact.normalize():f}"


def _points(points: Decimal) -> str:
    """Rounded away from nothing, so that what is over never reads like what is allowed."""
    share = (points / 100).quantize(Decimal("0.01"), ROUND_UP).normalize()
    return f"{share:f} %"
