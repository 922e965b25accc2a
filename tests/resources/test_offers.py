"""Offers: seen while they are open, answered once for the customer, and told to whoever goes on with the order."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from httpx2 import Response

from tests.gate import Gate
from tests.resources.desk import Duty
from tests.resources.offers import offered
from tests.resources.shop import ADDRESS, Shop
from tests.resources.test_order_locks import held

Json = dict[str, Any]
ABSENT = "01JDB7Z2M4X8Q5T3W9Y6N1K0RC"
FORGOTTEN = "update personal_data set document = document - 'address' returning 1"
ELSEWHERE = {**ADDRESS, "name": "Canary Example", "city": "York"}


async def answer(shop: Shop, where: str, how: str = "accept", *, key: str = "", body: Json | None = None) -> Response:
    headers = shop.keyed(key or None)
    return await shop.gate.http.post(f"/v1/orders/{where}/{how}", json=body, headers=headers)


async def order_of(shop: Shop) -> str:
    return str((await shop.place())["order_id"])


async def seen(shop: Shop, order_id: str) -> Json:
    return dict((await shop.get(f"/v1/orders/{order_id}")).json())


async def test_what_is_offered_is_seen_until_it_is_answered(shop: Shop) -> None:
    order_id = await order_of(shop)
    offer_id = await offered(shop.gate.database, order_id)

    (offer,) = (await seen(shop, order_id))["offers"]
    done = await answer(shop, f"{order_id}/offers/{offer_id}")
    after = await seen(shop, order_id)

    assert offer.pop("expires_at")
    assert offer == {
        "offer_id": offer_id,
        "group_id": "home",
        "kind": "other_store",
        "node_id": "leeds",
        "node_name": "Leeds, Briggate",
        "lines": [{"line_id": "1", "quantity": 2}],
    }
    told = {"offer_id": offer_id, "order_id": order_id, "kind": "other_store", "state": "accepted"}
    assert done.status_code == 200
    assert {name: value for name, value in done.json().items() if name != "decided_at"} == told
    assert (after["version"], "offers" in after) == (2, False)


async def test_who_would_send_it_is_not_told(shop: Shop) -> None:
    order_id = await order_of(shop)
    await offered(shop.gate.database, order_id, "ship_to_home")

    (offer,) = (await seen(shop, order_id))["offers"]

    assert set(offer) == {"offer_id", "group_id", "kind", "lines", "expires_at"}


@pytest.mark.parametrize(("how", "state"), [("accept", "accepted"), ("decline", "declined")])
async def test_an_answer_is_told_audited_and_wakes_the_orders_run(shop: Shop, how: str, state: str) -> None:
    order_id = await order_of(shop)
    offer_id = await offered(shop.gate.database, order_id)
    woken = "select count(*) from absurd.e_sagas where event_name like %s"
    before = await shop.rows(woken, f"{order_id}:%")

    await answer(shop, f"{order_id}/offers/{offer_id}", how)

    (*_, event) = (await shop.get(f"/v1/orders/{order_id}/events")).json()["events"]
    offer = {"offer_id": offer_id, "group_id": "home", "kind": "other_store"}
    told = {"status": "received", "offer": offer}
    assert (event["type"], event["data"]) == (f"com.omnigate.order.offer_{state}.v1", told)
    assert (before, await shop.rows(woken, f"{order_id}:%")) == ([(0,)], [(1,)])
    assert await shop.rows("select state, decided_at is not null from offer") == [(state, True)]
    assert await shop.rows(
        "select facts ->> 'operation', facts ->> 'offer_id', facts ->> 'state' from audit where action = 'offers:write'"
    ) == [(f"{how}_order_offer", offer_id, state)]


async def test_copies_of_an_answer_are_one(shop: Shop) -> None:
    order_id = await order_of(shop)
    where = f"{order_id}/offers/{await offered(shop.gate.database, order_id)}"

    answers = await asyncio.gather(*(answer(shop, where, key="one-answer-0123456789") for _ in range(5)))
    again = await answer(shop, where)
    other = await answer(shop, where, "decline", key="one-answer-0123456789")

    assert {each.status_code for each in (*answers, again)} == {200}
    assert len({each.content for each in (*answers, again)}) == 1
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert (await seen(shop, order_id))["version"] == 2


@pytest.mark.parametrize(
    ("first", "then", "state"), [("accept", "decline", "accepted"), ("decline", "accept", "declined")]
)
async def test_a_customer_does_not_change_their_mind(shop: Shop, first: str, then: str, state: str) -> None:
    order_id = await order_of(shop)
    where = f"{order_id}/offers/{await offered(shop.gate.database, order_id)}"
    await answer(shop, where, first)

    refused = await answer(shop, where, then)

    problem = refused.json()
    assert (refused.status_code, problem["code"], problem["state"]) == (409, "offer_closed", state)
    assert (problem["effect"], problem["detail"]) == ("none", f"the offer has been {state}")
    assert await shop.rows("select state from offer") == [(state,)]


@pytest.mark.parametrize("swept", [False, True])
async def test_no_answer_in_time_is_a_no(shop: Shop, swept: bool) -> None:
    order_id = await order_of(shop)
    where = f"{order_id}/offers/{await offered(shop.gate.database, order_id, seconds=-1)}"
    if swept:
        await shop.rows("update offer set state = 'expired' returning 1")

    refused = [await answer(shop, where, how) for how in ("accept", "decline")]

    assert {(each.status_code, each.json()["code"], each.json()["state"]) for each in refused} == {
        (409, "offer_closed", "expired")
    }
    assert "offers" not in await seen(shop, order_id)


async def test_what_was_accepted_in_time_stays_so(shop: Shop) -> None:
    order_id = await order_of(shop)
    where = f"{order_id}/offers/{await offered(shop.gate.database, order_id)}"
    first = await answer(shop, where)
    await shop.rows("update offer set expires_at = now() - interval '1 h' returning 1")

    again = await answer(shop, where)

    assert (again.status_code, again.content) == (200, first.content)


async def test_what_is_not_theirs_is_not_there(gate: Gate, shop: Shop) -> None:
    order_id, other_id = await order_of(shop), await order_of(shop)
    of_other = await offered(gate.database, other_id)
    pos = await Shop.open(gate, "pos")

    answers = [
        await answer(shop, f"{order_id}/offers/off_{ABSENT}"),
        await answer(shop, f"{order_id}/offers/{of_other}", "decline"),
        await answer(shop, f"ord_{ABSENT}/offers/{of_other}"),
        await answer(pos, f"{other_id}/offers/{of_other}"),
    ]

    assert {(each.status_code, each.json()["code"]) for each in answers} == {(404, "not_found")}
    assert await shop.rows("select state from offer") == [("open",)]


@pytest.mark.parametrize("status", ["completed", "rejected", "cancelled"])
async def test_nothing_is_left_to_agree_to_once_an_order_has_ended(shop: Shop, status: str) -> None:
    order_id = await order_of(shop)
    where = f"{order_id}/offers/{await offered(shop.gate.database, order_id)}"
    await shop.rows("update orders set status = %s returning 1", status)

    refused = await answer(shop, where)

    assert (refused.status_code, refused.json()["code"], refused.json()["effect"]) == (409, "conflict", "none")


async def test_what_is_sent_needs_an_address(shop: Shop) -> None:
    order_id = await order_of(shop)
    where = f"{order_id}/offers/{await offered(shop.gate.database, order_id, 'ship_to_home')}"
    await shop.rows(FORGOTTEN)

    without = await answer(shop, where)
    bare = await answer(shop, where, body={})
    done = await answer(shop, where, body={"address": ELSEWHERE})

    assert [(each.status_code, each.json()["errors"][0]["pointer"]) for each in (without, bare)] == [
        (422, "#/address")
    ] * 2
    assert done.status_code == 200, done.text
    assert (await seen(shop, order_id))["delivery_groups"][0]["address"] == ELSEWHERE
    assert await shop.rows("select document -> 'contact' ->> 'email' from personal_data") == [("ada@example.com",)]


async def test_the_orders_own_address_is_enough(shop: Shop) -> None:
    order_id = await order_of(shop)
    where = f"{order_id}/offers/{await offered(shop.gate.database, order_id, 'ship_to_home')}"

    done = await answer(shop, where)

    assert done.status_code == 200
    assert (await seen(shop, order_id))["delivery_groups"][0]["address"] == ADDRESS


async def test_who_was_forgotten_can_be_sent_to_again(shop: Shop) -> None:
    order_id = await order_of(shop)
    where = f"{order_id}/offers/{await offered(shop.gate.database, order_id, 'ship_to_home')}"
    await shop.rows("delete from personal_data returning 1")

    done = await answer(shop, where, body={"address": ELSEWHERE})

    assert done.status_code == 200
    assert await shop.rows("select p.document from personal_data p join orders using (personal_id)") == [
        ({"address": ELSEWHERE},)
    ]


async def test_an_address_is_kept_with_the_person_and_nowhere_else(shop: Shop) -> None:
    order_id = await order_of(shop)
    where = f"{order_id}/offers/{await offered(shop.gate.database, order_id, 'ship_to_home')}"

    done = await answer(shop, where, body={"address": ELSEWHERE})

    written = await shop.rows(
        "select string_agg(t, '') from (select audit::text t from audit union all select event::text from event"
        " union all select convert_from(body, 'utf8') from idempotency union all select document::text from orders) x"
    )
    assert "Canary" not in str(written) + done.text
    assert [row[0]["address"] for row in await shop.rows("select document from personal_data")] == [ELSEWHERE]


async def test_nobody_is_asked_for_an_address_to_fetch_it_at(shop: Shop) -> None:
    order_id = await order_of(shop)
    where = f"{order_id}/offers/{await offered(shop.gate.database, order_id)}"

    refused = await answer(shop, where, body={"address": ELSEWHERE})

    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "#/address")
    assert await shop.rows("select state from offer") == [("open",)]


async def test_operators_answer_for_a_customer_on_the_telephone(gate: Gate, shop: Shop) -> None:
    order_id = await order_of(shop)
    path = f"/v1/orders/{order_id}/offers/{await offered(gate.database, order_id)}/accept"
    olga, vera = await Duty.open(gate, "olga", "support"), await Duty.open(gate, "vera", "viewer")

    answers = [
        await gate.http.post(path, headers={**duty.headers, "idempotency-key": uuid4().hex}) for duty in (vera, olga)
    ]

    assert [each.status_code for each in answers] == [403, 200]
    assert await shop.rows("select subject from audit where action = 'offers:write'") == [("olga",)]


async def test_who_would_wait_too_long_for_the_order_is_told_to_come_again(shop: Shop, database_url: str) -> None:
    order_id = await order_of(shop)
    where = f"{order_id}/offers/{await offered(shop.gate.database, order_id)}"
    async with held(database_url, order_id):
        refused = await answer(shop, where, key="while-it-is-locked-01")

    assert (refused.status_code, refused.json()["code"], refused.json()["effect"]) == (409, "order_locked", "none")
    assert (await answer(shop, where, key="while-it-is-locked-01")).status_code == 200
