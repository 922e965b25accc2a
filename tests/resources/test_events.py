"""Events: each partner follows its own, none is skipped or told twice, and nothing of a customer is in them."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from gateway.domain.identifiers import mint
from gateway.store import orders
from tests.gate import Gate
from tests.resources.returned import asked_back
from tests.resources.shop import Shop

Json = dict[str, Any]
SCOPES = frozenset({"orders:read", "orders:write", "events:read", "inventory:reserve"})
DAY = 86_400
AS_BEFORE = """
insert into event (event_id, subject, sequence, type, occurred_at, trace_id, data)
values (%s, %s, 2, 'com.omnigate.order.accepted.v1', now(), '', '{"status": "accepted"}')
"""

NEWER = """
select record_event(%s, %s, 'com.omnigate.order.gift_wrapped.v2', now(), '', '{"status": "wrapped", "bow": "red"}')
"""


@pytest.fixture
async def following(gate: Gate) -> Shop:
    return await Shop.open(gate, "web", scopes=SCOPES)


async def page(shop: Shop, query: str = "", **headers: str) -> Json:
    answer = await shop.gate.http.get(f"/v1/events{query}", headers={**shop.headers, **headers})
    assert answer.status_code == 200, answer.text
    told: Json = answer.json()
    return told


def told(events: Json) -> list[tuple[str, str, int]]:
    return [(each["subject"], each["type"].split(".")[3], int(each["sequence"])) for each in events["events"]]


async def test_an_order_is_followed_as_cloud_events(following: Shop) -> None:
    order_id = (await following.place())["order_id"]
    await move(following, order_id, "accepted")

    first = await page(following)

    assert told(first) == [(order_id, "received", 1), (order_id, "accepted", 2)]
    event = first["events"][1]
    assert event["id"].startswith("evt_")
    assert {name: event[name] for name in ("specversion", "source", "sequence", "datacontenttype", "data")} == {
        "specversion": "1.0",
        "source": "https://gateway.example",
        "sequence": "0000000002",
        "datacontenttype": "application/json",
        "data": {"status": "accepted"},
    }
    assert told(await page(following, f"?after={first['cursor']}")) == []


async def test_each_partner_follows_exactly_its_own(following: Shop) -> None:
    other = await Shop.open(following.gate, "pos", scopes=SCOPES)
    mine, theirs = (await following.place())["order_id"], (await other.place())["order_id"]
    return_id = await asked_back(following.gate.database, theirs, name=mint("ret"))
    await record(following, return_id, "com.omnigate.return.authorised.v1", '{"status": "authorised"}')

    assert told(await page(following)) == [(mine, "received", 1)]
    assert told(await page(other)) == [(theirs, "received", 1), (return_id, "authorised", 1)]


async def test_a_cursor_of_another_partner_is_none(following: Shop) -> None:
    other = await Shop.open(following.gate, "pos", scopes=SCOPES)
    cursor = (await page(other))["cursor"]

    answer = await following.gate.http.get(f"/v1/events?after={cursor}", headers=following.headers)

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


async def test_a_late_commit_is_not_skipped(following: Shop) -> None:
    slow_order = (await following.place())["order_id"]
    begun = (await page(following))["cursor"]
    async with following.gate.database.transaction() as slow:
        await slow.execute(*recording(slow_order, "com.omnigate.order.accepted.v1", '{"status": "accepted"}'))
        quick = (await following.place())["order_id"]
        during = await page(following, f"?after={begun}")
    after = await page(following, f"?after={during['cursor']}")

    assert told(during) == []
    assert told(after) == [(slow_order, "accepted", 2), (quick, "received", 1)]


async def test_what_was_not_committed_is_told_to_nobody_and_leaves_no_gap(following: Shop) -> None:
    order_id = (await following.place())["order_id"]
    with suppress(ConnectionAbortedError):
        async with following.gate.database.transaction() as cut_off:
            await cut_off.execute(*recording(order_id, "com.omnigate.order.accepted.v1", '{"status": "accepted"}'))
            raise ConnectionAbortedError

    await move(following, order_id, "accepted")

    assert told(await page(following)) == [(order_id, "received", 1), (order_id, "accepted", 2)]


async def test_what_a_process_of_the_version_before_writes_finds_its_feed(following: Shop) -> None:
    order_id = (await following.place())["order_id"]
    async with following.gate.database.transaction() as connection:
        await connection.execute(AS_BEFORE, (mint("evt"), order_id))

    assert told(await page(following)) == [(order_id, "received", 1), (order_id, "accepted", 2)]


async def test_a_type_of_a_newer_version_is_told_with_nothing_but_its_subject(following: Shop) -> None:
    order_id = (await following.place())["order_id"]
    async with following.gate.database.connection() as connection:
        await connection.execute(NEWER, (mint("evt"), order_id))
    await move(following, order_id, "accepted")

    seen = await page(following)
    of_it = await following.get(f"/v1/orders/{order_id}/events")

    assert [each["data"] for each in seen["events"]] == [{"status": "received"}, {}, {"status": "accepted"}]
    assert (seen["events"][1]["type"], seen["events"][1]["subject"]) == ("com.omnigate.order.gift_wrapped.v2", order_id)
    assert [each["sequence"] for each in of_it.json()["events"]] == [1, 3]


async def test_sequences_have_no_gaps_when_much_happens_at_once(following: Shop) -> None:
    placed = [(await following.place())["order_id"] for _ in range(3)]

    await asyncio.gather(*(act for each in placed for act in (following.cancel(each), following.cancel(each))))

    assert sorted(told(await page(following))) == sorted(
        (each, what, number) for each in placed for number, what in ((1, "received"), (2, "cancel_requested"))
    )


async def test_pages_follow_one_another_and_latest_begins_now(following: Shop) -> None:
    placed = [(await following.place())["order_id"] for _ in range(3)]
    now = await page(following, "?after=latest")

    seen, cursor = [], ""
    while (events := await page(following, f"?page_size=2{cursor}"))["events"]:
        seen += [event["subject"] for event in events["events"]]
        cursor = f"&after={events['cursor']}"

    assert seen == placed
    assert now["events"] == []


async def test_whoever_waits_is_told_as_soon_as_there_is_something(following: Shop) -> None:
    latest = (await page(following, "?after=latest"))["cursor"]

    waiting = asyncio.create_task(page(following, f"?after={latest}", prefer="wait=20"))
    order_id = (await following.place())["order_id"]

    assert told(await waiting) == [(order_id, "received", 1)]


async def test_nothing_of_a_customer_is_in_an_event(following: Shop) -> None:
    order_id = (await following.place())["order_id"]
    reason = {"code": "no_fulfilment_option", "detail": "Ada Example, N1"}
    await move(following, order_id, "rejected", reason=reason)

    told_of = await page(following)

    assert told_of["events"][1]["data"] == {"status": "rejected", "reason": "no_fulfilment_option"}


async def test_a_cursor_is_refused_once_something_may_be_forgotten(gate: Gate) -> None:
    credentials = await gate.partner("web", scopes=SCOPES)
    following = Shop(gate, "web-uk", await gate.bearer(credentials))
    cursor = (await page(following))["cursor"]
    gate.clock.pass_by(30 * DAY + 1)

    headers = await gate.bearer(credentials)
    answer = await gate.http.get(f"/v1/events?after={cursor}", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (410, "cursor_expired")


async def move(shop: Shop, order_id: str, status: str, **more: Any) -> None:
    """What the workflow would do."""
    told_as = {"now": shop.gate.clock(), "trace_id": "0" * 32, "event_id": mint("evt")}
    async with shop.gate.database.transaction() as connection:
        await orders.transition(connection, order_id, status, **told_as, **more)


async def record(shop: Shop, subject: str, kind: str, data: str) -> None:
    async with shop.gate.database.transaction() as connection:
        await connection.execute(*recording(subject, kind, data))


def recording(subject: str, kind: str, data: str) -> Any:
    values = (mint("evt"), subject, kind, "0" * 32, data)
    return "select record_event(%s, %s, %s, now(), %s, %s)", values
