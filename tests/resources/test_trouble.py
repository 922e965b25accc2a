"""Accepting while the database is in trouble: no effect twice, none half, and the caller is told what is known."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
from httpx2 import Response
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.governance.bundle import Bundle
from tests.gate import Gate, open_gate
from tests.resources.shop import Shop

KEY = "0f8fad5b-d9cb-469f-a165-70867728950e"
HOLD = """
insert into idempotency (partner_id, key, fingerprint, status, headers, body, resource_id, request_id, trace_id,
                         created_at, expires_at)
values ('web', %s, '', 202, '{}', '', 'ord', 'req', '', now(), now() + interval '1 hour')
"""
WAITING = "select pid from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"

Connection = psycopg.AsyncConnection[tuple[Any, ...]]


@asynccontextmanager
async def the_first_copy(database_url: str) -> AsyncIterator[Connection]:
    """A copy of the request that has written its key and does not come to its end; rolled back in the end."""
    async with await psycopg.AsyncConnection.connect(database_url) as first:
        await first.execute(HOLD, (KEY,))
        yield first
        await first.rollback()


async def whoever_waits(database_url: str) -> int:
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        for _ in range(500):
            row = await (await connection.execute(WAITING)).fetchone()
            if row is not None:
                return int(row[0])
    raise AssertionError("nobody waits")


async def terminate(database_url: str, pid: int) -> None:
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await connection.execute("select pg_terminate_backend(%s)", (pid,))


async def test_a_copy_that_would_wait_too_long_is_told_to_come_again(shop: Shop, database_url: str) -> None:
    body = shop.order()
    async with the_first_copy(database_url):
        answer = await shop.send(body, key=KEY)

    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_in_flight")
    assert (answer.headers["retry-after"], answer.json()["effect"]) == ("1", "none")
    assert (await shop.send(body, key=KEY)).status_code == 202


async def test_a_copy_takes_over_when_the_first_one_failed(shop: Shop, database_url: str) -> None:
    async with the_first_copy(database_url) as first:
        second = asyncio.create_task(shop.send(shop.order(), key=KEY))
        await whoever_waits(database_url)
        await first.rollback()
        answer = await second

    assert answer.status_code == 202


async def test_a_connection_cut_while_committing_leaves_an_unknown_that_the_key_settles(
    shop: Shop, database_url: str
) -> None:
    body = shop.order()
    async with the_first_copy(database_url):
        second: asyncio.Task[Response] = asyncio.create_task(shop.send(body, key=KEY))
        await terminate(database_url, await whoever_waits(database_url))
        answer = await second

    assert (answer.status_code, answer.json()["code"], answer.json()["effect"]) == (503, "unavailable", "unknown")
    assert answer.json()["retryable"] is True
    assert (await shop.send(body, key=KEY)).status_code == 202
    assert len(await shop.rows("select 1 from orders")) == 1


class Withholding:
    """Stands behind all stages and breaks when the orders' routes have done their work and answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def withhold(message: Message) -> None:
            if scope["path"].startswith("/v1/orders"):
                raise RuntimeError("nobody hears of it")
            await send(message)

        await self.app(scope, receive, withhold)


async def test_an_answer_withheld_after_the_commit_says_that_it_has_happened(gate: Gate) -> None:
    gate.app.user_middleware.insert(-1, Middleware(Withholding))  # only the way to the route is behind it
    shop = await Shop.open(gate, "web")

    placed = await shop.send(shop.order(), key=KEY)
    ((order_id,),) = await shop.rows("select order_id from orders")
    cancelled = await shop.cancel(order_id)

    for answer in (placed, cancelled):
        assert (answer.status_code, answer.json()["effect"]) == (500, "applied")
    assert await shop.rows("select status from orders") == [("cancel_requested",)]


async def test_at_its_deadline_a_request_that_waits_in_the_database_waits_there_no_more(
    database_url: str, tmp_path: Path, bundle: Bundle
) -> None:
    async with open_gate(database_url, tmp_path, bundle=bundle, patience=0.7) as gate:
        shop = await Shop.open(gate, "web")
        async with the_first_copy(database_url) as first:
            answer = await shop.send(shop.order(), key=KEY)
            waiting = await (await first.execute(WAITING)).fetchall()

    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["effect"]) == (503, "deadline_exceeded", "unknown")
    assert waiting == []
