"""Handing over: to whoever has the code, once, and after five wrong ones only by who may do without."""

import asyncio
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from httpx2 import Response

from tests.gate import Gate
from tests.resources.desk import Duty
from tests.resources.offers import CODE, WRONG, ready
from tests.resources.shop import Shop
from tests.resources.test_order_locks import held

pytestmark = pytest.mark.usefixtures("lines")

Json = dict[str, Any]
ABSENT = "01JDB7Z2M4X8Q5T3W9Y6N1K0RC"
RIGHT, NOT_IT = {"code": CODE}, {"code": WRONG}
WITHOUT = {"without_code": True, "reason": "the passport and the card fit"}
OVER = "update pickup set expires_at = now() - interval '1 h' returning 1"


@dataclass(frozen=True, slots=True)
class Till:
    """Somebody who hands goods over."""

    duty: Duty

    async def collect(self, order_id: str, part: str, body: Json | None = None, *, key: str = "") -> Response:
        headers = {**self.duty.headers, "idempotency-key": key or uuid4().hex}
        path = f"/v1/orders/{order_id}/fulfilments/{part}/collect"
        return await self.duty.gate.http.post(path, json=body or RIGHT, headers=headers)


@pytest.fixture
async def till(gate: Gate) -> Till:
    """A partner that hands over the goods of every order, and can do nothing else."""
    return Till(Duty(gate, "leeds", (await Shop.open(gate, "leeds", scopes=frozenset({"stores"}))).headers))


async def put_aside(shop: Shop, *, seconds: int = 3600) -> tuple[str, str]:
    """An order, and its part that can be fetched."""
    order_id = str((await shop.place())["order_id"])
    return order_id, await ready(shop.gate.database, order_id, seconds=seconds)


async def wrong(shop: Shop) -> int:
    return int((await shop.rows("select wrong from pickup"))[0][0])


async def test_goods_are_handed_over_and_their_run_hears_of_it(shop: Shop, till: Till) -> None:
    order_id, part = await put_aside(shop)
    woken = "select count(*) from absurd.e_sagas where event_name like %s"
    before = await shop.rows(woken, f"{part}:%")

    done = await till.collect(order_id, part)

    at = done.json()["collected_at"]
    assert (done.status_code, done.json()) == (
        200,
        {"fulfilment_id": part, "order_id": order_id, "collected_at": at},
    )
    assert await shop.rows("select run_id, kind, source, data from signal") == [
        (part, "collected", "store:leeds", {"collected_at": at})
    ]
    assert (before, await shop.rows(woken, f"{part}:%")) == ([(0,)], [(1,)])
    assert await shop.rows("select facts - 'idempotency_key' from audit where action = 'handovers:write'") == [
        (
            {
                "operation": "collect_fulfilment",
                "fulfilment_id": part,
                "without_code": False,
                "outcome": "collected",
                "changed": True,
            },
        )
    ]


async def test_what_was_handed_over_stays_so(shop: Shop, till: Till) -> None:
    order_id, part = await put_aside(shop)

    first, *copies = await asyncio.gather(
        *(till.collect(order_id, part, key="one-handover-0123456789") for _ in range(4))
    )
    till.duty.gate.clock.pass_by(60)
    await shop.rows(OVER)
    later = [await till.collect(order_id, part), await till.collect(order_id, part, NOT_IT)]

    assert {each.status_code for each in (first, *copies, *later)} == {200}
    assert {each.content for each in (*copies, *later)} == {first.content}
    assert len(await shop.rows("select 1 from signal")) == 1
    assert await wrong(shop) == 0


async def test_goods_whose_money_could_not_be_held_anew_wait_for_a_person(shop: Shop, till: Till) -> None:
    order_id, part = await put_aside(shop)
    unpaid = "insert into order_hold values ('hld_1', %s, 'payment', 'not held anew', 'omnigate', now()) returning 1"
    await shop.rows(unpaid, order_id)

    refused = await till.collect(order_id, part)
    await shop.rows(
        "update order_hold set released_at = now(), released_by = 'olga', release_reason = 'paid in cash' returning 1"
    )
    done = await till.collect(order_id, part)

    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert "held anew" in refused.json()["detail"]
    assert done.status_code == 200


async def test_a_wrong_code_is_counted_and_refused(shop: Shop, till: Till) -> None:
    order_id, part = await put_aside(shop)

    refused = await till.collect(order_id, part, NOT_IT)

    problem = refused.json()
    assert (refused.status_code, problem["code"], problem["tries_left"]) == (422, "wrong_code", 4)
    assert (problem["detail"], problem["effect"]) == ("this is not the customer's code; 4 tries are left", "none")
    assert await wrong(shop) == 1
    assert await shop.rows("select facts ->> 'outcome', facts ->> 'wrong' from audit where facts ? 'wrong'") == [
        ("wrong_code", "1")
    ]
    assert (await till.collect(order_id, part)).status_code == 200


async def test_five_wrong_codes_are_enough_however_fast_they_come(shop: Shop, till: Till) -> None:
    order_id, part = await put_aside(shop)

    tried = await asyncio.gather(*(till.collect(order_id, part, {"code": f"{n:06d}"}) for n in range(9)))
    right = await till.collect(order_id, part)

    left = sorted(each.json()["tries_left"] for each in tried if each.status_code == 422)
    assert left == [0, 1, 2, 3, 4]
    assert {(each.status_code, each.json()["code"]) for each in (*tried, right) if each.status_code != 422} == {
        (409, "tries_exhausted")
    }
    assert "operations" in right.json()["detail"]
    assert await wrong(shop) == 5
    assert await shop.rows("select 1 from signal") == []


async def test_another_parts_code_opens_nothing(shop: Shop, till: Till) -> None:
    order_id, _ = await put_aside(shop)
    hash_of_another = (await shop.rows("select code_hash from pickup"))[0][0]
    other = await ready(shop.gate.database, order_id)
    await shop.rows("update pickup set code_hash = %s where fulfilment_id = %s returning 1", hash_of_another, other)

    refused = await till.collect(order_id, other)

    assert (refused.status_code, refused.json()["code"]) == (422, "wrong_code")


async def test_who_approves_hands_over_without_the_code(gate: Gate, shop: Shop, till: Till) -> None:
    order_id, part = await put_aside(shop)
    for _ in range(5):
        await till.collect(order_id, part, NOT_IT)
    support, approver = [Till(await Duty.open(gate, role, role)) for role in ("support", "approver")]

    answers = [await each.collect(order_id, part, WITHOUT) for each in (till, support, approver)]

    assert [each.status_code for each in answers] == [403, 403, 200]
    assert await shop.rows(
        "select subject, facts ->> 'reason', facts ->> 'without_code', decisions -> -1 ->> 'rule' from audit"
        " where facts ->> 'outcome' = 'collected'"
    ) == [("approver", WITHOUT["reason"], "true", "approvers-waive-the-code")]
    assert await shop.rows("select source from signal") == [("store:approver",)]


async def test_who_may_only_look_hands_nothing_over(gate: Gate, shop: Shop) -> None:
    order_id, part = await put_aside(shop)
    viewer, support = [Till(await Duty.open(gate, role, role)) for role in ("viewer", "support")]

    assert (await viewer.collect(order_id, part)).status_code == 403
    assert (await support.collect(order_id, part)).status_code == 200


@pytest.mark.parametrize("instead", [RIGHT, NOT_IT, WITHOUT])
async def test_goods_that_were_not_fetched_in_time_stay(gate: Gate, shop: Shop, instead: Json) -> None:
    order_id, part = await put_aside(shop, seconds=-1)
    approver = Till(await Duty.open(gate, "carla", "approver"))

    refused = await approver.collect(order_id, part, instead)

    assert (refused.status_code, refused.json()["code"]) == (409, "pickup_expired")
    assert await wrong(shop) == 0


@pytest.mark.parametrize("status", ["cancelled", "rejected"])
async def test_what_was_given_up_is_not_handed_over(shop: Shop, till: Till, status: str) -> None:
    order_id, part = await put_aside(shop)
    await shop.rows("update fulfilment set status = %s returning 1", status)

    refused = await till.collect(order_id, part)

    assert (refused.status_code, refused.json()["code"], refused.json()["effect"]) == (409, "conflict", "none")


async def test_what_is_not_ready_is_not_there(shop: Shop, till: Till) -> None:
    order_id, part = await put_aside(shop)
    other_id, of_other = await put_aside(shop)
    await shop.rows("delete from pickup where fulfilment_id = %s returning 1", of_other)

    answers = [
        await till.collect(order_id, f"ful_{ABSENT}"),
        await till.collect(other_id, part),
        await till.collect(other_id, of_other),
        await till.collect(f"ord_{ABSENT}", part),
    ]

    assert {(each.status_code, each.json()["code"]) for each in answers} == {(404, "not_found")}


@pytest.mark.parametrize(
    "body",
    [
        {"reason": "no code"},
        {"without_code": True},
        {**RIGHT, **WITHOUT},
        {**RIGHT, "reason": "in a hurry"},
        {"code": "12345"},
        {"code": "123456789"},
        {"code": "12345a"},
        {"code": 402519},
        {"without_code": False, "reason": "in a hurry"},
        {**RIGHT, "collected_at": "2026-11-26T10:00:00Z"},
    ],
)
async def test_what_is_neither_a_code_nor_a_reason_is_refused(shop: Shop, till: Till, body: Json) -> None:
    order_id, part = await put_aside(shop)

    refused = await till.collect(order_id, part, body)

    assert (refused.status_code, refused.json()["code"]) == (422, "invalid")
    assert await wrong(shop) == 0


async def test_codes_are_written_down_nowhere(shop: Shop, till: Till, lines: BytesIO) -> None:
    order_id, part = await put_aside(shop)

    told = [await till.collect(order_id, part, {"code": code}) for code in (WRONG, f"{CODE}x", CODE)]

    written = await shop.rows(
        "select string_agg(t, '') from (select audit::text t from audit union all select event::text from event"
        " union all select idempotency::text || convert_from(body, 'utf8') from idempotency"
        " union all select signal::text from signal union all select (to_jsonb(p) - 'code_hash')::text from pickup p) x"
    )
    text = str(written) + lines.getvalue().decode() + "".join(each.text for each in told)
    assert [each.status_code for each in told] == [422, 422, 200]
    assert part in text
    assert (CODE in text, WRONG in text) == (False, False)


async def test_who_would_wait_too_long_for_the_part_is_told_to_come_again(
    shop: Shop, till: Till, database_url: str
) -> None:
    order_id, part = await put_aside(shop)
    async with held(database_url, part):
        refused = await till.collect(order_id, part, key="while-it-is-locked-01")

    assert (refused.status_code, refused.json()["code"], refused.json()["effect"]) == (409, "order_locked", "none")
    assert (await till.collect(order_id, part, key="while-it-is-locked-01")).status_code == 200
