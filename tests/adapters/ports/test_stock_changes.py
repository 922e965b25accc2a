"""What every `Changes` that tells of stock promises: each fact where it happened, and under one id however often."""

from pathlib import Path

import pytest

from gateway.errors import Unknown
from gateway.told import STOCK, StockMove
from tests.adapters.ports.ground import HOME, Ground, in_process, order


async def told(ground: Ground) -> dict[str, StockMove]:
    """All that is told of, by id."""
    moves, cursor, more = {}, None, True
    while more:
        page = await ground.back_ends.changes[STOCK].since(cursor)
        moves |= {move.id: move for move in page.moves}
        cursor, more = page.cursor, page.more
    return moves


async def test_goods_that_come_and_go_are_told_where_they_do(ground: Ground) -> None:
    before = await told(ground)
    await ground.receive("MUG-BLUE", 6, node="leeds")
    await ground.lose("MUG-BLUE", 2, node="leeds")
    await ground.receive("MUG-BLUE", 1)

    new = [move for id_, move in (await told(ground)).items() if id_ not in before]

    assert [(move.sku, move.node, move.delta, move.bucket) for move in new] == [
        ("MUG-BLUE", "leeds", 6, "on_hand"),
        ("MUG-BLUE", "leeds", -2, "on_hand"),
        ("MUG-BLUE", "main", 1, "on_hand"),
    ]
    assert new[0].reason == new[2].reason == "receipt"
    assert [move.occurred_at for move in new] == sorted(move.occurred_at for move in new)


async def test_the_deltas_are_the_difference_of_the_counts(ground: Ground) -> None:
    counted, before = await lying(ground), await told(ground)
    await ground.receive("KETTLE-2", 6, node="leeds")
    await ground.lose("KETTLE-2", 1, node="leeds")

    new = [move.delta for id_, move in (await told(ground)).items() if id_ not in before]

    assert await lying(ground) == counted + sum(new)


async def lying(ground: Ground) -> int:
    levels = [level async for page in ground.back_ends.wms.stock() for level in page]
    return sum(level.on_hand for level in levels if (level.sku, level.node) == ("KETTLE-2", "leeds"))


async def test_what_is_read_again_is_the_same(ground: Ground) -> None:
    await ground.receive("LAMP-9", 1)

    once, again = await told(ground), await told(ground)

    assert once == again


async def test_what_left_for_an_order_bears_its_id(tmp_path: Path) -> None:
    """Tryton's are in tests/adapters/tryton/test_moves.py, where the order's id is not a test's own."""
    async with in_process(tmp_path) as ground:
        released = await ground.back_ends.wms.release(order(("LAMP-7", 2), ("LAMP-7", 1)), HOME, key="release")
        await ground.ship(released.id)

        [move] = (await told(ground)).values()

    assert (move.delta, move.reason, move.reference, move.sequence) == (-3, "shipment", "ord_1", 1)


async def test_a_page_that_cannot_be_read_is_an_error_and_no_cursor(tmp_path: Path) -> None:
    async with in_process(tmp_path) as ground:
        await ground.fault("wms", "get_stock_changes", "garbage")

        with pytest.raises(Unknown):
            await ground.back_ends.changes[STOCK].since(None)
