"""`omnigate inventory sync`: what the warehouse counts, at every node that is known here."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from tests.adapters.ports.ground import in_reach
from tests.cli.shell import Shell
from tests.gate import Gate


@pytest.fixture
async def warehouse(tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """A tester at the door of a sandbox."""
    async with (
        in_reach(tmp_path) as url,
        httpx2.AsyncClient(base_url=url, trust_env=False) as http,
    ):
        yield http


async def sync(shell: Shell, warehouse: httpx2.AsyncClient) -> tuple[int, str]:
    said = await Shell({**shell.environment, "OMNIGATE_WMS_URL": f"{warehouse.base_url}/wms"})("inventory sync")
    return said.code, said.text


async def on_hand(gate: Gate, sku: str) -> dict[str, int]:
    async with gate.database.connection() as connection:
        cursor = await connection.execute("select node_id, on_hand from stock_position where sku = %s", (sku,))
        return dict(await cursor.fetchall())


async def test_stock_is_taken_over_at_every_node(gate: Gate, shell: Shell, warehouse: httpx2.AsyncClient) -> None:
    await warehouse.post("/wms/_receive", json={"sku": "MUG-RED", "node": "leeds", "quantity": 6})
    async with gate.database.connection() as connection:
        await connection.execute("insert into node (node_id, type, name, source_id) values ('leeds', 'dc', 'L', 'wms')")

    code, said = await sync(shell, warehouse)

    assert (code, said) == (0, "9 stock positions taken over\n")
    assert await on_hand(gate, "MUG-RED") == {"main": 20_000, "leeds": 6}


async def test_what_lies_at_a_node_that_is_not_known_is_left_out_and_said(
    gate: Gate, shell: Shell, warehouse: httpx2.AsyncClient
) -> None:
    await warehouse.post("/wms/_receive", json={"sku": "MUG-RED", "node": "leeds", "quantity": 6})

    code, said = await sync(shell, warehouse)

    assert code == 1
    assert "8 stock positions taken over" in said
    assert "the node 'leeds' is not known here, and 1 of its counts were left out: add it by" in said
    assert await on_hand(gate, "MUG-RED") == {"main": 20_000}
