"""Holds: placed and released by operators, once whatever comes twice; seen by the partner, without names."""

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from httpx2 import Response

from gateway.store.cancelling import lock_standing
from gateway.store.holds import seconds_left
from tests.gate import Gate
from tests.resources.desk import Duty
from tests.resources.shop import Shop
from tests.resources.test_order_locks import held as locked

Json = dict[str, Any]
WHY = {"type": "fraud", "reason": "the risk desk wants to look"}
LOOKED = "the risk desk has looked"
ABSENT = "01JDB7Z2M4X8Q5T3W9Y6N1K0RC"
OVER = "update order_hold set placed_at = now() - interval '2 h', expires_at = now() - interval '1 h' returning 1"
BOOKED = """
with part as (
    insert into fulfilment (fulfilment_id, order_id, number, group_id, node_id, method, status, shipping, amount,
                            trace_id, created_at, updated_at)
    select 'ful_' || substr(order_id, 5), order_id, 1, 'home', 'main', 'ship_to_home', 'booked', 0, 1000,
           trace_id, now(), now() from orders where order_id = %s
    returning fulfilment_id, order_id
)
select fulfilment_id, start_below(fulfilment_id, order_id, 'fulfil', 1, null, now()) from part
"""  # a part that waits to be released


@dataclass(frozen=True, slots=True)
class Keeper:
    """An operator who holds orders."""

    duty: Duty

    async def send(self, path: str, body: Json, key: str = "") -> Response:
        headers = {**self.duty.headers, "idempotency-key": key or uuid4().hex}
        return await self.duty.gate.http.post(f"/v1/orders/{path}", json=body, headers=headers)

    async def hold(self, order_id: str, *, key: str = "", **more: str) -> Response:
        return await self.send(f"{order_id}/holds", {**WHY, **more}, key)

    async def held(self, order_id: str, **more: str) -> Json:
        answer = await self.hold(order_id, **more)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def release(self, order_id: str, hold_id: str, *, reason: str = LOOKED, key: str = "") -> Response:
        return await self.send(f"{order_id}/holds/{hold_id}/release", {"reason": reason}, key)

    async def listed(self, order_id: str) -> list[Json]:
        answer = await self.duty.gate.http.get(f"/v1/orders/{order_id}/holds", headers=self.duty.headers)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["holds"])


@pytest.fixture
async def keeper(gate: Gate) -> Keeper:
    return Keeper(await Duty.open(gate, "olga", "support"))


async def order_of(shop: Shop) -> str:
    return str((await shop.place())["order_id"])


async def seen(shop: Shop, order_id: str) -> Json:
    return dict((await shop.get(f"/v1/orders/{order_id}")).json())


async def test_a_hold_is_placed_seen_and_released(shop: Shop, keeper: Keeper) -> None:
    order_id = await order_of(shop)

    hold = await keeper.held(order_id, expires_at="2099-01-01T00:00:00+01:00")
    during = await seen(shop, order_id)
    done = await keeper.release(order_id, hold["hold_id"])
    after = await seen(shop, order_id)

    told = {name: hold[name] for name in ("hold_id", "type", "placed_at", "expires_at")}
    assert (hold["state"], hold["placed_by"], hold["expires_at"]) == ("open", "olga", "2098-12-31T23:00:00.000Z")
    assert (during["version"], during["holds"]) == (2, [told])
    assert (done.status_code, done.json()["state"], done.json()["released_by"]) == (200, "released", "olga")
    assert (after["version"], "holds" in after) == (3, False)
    assert await keeper.listed(order_id) == [done.json()]


async def test_its_partner_is_told_by_events_that_name_nobody(shop: Shop, keeper: Keeper) -> None:
    order_id = await order_of(shop)
    hold = await keeper.held(order_id)
    await keeper.release(order_id, hold["hold_id"])

    answer = await shop.get(f"/v1/orders/{order_id}/events")

    told = {"status": "received", "hold": {"hold_id": hold["hold_id"], "type": "fraud"}}
    assert [(each["type"], each["data"]) for each in answer.json()["events"][1:]] == [
        ("com.omnigate.order.hold_placed.v1", told),
        ("com.omnigate.order.hold_released.v1", told),
    ]
    assert "olga" not in answer.text + (await shop.get(f"/v1/orders/{order_id}")).text


async def test_who_held_and_released_it_is_audited(shop: Shop, keeper: Keeper) -> None:
    order_id = await order_of(shop)
    hold = await keeper.held(order_id)
    await keeper.release(order_id, hold["hold_id"])

    rows = await shop.rows(
        "select subject, action, facts ->> 'operation', facts ->> 'hold_id', facts ->> 'reason' from audit"
        " where resource = %s and actor = 'operator' order by audit_id",
        order_id,
    )

    assert rows == [
        ("olga", "holds:write", "place_order_hold", hold["hold_id"], WHY["reason"]),
        ("olga", "holds:write", "release_order_hold", hold["hold_id"], LOOKED),
    ]


async def test_copies_of_a_request_place_one_hold(shop: Shop, keeper: Keeper) -> None:
    order_id = await order_of(shop)

    answers = await asyncio.gather(*(keeper.hold(order_id, key="one-hold-0123456789") for _ in range(5)))
    later = await keeper.hold(order_id, key="one-hold-0123456789")
    other = await keeper.hold(order_id, type="tax", key="one-hold-0123456789")

    assert {answer.status_code for answer in (*answers, later)} == {201}
    assert len({answer.content for answer in (*answers, later)}) == 1
    assert later.headers["idempotent-replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert len(await keeper.listed(order_id)) == 1


async def test_releasing_twice_tells_how_it_ended_the_first_time(shop: Shop, keeper: Keeper) -> None:
    order_id = await order_of(shop)
    hold = await keeper.held(order_id)

    copies = [keeper.release(order_id, hold["hold_id"], key="one-release-0123456789") for _ in range(3)]
    first, *others = await asyncio.gather(*copies)
    again = await keeper.release(order_id, hold["hold_id"], reason="once more, to be sure")

    assert {answer.status_code for answer in (first, *others, again)} == {200}
    assert {answer.content for answer in (*others, again)} == {first.content}
    assert (await seen(shop, order_id))["version"] == 3


async def test_what_is_not_there_is_not_made_by_releasing_it(shop: Shop, keeper: Keeper) -> None:
    order_id, other_id = await order_of(shop), await order_of(shop)
    of_other = await keeper.held(other_id)

    answers = [
        await keeper.release(order_id, f"hld_{ABSENT}"),
        await keeper.release(order_id, of_other["hold_id"]),
        await keeper.release(f"ord_{ABSENT}", of_other["hold_id"]),
        await keeper.hold(f"ord_{ABSENT}"),
    ]

    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(404, "not_found")}
    assert await keeper.listed(order_id) == []
    assert [each["state"] for each in await keeper.listed(other_id)] == ["open"]


@pytest.mark.parametrize("status", ["completed", "rejected", "cancelled"])
async def test_an_order_that_has_ended_is_not_held(shop: Shop, keeper: Keeper, status: str) -> None:
    order_id = await order_of(shop)
    hold = await keeper.held(order_id)
    await shop.rows("update orders set status = %s where order_id = %s returning 1", status, order_id)

    refused = await keeper.hold(order_id)

    assert (refused.status_code, refused.json()["code"], refused.json()["effect"]) == (409, "conflict", "none")
    assert (await keeper.release(order_id, hold["hold_id"])).status_code == 200


async def test_twenty_open_holds_are_enough(shop: Shop, keeper: Keeper) -> None:
    order_id = await order_of(shop)
    first, *_ = [await keeper.held(order_id) for _ in range(20)]

    refused = await keeper.hold(order_id)
    await keeper.release(order_id, first["hold_id"])

    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert (await keeper.hold(order_id)).status_code == 201
    assert len((await seen(shop, order_id))["holds"]) == 20


async def test_a_hold_whose_time_is_over_is_none(gate: Gate, shop: Shop, keeper: Keeper) -> None:
    order_id = await order_of(shop)
    hold = await keeper.held(order_id, expires_at="2099-01-01T00:00:00Z")
    await shop.rows(OVER)

    async with gate.database.connection() as connection:
        found = await seconds_left(connection, order_id, most=600)
    released = await keeper.release(order_id, hold["hold_id"])

    assert (found, "holds" in await seen(shop, order_id)) == (0, False)
    assert (released.status_code, released.json()["state"], "released_by" in released.json()) == (200, "expired", False)


async def test_whoever_releases_goods_sees_what_is_open(gate: Gate, shop: Shop, keeper: Keeper) -> None:
    order_id = await order_of(shop)
    released, fraud, tax = [await keeper.held(order_id, type=kind) for kind in ("manual", "fraud", "tax")]
    await keeper.release(order_id, released["hold_id"])

    async with gate.database.transaction() as connection:
        await lock_standing(connection, order_id)
        found = await seconds_left(connection, order_id, most=600)

    assert found == 600  # they do not end by themselves
    assert [
        (each["hold_id"], each["type"], each.get("expires_at")) for each in (await seen(shop, order_id))["holds"]
    ] == [
        (fraud["hold_id"], "fraud", None),
        (tax["hold_id"], "tax", None),
    ]


async def test_a_release_wakes_the_parts_of_the_order_that_wait_for_it(shop: Shop, keeper: Keeper) -> None:
    order_id = await order_of(shop)
    [(part, _)] = await shop.rows(BOOKED, order_id)
    hold = await keeper.held(order_id)
    woken = "select count(*) from absurd.e_sagas where event_name like %s"
    before = await shop.rows(woken, f"{part}:%")

    await keeper.release(order_id, hold["hold_id"])

    assert (before, await shop.rows(woken, f"{part}:%")) == ([(0,)], [(1,)])


async def test_who_would_wait_too_long_for_the_order_is_told_to_come_again(
    shop: Shop, keeper: Keeper, database_url: str
) -> None:
    order_id = await order_of(shop)
    async with locked(database_url, order_id):
        answer = await keeper.hold(order_id, key="while-it-is-locked-01")

    assert (answer.status_code, answer.json()["code"], answer.json()["effect"]) == (409, "order_locked", "none")
    assert (await keeper.hold(order_id, key="while-it-is-locked-01")).status_code == 201


@pytest.mark.parametrize(
    "change",
    [
        {"type": "whim"},
        {"reason": "no"},
        {"reason": "x" * 501},
        {"expires_at": "2020-01-01T00:00:00Z"},
        {"expires_at": "tomorrow"},
        {"placed_by": "eve"},
        {"hold_id": f"hld_{ABSENT}"},
    ],
)
async def test_what_cannot_be_a_hold_is_refused(shop: Shop, keeper: Keeper, change: dict[str, str]) -> None:
    order_id = await order_of(shop)

    answer = await keeper.hold(order_id, **change)

    assert answer.status_code == 422
    assert await keeper.listed(order_id) == []


async def test_the_retailers_own_tools_look_and_change_nothing(gate: Gate, shop: Shop, keeper: Keeper) -> None:
    order_id = await order_of(shop)
    hold = await keeper.held(order_id)
    tools = Keeper(Duty(gate, "tools", (await Shop.open(gate, "tools", scopes=frozenset({"operations"}))).headers))

    answers = [await tools.hold(order_id), await tools.release(order_id, hold["hold_id"])]

    assert [each["reason"] for each in await tools.listed(order_id)] == [WHY["reason"]]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(403, "forbidden")}
