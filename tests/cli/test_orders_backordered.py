"""`omnigate orders backordered`: what is waited for, and whose turn it is."""

import pytest

from tests.cli.shell import Shell
from tests.gate import Gate
from tests.resources.shop import Shop


@pytest.fixture
async def web(gate: Gate) -> Shop:
    return await Shop.open(gate, "web")


async def waiting(web: Shop, pieces: int) -> str:
    """An order of which so many lamps wait."""
    order_id: str = (await web.place(when_short="backorder"))["order_id"]
    await web.rows(
        "insert into order_line (order_id, line_id, number, sku, quantity, backordered)"
        " values (%s, '1', 1, 'LAMP-7', %s, %s) returning 1",
        *(order_id, pieces, pieces),
    )
    return order_id


async def test_an_article_is_told_with_the_order_that_has_waited_longest(web: Shop, shell: Shell) -> None:
    first = await waiting(web, 2)
    await waiting(web, 3)

    said = await shell("orders backordered")

    [row] = [line for line in said.text.splitlines() if "LAMP-7" in line]
    _, sku, pieces, orders, unpaid, available, oldest, _, _ = (cell.strip() for cell in row.split("│"))
    assert (sku, pieces, orders, unpaid, available, oldest) == ("LAMP-7", "5", "2", "0", "0", first)


async def test_where_nobody_waits_it_says_so(shell: Shell) -> None:
    said = await shell("orders backordered")

    assert said.text == "no order waits for goods\n"
