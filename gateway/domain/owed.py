"""What is still to be taken of an order's money: what its unpaid parts come to, and the pieces that are in no part."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from gateway.domain.fulfilments import ENDED, GONE, WITHOUT_PIECES, Fulfilment
from gateway.domain.orders import Order
from gateway.domain.quantities import Quantities
from gateway.domain.shares import Block, Share, free_blocks, share_of


@dataclass(frozen=True, slots=True)
class Owed:
    """*goods*: are some still to leave? *amount*: at most so much is still to be taken, in minor units."""

    goods: bool
    amount: int


def still_owed(
    order: Order, parts: Sequence[Fulfilment], paid: AbstractSet[str], lines: Mapping[str, Quantities]
) -> Owed:
    standing = [part for part in parts if part.status not in WITHOUT_PIECES]
    unpaid = [part for part in standing if part.status not in ENDED and part.fulfilment_id not in paid]
    waiting = {line_id: count for line_id, there in lines.items() if (count := there.open + there.backordered)}
    goods = bool(waiting) or any(part.status not in GONE for part in unpaid)
    amount = sum(part.amount for part in unpaid)
    return Owed(goods, amount + (_worth(order, standing, waiting) if waiting else 0))


def _worth(order: Order, standing: Iterable[Fulfilment], waiting: Mapping[str, int]) -> int:
    """Of the pieces that nobody serves yet, with what nobody bears yet of the shipping charge."""
    served = [part.share for part in standing]
    taken = [block for share in served for block in share.blocks]
    blocks = list[Block]()
    for line in order.lines:
        blocks += free_blocks(line, [*taken, *blocks], waiting.get(line.line_id, 0))
    shipping = order.shipping_charge.amount - sum(share.shipping for share in served)
    share = Share(tuple(blocks), shipping)
    return share_of(order, share, fulfilment_id=order.order_id, node_id=order.node_id).totals.grand_total.amount
