"""A channel that waits: the worker's decision is its answer, even when nobody could be told of it."""

import asyncio
from typing import Any

import pytest
from httpx2 import Response

from tests.journeys.shop import PATIENCE, Shop, order

WAIT = {"prefer": "wait=30"}


def waits(shop: Shop, order_id: str) -> "asyncio.Task[Response]":
    return asyncio.create_task(shop.gate.http.get(f"/v1/orders/{order_id}", headers={**shop.headers, **WAIT}))


async def answered(waiting: "asyncio.Task[Response]") -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE):
        answer = await waiting
    assert (answer.status_code, answer.headers["preference-applied"]) == (200, "wait=30")
    document: dict[str, Any] = answer.json()
    return document


async def cut_off_listener(shop: Shop) -> None:
    """The one connection that would hear of the decision ends."""
    async with asyncio.timeout(PATIENCE), shop.gate.database.connection() as connection:
        while not await (await connection.execute(_CUT_OFF)).fetchall():
            await asyncio.sleep(0.02)  # it is just being made


_CUT_OFF = """
select pg_terminate_backend(pid) from pg_stat_activity
 where application_name = 'omnigate-decisions' and datname = current_database()
"""


@pytest.mark.parametrize(
    ("token", "decided"), [("tok_good", {"accepted", "processing"}), ("tok_declined", {"rejected"})]
)
async def test_the_decision_is_the_answer(shop: Shop, token: str, decided: set[str]) -> None:
    await shop.hold_shipping(hold=True)
    await shop.stop_workers()
    waiting = waits(shop, await shop.placed(order(token=token)))

    shop.start_worker()

    assert (await answered(waiting))["status"] in decided


async def test_a_decision_made_while_nobody_listened_is_found(shop: Shop) -> None:
    await shop.stop_workers()
    waiting = waits(shop, await shop.placed(order(token="tok_declined")))
    await shop.gate.http.get("/readyz")

    await cut_off_listener(shop)
    shop.start_worker()

    assert (await answered(waiting))["status"] == "rejected"
