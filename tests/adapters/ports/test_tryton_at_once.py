"""Many at once on Tryton over PostgreSQL, where it answers 503 to those who are in each other's way."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import pytest

from adapters.tryton import Roles, tryton_back_ends
from gateway.domain.money import Money
from gateway.errors import Failed, Unknown
from gateway.ports import Effect, sending
from tests.adapters.ports.ground import HOME, order, soon
from tests.adapters.ports.on_tryton import login_of, mapping_of
from tests.peers.clerk import Clerk
from tests.peers.tryton import Tryton, tryton_on_postgresql

pytestmark = pytest.mark.proof

ORDERS, COPIES = 4, 2
MOST_ATTEMPTS = 40


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tryton]:
    with tryton_on_postgresql(tmp_path_factory.mktemp("tryton-postgresql")) as running:
        yield running


async def insisted(ask: Callable[[], Awaitable[Effect]]) -> Effect:
    """What the runner does, without its pauses: each attempt in a window of its own."""
    for _ in range(MOST_ATTEMPTS):
        try:
            with sending(soon(60)):
                return await ask()
        except (Failed, Unknown):
            continue
    raise AssertionError(f"not done in {MOST_ATTEMPTS} attempts")


async def sold(roles: Roles, number: int) -> tuple[str, str, str]:
    """One worker's way through one order, from the booking to the release; the copies go the same way together."""
    placed, key = order(order_id=f"ord_{number}"), f"ord_{number}"
    booked = await insisted(lambda: roles.erp.book(placed, key=f"{key}/book"))
    released = await insisted(lambda: roles.wms.release(placed, HOME, key=f"{key}/release"))
    billed = await insisted(
        lambda: roles.erp.invoice(booked.id, Money(22_50, "EUR"), capture="cap_1", key=f"{key}/invoice")
    )
    return booked.id, released.id, billed.id


async def test_orders_side_by_side_and_copies_of_each_end_as_one_sale_shipment_and_invoice_each(
    server: Tryton,
) -> None:
    async with (
        tryton_back_ends(login_of(server), mapping_of(server)) as one,
        tryton_back_ends(login_of(server), mapping_of(server)) as other,
    ):
        ways = [sold((one, other)[copy % 2], number) for copy in range(COPIES) for number in range(ORDERS)]
        ends = await asyncio.gather(*ways)

        for number in range(ORDERS):
            [found] = await one.erp.find("book", key=f"ord_{number}/book")
            assert found.facts["status"] == "confirmed"

    clerk = Clerk(server)
    assert len(set(ends)) == ORDERS
    assert len(clerk.found("sale.sale", ["state"], ("sale_date", "!=", None))) == ORDERS
    assert len(clerk.found("stock.shipment.out", ["state"], ("state", "=", "assigned"))) == ORDERS
    paid = clerk.found("account.invoice", ["state", "payment_lines"], ("state", "=", "paid"))
    assert [len(each["payment_lines"]) for each in paid] == [1] * ORDERS


async def test_workers_that_book_one_key_at_the_same_time_confirm_one_sale(server: Tryton) -> None:
    placed = order(order_id="ord_race")
    async with (
        tryton_back_ends(login_of(server), mapping_of(server)) as one,
        tryton_back_ends(login_of(server), mapping_of(server)) as other,
    ):
        asked = [insisted(lambda who=who: who.erp.book(placed, key="race")) for who in (one, other) * 4]
        booked = await asyncio.gather(*asked)

    sales = Clerk(server).found("sale.sale", ["sale_date"], ("reference", "=", "race"))
    assert {each.id for each in booked} == {str(sale["id"]) for sale in sales if sale["sale_date"]}
    assert len({each.id for each in booked}) == 1
