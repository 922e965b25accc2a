"""Lists: newest first by when the channel placed them, narrowed by what the orders are, page by page."""

from datetime import timedelta

import pytest

from gateway.domain.time import rfc3339
from tests.gate import Gate
from tests.resources.shop import Shop
from tests.resources.test_cancelling_orders import move


async def listed(shop: Shop, **query: object) -> list[str]:
    """Through every page, two by two."""
    seen: list[str] = []
    token: str | None = None
    while token != "":
        page = await shop.get("/v1/orders", page_size=2, **query, **({"page_token": token} if token else {}))
        assert page.status_code == 200, page.text
        seen += [order["channel_order_id"] for order in page.json()["orders"]]
        token = page.json()["next_page_token"]
    return seen


def ago(shop: Shop, **how_long: float) -> str:
    return rfc3339(shop.gate.clock() - timedelta(**how_long))


@pytest.fixture
async def stocked(shop: Shop) -> Shop:
    """Orders named by what they are: placed in another order than they came in."""
    for name, days, *statuses in (
        ("day-3-received", 3),
        ("day-1-accepted", 1, "accepted"),
        ("day-5-rejected", 5, "rejected"),
        ("day-2-processing", 2, "accepted", "processing"),
        ("day-4-rejected", 4, "accepted", "rejected"),
    ):
        order_id = (await shop.place(channel_order_id=name, placed_at=ago(shop, days=days)))["order_id"]
        await move(shop, order_id, *statuses)
        shop.gate.clock.pass_by(1)
    return shop


EVERYTHING = ["day-1-accepted", "day-2-processing", "day-3-received", "day-4-rejected", "day-5-rejected"]


async def test_the_newest_by_the_channels_own_time_comes_first(stocked: Shop) -> None:
    assert await listed(stocked) == EVERYTHING


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["rejected"], ["day-4-rejected", "day-5-rejected"]),
        (["rejected", "accepted"], ["day-1-accepted", "day-4-rejected", "day-5-rejected"]),
        (["cancelled"], []),
    ],
)
async def test_a_list_by_status(stocked: Shop, statuses: list[str], expected: list[str]) -> None:
    assert await listed(stocked, status=statuses) == expected


@pytest.mark.parametrize(("since", "before", "expected"), [(3, None, 3), (None, 3, 2), (4, 2, 2), (2, 4, 0), (3, 3, 0)])
async def test_a_range_begins_with_its_first_instant_and_ends_before_its_last(
    stocked: Shop, since: int | None, before: int | None, expected: int
) -> None:
    now = 5  # seconds that have passed since the first was placed
    query = {"placed_from": since, "placed_before": before}
    moments = {name: ago(stocked, days=days, seconds=now) for name, days in query.items() if days is not None}

    assert len(await listed(stocked, **moments)) == expected


async def test_an_instant_is_the_same_in_every_offset(stocked: Shop) -> None:
    day_3 = (await stocked.get("/v1/orders", channel_order_id="day-3-received")).json()["orders"][0]["placed_at"]
    elsewhere = day_3.replace("Z", "+00:00")

    assert await listed(stocked, placed_from=day_3) == await listed(stocked, placed_from=elsewhere) == EVERYTHING[:3]
    assert (await stocked.get("/v1/orders", placed_from="1999-01-01T00:00:00+23:59")).status_code == 200


async def test_filters_narrow_together(stocked: Shop) -> None:
    both = {"status": "rejected", "placed_from": ago(stocked, days=4, hours=1), "channel_id": "web-uk"}

    assert await listed(stocked, **both) == ["day-4-rejected"]
    assert await listed(stocked, **both, channel_order_id="day-4-rejected") == ["day-4-rejected"]
    assert await listed(stocked, **both, channel_order_id="day-5-rejected") == []


async def test_a_channel_that_is_not_the_callers_has_no_orders(gate: Gate, stocked: Shop) -> None:
    other = await Shop.open(gate, "pos", scopes=frozenset({"orders:read"}))

    assert await listed(other, channel_id="web-uk") == await listed(other, channel_id="nobodys") == []
    assert await listed(other, channel_id="web-uk", channel_order_id="day-1-accepted") == []
    assert await listed(stocked, channel_id="web-uk") == EVERYTHING


async def test_operations_list_everybodys(gate: Gate, stocked: Shop) -> None:
    other = await Shop.open(gate, "pos")
    await other.place(channel_order_id="theirs")
    watcher = await Shop.open(gate, "ops", scopes=frozenset({"operations"}))

    assert await listed(watcher) == ["theirs", *EVERYTHING]
    assert await listed(watcher, channel_id="pos-uk", status="received") == ["theirs"]
    assert await listed(watcher, status=["received", "accepted"]) == ["theirs", EVERYTHING[0], EVERYTHING[2]]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"status": "lost"}, "/query/status/0"),
        ({"status": ""}, "/query/status/0"),
        ({"status": ["received", "received"]}, "/query/status"),
        ({"status": "received,accepted"}, "/query/status/0"),
        ({"placed_from": "yesterday"}, "/query/placed_from"),
        ({"placed_before": "2026-02-30T00:00:00Z"}, "/query/placed_before"),
        ({"placed_from": "2026-02-01"}, "/query/placed_from"),
        ({"channel_id": ""}, "/query/channel_id"),
    ],
)
async def test_a_filter_that_means_nothing_is_refused(shop: Shop, query: dict[str, object], pointer: str) -> None:
    answer = await shop.get("/v1/orders", **query)

    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [
        ({"status": ["rejected", "accepted"]}, {"status": ["accepted", "rejected"]}, 200),
        ({"status": ["rejected", "accepted"]}, {"status": "rejected"}, 400),
        ({}, {"status": "rejected"}, 400),
        ({}, {"placed_from": "2020-01-01T00:00:00Z"}, 400),
        ({}, {"placed_before": "2099-01-01T00:00:00Z"}, 400),
        ({"placed_from": "2020-01-01T00:00:00Z"}, {"placed_before": "2020-01-01T00:00:00Z"}, 400),
        ({}, {"channel_id": "web-uk"}, 400),
        ({"channel_id": "web-uk"}, {"channel_order_id": "web-uk"}, 400),
    ],
)
async def test_a_page_token_belongs_to_every_filter(
    stocked: Shop, first: dict[str, object], second: dict[str, object], status: int
) -> None:
    token = (await stocked.get("/v1/orders", page_size=1, **first)).json()["next_page_token"]

    answer = await stocked.get("/v1/orders", page_token=token, **second)

    assert answer.status_code == status, answer.text
