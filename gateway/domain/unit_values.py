"""What each piece of an order is worth to whoever sends it back: fixed at intake, to the last minor unit."""

from collections.abc import Mapping

from gateway.domain.money import Money
from gateway.domain.orders import Line, Order


def unit_values(order: Order) -> Mapping[str, tuple[Money, ...]]:
    """By line: the value of every piece, with tax and less discount. They sum to exactly what the line cost."""
    return {line.line_id: line_total(order, line).allocate([1] * line.quantity) for line in order.lines}


def portion(total: Money, pieces: int, first: int, quantity: int) -> int:
    """What *quantity* of so many *pieces* are worth together, from the *first* on, counted from 0: as `unit_values`."""
    each, more = divmod(total.amount, pieces)
    return each * quantity + max(0, min(first + quantity, more) - min(first, more))


def line_total(order: Order, line: Line) -> Money:
    """What the customer paid for the line; with inclusive prices the tax is inside the goods."""
    net = line.goods - line.discount
    return net + line.tax if order.tax_mode == "exclusive" else net
