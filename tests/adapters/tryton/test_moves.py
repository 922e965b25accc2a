"""How stock changed in Tryton's warehouses: what came in, what went out, from where to where and for whom."""

import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from adapters.tryton import Login, Roles, TrytonMoves, mapping_from, tryton_back_ends
from adapters.tryton.moves import FIRST_LOOK
from adapters.tryton.trail import Position
from gateway.domain.credits import CreditLine, CreditMemo
from gateway.domain.money import Money
from gateway.domain.procurement import GoodsLine
from gateway.governance.yaml import read_yaml
from gateway.ports import sending
from gateway.told import StockMove
from tests.adapters.ports.effects import EUR_22_50
from tests.adapters.ports.ground import order, soon
from tests.adapters.tryton.buyer import LAMPS, Buyer
from tests.peers.clerk import Clerk
from tests.peers.tryton import Tryton
from tests.peers.wiring import mapping, write

pytestmark = pytest.mark.proof

LAMP = "LAMP-7"


@pytest.fixture
async def moves(server: Tryton, login: Login, tmp_path: Path) -> AsyncIterator[TrytonMoves]:
    """A shop of two warehouses."""
    file = read_yaml(write(mapping(server.seed) | {"nodes": server.seed["nodes"], "left_out": []}, tmp_path))
    words = mapping_from(file.value, file.at)
    async with tryton_back_ends(login, words) as connected:
        yield TrytonMoves(connected.talks["wms"], words, clock=time.time, at_once=3)


async def told(moves: TrytonMoves, cursor: str | None = None) -> dict[str, StockMove]:
    found, more = {}, True
    while more:
        page = await moves.since(cursor)
        found |= {move.id: move for move in page.moves}
        cursor, more = page.cursor, page.more
    return found


async def new(moves: TrytonMoves, before: dict[str, StockMove]) -> list[tuple[str, int, str, str | None]]:
    after = await told(moves)
    fresh = [move for name, move in after.items() if name not in before]
    assert {move.sku for move in fresh} <= {LAMP}
    return [(move.node, move.delta, move.reason, move.reference) for move in fresh]


async def test_each_change_has_its_reason(moves: TrytonMoves, server: Tryton, clerk: Clerk) -> None:
    lamp, main, leeds = server.seed["products"][LAMP], server.seed["warehouse"]["id"], server.seed["nodes"]["leeds"]
    before = await told(moves)
    clerk.receive(lamp, 5, main)
    clerk.move(lamp, 2, main, leeds)
    clerk.move(lamp, 1, leeds, "lost_found")

    assert [each[:3] for each in await new(moves, before)] == [
        ("main", 5, "receipt"),
        ("main", -2, "transfer_out"),
        ("leeds", 2, "transfer_in"),
        ("leeds", -1, "cycle_count"),
    ]


async def test_what_left_for_an_order_of_ours_bears_its_id_and_is_told_once(
    moves: TrytonMoves, server: Tryton, clerk: Clerk
) -> None:
    """Picking and packing are moves, too, within the warehouse."""
    before = await told(moves)
    clerk.send(server.seed["products"][LAMP], 3, "ord_M:release")
    clerk.send(server.seed["products"][LAMP], 1, "by hand")

    ours, by_hand = await new(moves, before)

    assert ours == ("main", -3, "shipment", "ord_M")
    assert by_hand[:3] == ("main", -1, "shipment")
    assert (by_hand[3] or "").startswith("stock.shipment.out,")


async def test_what_came_back_by_one_of_our_returns_has_been_counted_by_its_inspection(
    moves: TrytonMoves, login: Login, server: Tryton, tmp_path: Path
) -> None:
    file = read_yaml(write(mapping(server.seed), tmp_path))
    async with tryton_back_ends(login, mapping_from(file.value, file.at)) as ours:
        with sending(soon(600)):
            booked = await ours.erp.book(order(order_id="ord_back"), key="ord_back:book")
            billed = await ours.erp.invoice(booked.id, EUR_22_50, capture="cap_1", key="ord_back:invoice")
            line = CreditLine("1", LAMP, 1, Money(7_50, "EUR"), Money(0, "EUR"))
            memo = CreditMemo(
                order_id="ord_back",
                sales_order=booked.id,
                invoice=billed.id,
                lines=(line,),
                reason="changed_mind",
                refund="ref_1",
            )
            before = await told(moves)
            await ours.erp.credit(memo, key="rfd_1:credit")

    assert await new(moves, before) == []


async def test_what_was_received_here_has_been_counted_by_its_receipt(moves: TrytonMoves, roles: Roles) -> None:
    """Of one purchase: some came by receipts of ours, the rest by one of somebody else's."""
    buyer = Buyer(f"PO-{uuid4().hex[:12]}")
    before = await told(moves)
    with sending(soon(600)):
        ordered = await roles.erp.order_goods(buyer.order, key=f"{buyer.number}:order")
        keys = (("grn_1:receive_goods", 6), ("spl_1:receive_goods", 2), ("by_hand:1", 3))
        for number, (key, pieces) in enumerate(keys):
            came = buyer.receipt(ordered, GoodsLine(LAMPS, LAMP, pieces), number=str(number))
            await roles.erp.receive_goods(came, key=key)

    assert [each[:3] for each in await new(moves, before)] == [("main", 3, "receipt")]


async def test_what_became_visible_late_is_told_by_reading_the_last_minute_again(
    moves: TrytonMoves, server: Tryton, clerk: Clerk
) -> None:
    clerk.receive(server.seed["products"][LAMP], 1, server.seed["warehouse"]["id"])
    cursor, more = None, True
    while more:
        page = await moves.since(cursor)
        cursor, more = page.cursor, page.more

    again = await told(moves, cursor)

    assert again, "it was told before, and is told again under the same id"
    assert again.items() <= (await told(moves)).items()


async def test_the_first_look_goes_back_a_day(server: Tryton, login: Login, tmp_path: Path) -> None:
    """What is older stands in a count: here the opening stock."""
    file = read_yaml(write(mapping(server.seed), tmp_path))
    words = mapping_from(file.value, file.at)
    async with tryton_back_ends(login, words) as connected:
        after = time.time() + (FIRST_LOOK + timedelta(hours=1)).total_seconds()
        page = await TrytonMoves(connected.talks["wms"], words, clock=lambda: after).since(None)

    assert page.moves == []
    assert Position.read(page.cursor).id == 0
