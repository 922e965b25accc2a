"""Conditional requests: a version that is known is not told again, and one that has passed is not acted upon."""

import asyncio
from typing import Any

import pytest
from httpx2 import Response

from tests.resources.shop import Shop
from tests.resources.test_cancelling_orders import move

KEY = "0f8fad5b-d9cb-469f"
Headers = list[tuple[str, str]]


async def read(shop: Shop, order_id: str, *conditions: str) -> Response:
    headers: Headers = [*shop.headers.items(), *(("if-none-match", line) for line in conditions)]
    return await shop.gate.http.get(f"/v1/orders/{order_id}", headers=headers)


async def cancel(shop: Shop, order_id: str, *conditions: str, key: str | None = None) -> Response:
    headers: Headers = [*shop.keyed(key).items(), *(("if-match", line) for line in conditions)]
    return await shop.gate.http.post(f"/v1/orders/{order_id}/cancel", headers=headers)


async def standing(shop: Shop, order_id: str) -> tuple[Any, Any]:
    view = (await read(shop, order_id)).json()
    return view["status"], view["version"]


@pytest.mark.parametrize(
    ("conditions", "status"),
    [
        (['"2"'], 304),
        (['W/"2"'], 304),
        (["*"], 304),
        (['"1", "2"'], 304),
        (['"1",W/"2" , "3"'], 304),
        (['"1"', '"2"'], 304),
        ([', "2",, '], 304),
        (['"a,b", "2"'], 304),
        (['"1"'], 200),
        (['"22"'], 200),
        (["2"], 200),
        (['"2'], 200),
        (['"2" junk'], 200),
        (['w/"2"'], 200),
        (['*, "1"'], 200),
        ([""], 200),
    ],
)
async def test_a_version_that_is_known_is_not_told_again(shop: Shop, conditions: list[str], status: int) -> None:
    order_id = (await shop.place())["order_id"]
    await move(shop, order_id, "accepted")

    answer = await read(shop, order_id, *conditions)

    assert answer.status_code == status
    assert (answer.content == b"") == (status == 304)
    assert answer.headers["etag"] == '"2"'
    assert (answer.headers["cache-control"], answer.headers["vary"]) == ("private, no-cache", "Prefer")


async def test_not_modified_says_no_length_and_no_type(shop: Shop) -> None:
    order_id = (await shop.place())["order_id"]

    answer = await read(shop, order_id, '"1"')

    assert {"content-type", "content-length"} & answer.headers.keys() == set()
    assert "x-request-id" in answer.headers


async def test_another_partners_order_is_absent_whatever_is_known_of_it(shop: Shop) -> None:
    theirs = (await (await Shop.open(shop.gate, "pos")).place())["order_id"]

    assert (await read(shop, theirs, "*")).status_code == 404
    assert (await cancel(shop, theirs, '"9"')).status_code == 404


@pytest.mark.parametrize("conditions", [['"1"'], ["*"], ['"7", "1"'], ['"7"', '"1"'], ['W/"7","1"']])
async def test_a_cancel_of_the_version_that_is_there_is_heard(shop: Shop, conditions: list[str]) -> None:
    order_id = (await shop.place())["order_id"]

    answer = await cancel(shop, order_id, *conditions)

    assert (answer.status_code, answer.headers["etag"]) == (202, '"2"')


@pytest.mark.parametrize("conditions", [['"2"'], ['W/"1"'], ['"0", "2"']])
async def test_a_cancel_of_another_version_is_refused_and_its_key_stays_free(shop: Shop, conditions: list[str]) -> None:
    order_id = (await shop.place())["order_id"]

    refused = await cancel(shop, order_id, *conditions, key=KEY)

    assert (refused.status_code, refused.json()["code"]) == (412, "precondition_failed")
    assert refused.json()["effect"] == "none"
    assert await standing(shop, order_id) == ("received", 1)
    assert (await cancel(shop, order_id, '"1"', key=KEY)).status_code == 202


@pytest.mark.parametrize("condition", ["1", '"1', '"1" "2"', "*, *", 'w/"1"', ""])
async def test_a_condition_that_cannot_be_read_is_refused(shop: Shop, condition: str) -> None:
    order_id = (await shop.place())["order_id"]

    answer = await cancel(shop, order_id, condition)

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert await standing(shop, order_id) == ("received", 1)


async def test_a_replay_is_answered_before_its_condition_is_looked_at(shop: Shop) -> None:
    order_id = (await shop.place())["order_id"]
    first = await cancel(shop, order_id, '"1"', key=KEY)

    again = await cancel(shop, order_id, '"1"', key=KEY)

    assert (again.status_code, again.content) == (202, first.content)
    assert again.headers["idempotent-replayed"] == "true"


async def test_copies_at_once_get_one_answer_though_the_first_has_changed_the_version(shop: Shop) -> None:
    order_id = (await shop.place())["order_id"]

    answers = await asyncio.gather(*(cancel(shop, order_id, '"1"', key=KEY) for _ in range(12)))

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1


async def test_of_two_who_saw_the_same_version_one_is_heard(shop: Shop) -> None:
    order_id = (await shop.place())["order_id"]

    answers = await asyncio.gather(*(cancel(shop, order_id, '"1"') for _ in range(2)))

    assert sorted(answer.status_code for answer in answers) == [202, 412]


async def test_what_can_no_longer_be_cancelled_says_so_whatever_the_version(shop: Shop) -> None:
    order_id = (await shop.place())["order_id"]
    await move(shop, order_id, "rejected")

    assert (await cancel(shop, order_id, '"1"')).json()["code"] == "too_late_to_cancel"
