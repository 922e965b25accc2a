"""While somebody else holds an order: its partner is told to come again, everybody else learns nothing of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import pytest

from tests.gate import Gate
from tests.resources.shop import Shop
from tests.resources.warehouse import Warehouse


@asynccontextmanager
async def held(database_url: str, order_id: str, *, table: str = "run", name: str = "run_id") -> AsyncIterator[None]:
    """A transaction that has locked the row and does not come to its end."""
    async with await psycopg.AsyncConnection.connect(database_url) as holder:
        await holder.execute(f"select 1 from {table} where {name} = %s for update", (order_id,))
        yield
        await holder.rollback()


async def test_anothers_order_is_absent_also_while_it_is_locked(gate: Gate, shop: Shop, database_url: str) -> None:
    other = await Shop.open(gate, "pos")
    theirs = (await other.place())["order_id"]
    async with held(database_url, theirs):
        answer = await shop.cancel(theirs)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(("table", "name"), [("run", "run_id"), ("orders", "order_id")])
async def test_a_cancel_that_would_wait_too_long_for_the_order_is_told_to_come_again(
    shop: Shop, database_url: str, table: str, name: str
) -> None:
    order_id = (await shop.place())["order_id"]
    async with held(database_url, order_id, table=table, name=name):
        answer = await shop.cancel(order_id, key="0f8fad5b-d9cb-469f")

    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["effect"]) == (409, "order_locked", "none")
    assert (answer.headers["retry-after"], problem["retryable"]) == ("1", True)
    assert (await shop.cancel(order_id, key="0f8fad5b-d9cb-469f")).status_code == 202


async def test_a_callback_that_would_wait_too_long_for_the_order_is_told_to_come_again(
    shop: Shop, warehouse: Warehouse, database_url: str
) -> None:
    order_id = (await shop.place())["order_id"]
    async with held(database_url, order_id):
        answer = await warehouse.tell(order_id)

    assert (answer.status_code, answer.json()["code"]) == (409, "order_locked")
    assert answer.headers["retry-after"] == "1"
    assert (await warehouse.tell(order_id)).status_code == 202
