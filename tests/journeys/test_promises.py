"""The same back end under another promise: the runner does something else about the same lost answer."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import monotonic

import pytest

from adapters.rest import MANIFESTS
from gateway.governance.bundle import Bundle
from gateway.ports import Promise, RetryClass
from gateway.promises import Replays
from tests.journeys.opening import open_shop
from tests.journeys.shop import PATIENCE, Shop, order

Open = Callable[[Promise], AbstractAsyncContextManager[Shop]]
KEYED = replace(MANIFESTS.wms["release"], settle=0.1)


@asynccontextmanager
async def _open(url: str, home: Path, bundle: Bundle, release: Promise) -> AsyncIterator[Shop]:
    manifests = replace(MANIFESTS, wms={**MANIFESTS.wms, "release": release})
    async with open_shop(url, home, bundle, manifests=manifests) as shop:
        yield shop


@pytest.fixture
def releasing(database_url: str, tmp_path: Path, promises: Bundle) -> Open:
    """A shop whose warehouse promises this about its releases."""
    return partial(_open, database_url, tmp_path, promises)


async def asked(shop: Shop, order_id: str) -> list[str]:
    """What was done about the release, call by call."""
    told = [moment.what.split() for moment in await shop.timeline(order_id)]  # release_to_warehouse #1 do (part 1)
    return [what[2] for what in told if what[0] == "release_to_warehouse" and what[1].startswith("#")]


async def until_asked_twice(shop: Shop, order_id: str) -> None:
    end = monotonic() + PATIENCE
    while len(await asked(shop, order_id)) < 2:
        assert monotonic() < end, f"nobody has asked after the release of {order_id}"
        await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("promise", "expected"),
    [
        (replace(KEYED, replays=Replays.SUCCESS), ["do", "do"]),  # R2: the key tells a repeat from a new one
        (replace(KEYED, replays=Replays.EVERY), ["do", "find"]),  # … and might repeat the 500
        (replace(KEYED, replays=Replays.SUCCESS, window=0.001), ["do", "find"]),  # beyond the window it is looked for
        (replace(KEYED, retry_class=RetryClass.NATURAL), ["do", "do"]),  # R1
        (replace(KEYED, retry_class=RetryClass.LOOK_UP_FIRST), ["do", "find"]),  # R3
    ],
    ids=["keyed", "keyed-repeating-500s", "keyed-too-late", "natural", "look-up-first"],
)
async def test_what_follows_a_lost_answer_is_the_promise_s_to_say(
    releasing: Open, promise: Promise, expected: list[str]
) -> None:
    async with releasing(promise) as shop:
        await shop.fault("wms", "create_shipment", "error_after")

        order_id = await shop.placed(order())
        document = await shop.until(order_id)

        assert document["status"] == "completed"
        assert await asked(shop, order_id) == expected
        assert await shop.effects("wms", order_id) == ["shipment", "shipped"]


async def test_what_can_neither_be_repeated_nor_asked_is_left_to_a_person(releasing: Open) -> None:
    async with releasing(replace(KEYED, retry_class=RetryClass.NEVER)) as shop:
        await shop.fault("wms", "create_shipment", "error_after")

        order_id = await shop.placed(order())

        assert (await shop.until_parked(order_id))["code"] == "outcome_unknown"
        assert await asked(shop, order_id) == ["do"]


async def test_absence_counts_only_after_the_lag(releasing: Open) -> None:
    """What may not be visible yet is not done again, however long the settle delay is over."""
    promise = replace(KEYED, retry_class=RetryClass.LOOK_UP_FIRST, lag=3600.0)
    async with releasing(promise) as shop:
        await shop.fault("wms", "create_shipment", "error_before")

        order_id = await shop.placed(order())
        await until_asked_twice(shop, order_id)

        assert await asked(shop, order_id) == ["do", "find"]
        assert await shop.effects("wms", order_id) == []


async def test_a_call_is_begun_in_the_time_that_is_promised_or_not_at_all(releasing: Open) -> None:
    async with releasing(replace(KEYED, sending=0.000_001)) as shop:
        order_id = await shop.placed(order())
        await until_asked_twice(shop, order_id)

        assert set(await asked(shop, order_id)) == {"do"}
        assert await shop.effects("wms", order_id) == []
