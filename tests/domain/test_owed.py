"""What is still to be taken of an order: all of it, to the minor unit, wherever its pieces are, and nothing twice."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.fulfilments import Fulfilment, FulfilmentStatus
from gateway.domain.orders import Order
from gateway.domain.owed import Owed, still_owed
from gateway.domain.quantities import Quantities
from gateway.domain.shares import Block, Share, free_blocks, share_of
from tests.domain.test_shares import NOW, orders

S = FulfilmentStatus


def part(order: Order, number: int, status: FulfilmentStatus, share: Share) -> Fulfilment:
    name = f"ful_{number}"
    amount = share_of(order, share, fulfilment_id=name, node_id="leeds").totals.grand_total.amount
    return Fulfilment(
        *(name, order.order_id, number, "1", "leeds", "ship_to_home", status, "allocated", share, amount, NOW)
    )


@given(orders(), st.randoms(use_true_random=False))
def test_pieces_in_a_part_and_pieces_that_wait_come_to_what_the_order_costs(order: Order, dice: object) -> None:
    blocks, lines = list[Block](), dict[str, Quantities]()
    for line in order.lines:
        served = dice.randrange(line.quantity + 1)  # type: ignore[attr-defined]
        blocks += free_blocks(line, [], served)
        lines[line.line_id] = Quantities(allocated=served, backordered=line.quantity - served)
    borne = order.shipping_charge.amount if blocks else 0
    parts = [part(order, 1, S.BOOKED, Share(tuple(blocks), borne))] if blocks else []

    assert still_owed(order, parts, frozenset(), lines) == Owed(goods=True, amount=order.totals.grand_total.amount)


@pytest.mark.parametrize(
    ("status", "paid", "goods", "counts"),
    [
        (S.PLANNED, False, True, True),
        (S.READY, False, True, True),
        (S.SHIPPED, False, False, True),
        (S.SHIPPED, True, False, False),
        (S.COMPLETED, True, False, False),
        (S.COMPLETED, False, False, False),  # its run was given up: nobody takes it any more
        (S.CANCELLED, False, False, False),
        (S.REJECTED, False, False, False),
    ],
)
@given(orders())
def test_a_part_counts_until_it_is_paid_or_has_come_to_nothing(
    status: FulfilmentStatus, paid: bool, goods: bool, counts: bool, order: Order
) -> None:
    blocks = tuple(Block(line.line_id, 0, line.quantity) for line in order.lines)
    one = part(order, 1, status, Share(blocks, order.shipping_charge.amount))
    lines = {line.line_id: replace(Quantities(), in_transit=line.quantity) for line in order.lines}

    owed = still_owed(order, [one], frozenset({"ful_1"} if paid else ()), lines)

    assert owed == Owed(goods, one.amount if counts else 0)
