"""A part of an order, as whoever carries it out sees it: an order of some pieces, worth what these pieces are worth."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from gateway.domain.money import Money
from gateway.domain.orders import Line, Order
from gateway.domain.unit_values import line_total, portion


@dataclass(frozen=True, slots=True)
class Block:
    """Pieces of a line, *quantity* of them from the *first* on, counted from 0 over the whole line."""

    line_id: str
    first: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Share:
    """Which pieces go together, and what they bear of the shipping charge, in minor units."""

    blocks: tuple[Block, ...]
    shipping: int


def share_of(order: Order, share: Share, *, fulfilment_id: str, node_id: str) -> Order:
    """The order of these pieces alone. Shares of all pieces and all shipping sum to exactly what the order costs."""
    lines = tuple(line for whole in order.lines if (line := _line(order, whole, share.blocks)) is not None)
    part = replace(
        order,
        lines=lines,
        shipping_charge=Money(share.shipping, order.currency),
        node_id=node_id,
        fulfilment_id=fulfilment_id,
    )
    totals = part.computed()
    return replace(part, totals=totals, payment=replace(order.payment, amount=totals.grand_total))


def _line(order: Order, whole: Line, blocks: Sequence[Block]) -> Line | None:
    """The line with these pieces only. What rounding has moved between pieces goes on or off its discount."""
    own = [block for block in blocks if block.line_id == whole.line_id]
    if not own:
        return None

    def of(total: Money) -> int:
        return sum(portion(total, whole.quantity, block.first, block.quantity) for block in own)

    tax, worth = of(whole.tax), of(line_total(order, whole))
    net = worth - tax if order.tax_mode == "exclusive" else worth
    line = replace(whole, quantity=sum(block.quantity for block in own), tax=Money(tax, order.currency))
    return replace(line, discount=line.goods - Money(net, order.currency))


def free_blocks(line: Line, taken: Iterable[Block], wanted: int) -> Iterator[Block]:
    """The first *wanted* pieces of the line that nobody has taken; fewer, if there are not so many."""
    at = 0
    ends = Block(line.line_id, line.quantity, 0)
    own = sorted((block for block in taken if block.line_id == line.line_id), key=lambda block: block.first)
    for block in (*own, ends):
        if (count := min(wanted, block.first - at)) > 0:
            yield Block(line.line_id, at, count)
            wanted -= count
        at = max(at, block.first + block.quantity)
