"""However an order is divided, its parts are worth exactly what it costs, and each piece is in one of them."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.money import Money, zero
from gateway.domain.orders import Customer, Line, Order, Payment, Totals
from gateway.domain.shares import Block, Share, free_blocks, share_of
from gateway.domain.unit_values import portion, unit_values

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
PRICES = st.integers(0, 10**7).map(lambda millionths: Decimal(millionths).scaleb(-4))


@st.composite
def lines(draw: st.DrawFn, number: int) -> Line:
    quantity, price = draw(st.integers(1, 12)), draw(PRICES)
    line = Line(f"l{number}", "LAMP-7", quantity, price, zero("GBP"), Money(draw(st.integers(0, 500)), "GBP"))
    return replace(line, discount=Money(draw(st.integers(0, max(0, line.goods.amount))), "GBP"))


@st.composite
def orders(draw: st.DrawFn) -> Order:
    told = tuple(draw(lines(number)) for number in range(draw(st.integers(1, 4))))
    nothing, customer = zero("GBP"), Customer("person")
    order = Order(
        *("ord_1", "web", "1", NOW, "GBP", draw(st.sampled_from(["exclusive", "inclusive"])), customer, told),
        Money(draw(st.integers(0, 999)), "GBP"),
        Payment("card", "tok", nothing),
        Totals(nothing, nothing, nothing, nothing, nothing),
    )
    return replace(order, totals=order.computed())


@given(orders(), st.randoms(use_true_random=False))
def test_parts_are_worth_what_the_order_costs(order: Order, dice: object) -> None:
    """Pieces are dealt out one after the other, and a part may have several blocks of one line."""
    hands: list[list[Block]] = [[], [], []]
    for line in order.lines:
        taken: list[Block] = []
        for _ in range(line.quantity):
            (block,) = free_blocks(line, taken, 1)
            taken.append(block)
            hands[dice.randrange(3)].append(block)  # type: ignore[attr-defined]
    shares = [Share(tuple(hand), 0) for hand in hands if hand]
    shares[0] = replace(shares[0], shipping=order.shipping_charge.amount)

    parts = [share_of(order, share, fulfilment_id=f"ful_{n}", node_id="leeds") for n, share in enumerate(shares)]

    assert sum(part.totals.grand_total.amount for part in parts) == order.totals.grand_total.amount
    assert all(part.totals == part.computed() for part in parts)
    assert all(part.payment.amount == part.totals.grand_total for part in parts)
    counted = [sum(part.demand().get("LAMP-7", 0) for part in parts)]
    assert counted == [sum(line.quantity for line in order.lines)]


@given(orders())
def test_the_whole_is_a_part_of_itself(order: Order) -> None:
    share = Share(tuple(Block(line.line_id, 0, line.quantity) for line in order.lines), order.shipping_charge.amount)

    part = share_of(order, share, fulfilment_id="ful_1", node_id="leeds")

    assert (part.lines, part.totals) == (order.lines, order.totals)


@given(orders())
def test_a_portion_is_the_sum_of_its_pieces(order: Order) -> None:
    for line in order.lines:
        values = [value.amount for value in unit_values(order)[line.line_id]]
        total = Money(sum(values), "GBP")
        for first in range(line.quantity):
            for count in range(line.quantity - first + 1):
                assert portion(total, line.quantity, first, count) == sum(values[first : first + count])


def test_free_pieces_are_those_that_nobody_has() -> None:
    line = Line("a", "LAMP-7", 10, Decimal(1), zero("GBP"), zero("GBP"))
    taken = [Block("a", 2, 3), Block("b", 0, 9), Block("a", 8, 1)]

    assert list(free_blocks(line, taken, 5)) == [Block("a", 0, 2), Block("a", 5, 3)]
    assert list(free_blocks(line, taken, 99)) == [Block("a", 0, 2), Block("a", 5, 3), Block("a", 9, 1)]
