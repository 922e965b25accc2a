"""What every `Changes` promises: each fact once it is visible, in order, page by page, and again from any cursor."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.errors import BackEndError, Unknown
from tests.adapters.ports.ground import HOME, Ground, order, over_the_network


@pytest.fixture
async def ground(tmp_path: Path) -> AsyncIterator[Ground]:
    """Tryton tells some of it twice, and is held to this in tests/adapters/tryton/test_changes.py."""
    async with over_the_network(tmp_path) as reached:
        yield reached


async def shipped(ground: Ground, order_id: str) -> str:
    released = await ground.back_ends.wms.release(order(("LAMP-7", 1), order_id=order_id), HOME, key=f"{order_id}:ship")
    await ground.ship(released.id)
    return released.id


async def test_what_left_is_told_in_the_order_in_which_it_left(ground: Ground) -> None:
    changes = ground.back_ends.changes["wms"]
    before = await changes.since(None)
    first, second = await shipped(ground, "ord_1"), await shipped(ground, "ord_2")

    page = await changes.since(before.cursor)

    assert [(each.run_id, each.kind, each.data["shipment_id"]) for each in page.told] == [
        ("ord_1", "shipped", first),
        ("ord_2", "shipped", second),
    ]
    assert page.more is False


async def test_what_has_been_read_is_behind_the_cursor(ground: Ground) -> None:
    changes = ground.back_ends.changes["wms"]
    await shipped(ground, "ord_1")
    read = await changes.since(None)

    again, after = await changes.since(None), await changes.since(read.cursor)

    assert again == read
    assert after.told == []


async def test_what_has_not_left_is_not_told(ground: Ground) -> None:
    await ground.back_ends.wms.release(order(("LAMP-7", 1)), HOME, key="ord_1:ship")

    page = await ground.back_ends.changes["wms"].since(None)

    assert page.told == []


@pytest.mark.parametrize("kind", ["error_before", "garbage"])
async def test_a_page_that_cannot_be_read_is_an_error_and_no_cursor(ground: Ground, kind: str) -> None:
    await ground.fault("wms", "get_changes", kind)

    with pytest.raises((BackEndError, Unknown)):
        await ground.back_ends.changes["wms"].since(None)
