"""`Prefer: wait`: an order is told when it is decided or the time is over, and nobody is kept from being served."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from httpx2 import Response

from gateway.governance.admission import load_admission
from gateway.governance.bundle import Bundle
from gateway.settings import ROOT
from tests.gate import Gate, open_gate
from tests.resources.shop import Shop
from tests.resources.test_cancelling_orders import move
from tests.resources.test_reading_orders import ABSENT

PATIENCE = 20.0  # seconds; bounds what must happen, asserts nothing
LONG = 30


async def read(shop: Shop, order_id: str, prefer: str | None, **headers: str) -> Response:
    wish = {"prefer": prefer} if prefer is not None else {}
    return await shop.gate.http.get(f"/v1/orders/{order_id}", headers={**shop.headers, **wish, **headers})


async def within_patience(task: "asyncio.Task[Response]") -> Response:
    async with asyncio.timeout(PATIENCE):
        return await task


def told(answer: Response) -> tuple[int, str, str | None]:
    return answer.status_code, answer.json()["status"], answer.headers.get("preference-applied")


@pytest.mark.parametrize(
    ("prefer", "applied"),
    [("wait=30", "wait=30"), ("wait=3600", "wait"), ("wait=soon", None), ("respond-async", None), (None, None)],
)
async def test_an_order_that_is_decided_is_told_at_once(shop: Shop, prefer: str | None, applied: str | None) -> None:
    order_id = (await shop.place())["order_id"]
    await move(shop, order_id, "accepted")

    answer = await read(shop, order_id, prefer)

    assert told(answer) == (200, "accepted", applied)
    assert answer.headers["vary"] == "Prefer"
    assert answer.headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize("status", ["accepted", "rejected"])
async def test_who_waits_is_told_when_the_order_is_decided(shop: Shop, status: str) -> None:
    order_id = (await shop.place())["order_id"]
    waiting = asyncio.create_task(read(shop, order_id, f"wait={LONG}"))
    await asyncio.sleep(0)  # whichever of the two comes first, the answer is the same

    await move(shop, order_id, status)

    assert told(await within_patience(waiting)) == (200, status, f"wait={LONG}")


async def test_a_cancel_decides_too(shop: Shop) -> None:
    order_id = (await shop.place())["order_id"]
    waiting = asyncio.create_task(read(shop, order_id, f"wait={LONG}"))
    await asyncio.sleep(0)

    await shop.cancel(order_id)

    assert told(await within_patience(waiting)) == (200, "cancel_requested", f"wait={LONG}")


async def test_when_the_time_is_over_the_order_is_told_as_it_stands(shop: Shop) -> None:
    order_id = (await shop.place())["order_id"]

    assert told(await read(shop, order_id, "wait=1")) == (200, "received", "wait=1")


async def test_waiting_does_not_use_up_the_requests_own_time(database_url: str, home: Path, bundle: Bundle) -> None:
    async with open_gate(database_url, home, bundle=bundle, patience=2.0) as gate:
        shop = await Shop.open(gate, "web")
        order_id = (await shop.place())["order_id"]

        assert told(await read(shop, order_id, "wait=3")) == (200, "received", "wait=3")


async def test_there_is_nothing_to_wait_for_in_anothers_order(gate: Gate, shop: Shop) -> None:
    theirs = (await (await Shop.open(gate, "pos")).place())["order_id"]

    foreign, absent = await read(shop, theirs, f"wait={LONG}"), await read(shop, ABSENT, f"wait={LONG}")

    assert (foreign.status_code, absent.status_code) == (404, 404)
    assert foreign.headers.keys() == absent.headers.keys()


async def test_one_partner_does_not_take_every_place(few: Gate) -> None:
    shop, other = await Shop.open(few, "web"), await Shop.open(few, "pos")
    order_id, theirs = (await shop.place())["order_id"], (await other.place())["order_id"]
    crowd = [asyncio.create_task(read(shop, order_id, f"wait={LONG}")) for _ in range(4)]
    async with asyncio.timeout(PATIENCE):
        (turned_away,), waiting = await asyncio.wait(crowd, return_when=asyncio.FIRST_COMPLETED)

    elsewhere = await read(other, theirs, "wait=1")
    await shop.cancel(order_id)
    answers = [await within_patience(task) for task in waiting]

    assert told(turned_away.result()) == (200, "received", None)
    assert {told(answer) for answer in answers} == {(200, "cancel_requested", f"wait={LONG}")}
    assert told(elsewhere) == (200, "received", "wait=1")


@pytest.fixture
async def few(database_url: str, home: Path, bundle: Bundle) -> AsyncIterator[Gate]:
    """A gate at which three requests of a partner may wait."""
    path = home / "admission.yaml"
    usual = (ROOT / "policies" / "admission.yaml").read_text()
    path.write_text(re.sub(r"^resting: .*$", "resting: {partner: 3, all: 5}", usual, flags=re.MULTILINE))
    admission = load_admission(path, operations=bundle.contracts.operations, plans=bundle.quotas.plans)
    async with open_gate(database_url, home, bundle=replace(bundle, admission=admission)) as opened:
        yield opened


async def test_all_who_are_woken_at_once_are_answered(shop: Shop) -> None:
    order_id = (await shop.place())["order_id"]
    crowd: list[asyncio.Task[Response]] = []
    for _ in range(20):  # more than there are connections
        crowd.append(asyncio.create_task(read(shop, order_id, f"wait={LONG}")))
        await read(shop, order_id, None)

    await shop.cancel(order_id)

    answers = [await within_patience(task) for task in crowd]
    assert {told(answer) for answer in answers} == {(200, "cancel_requested", f"wait={LONG}")}


async def test_who_hangs_up_waits_no_longer(gate: Gate, shop: Shop) -> None:
    order_id = (await shop.place())["order_id"]
    messages = iter([{"type": "http.request", "body": b""}, {"type": "http.disconnect"}])
    sent: list[int] = []

    async def receive() -> dict[str, object]:
        return next(messages)

    async def send(message: dict[str, object]) -> None:
        sent.append(1)

    scope = {
        **{"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http"},
        **{"path": f"/v1/orders/{order_id}", "raw_path": b"", "query_string": b"", "root_path": ""},
        **{"client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80)},
        "headers": [(b"authorization", shop.headers["authorization"].encode()), (b"prefer", b"wait=30")],
    }

    async with asyncio.timeout(PATIENCE):
        await gate.app(scope, receive, send)

    assert sent


async def test_a_version_that_is_known_is_waited_for_first(shop: Shop) -> None:
    order_id = (await shop.place())["order_id"]
    waiting = asyncio.create_task(read(shop, order_id, f"wait={LONG}", **{"if-none-match": '"1"'}))
    await asyncio.sleep(0)

    await move(shop, order_id, "accepted")

    assert told(await within_patience(waiting)) == (200, "accepted", f"wait={LONG}")


async def test_nothing_new_when_the_time_is_over_is_not_modified(shop: Shop) -> None:
    order_id = (await shop.place())["order_id"]

    answer = await read(shop, order_id, "wait=1", **{"if-none-match": '"1"'})

    assert (answer.status_code, answer.content, answer.headers["preference-applied"]) == (304, b"", "wait=1")
