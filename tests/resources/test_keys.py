"""A key is a promise: the caller's key protects the request, the channel's order id protects the order for ever."""

import asyncio
from typing import Any

import pytest

from tests.gate import Gate
from tests.resources.shop import ADDRESS, Shop, line, money

KEY = "0f8fad5b-d9cb-469f-a165-70867728950e"


async def test_a_repeated_request_gets_the_first_answer_byte_for_byte(shop: Shop) -> None:
    body = shop.order()

    first = await shop.send(body, key=KEY)
    again = await shop.send(body, key=f'"{KEY}"')

    assert again.content == first.content
    assert (again.status_code, again.headers["idempotent-replayed"]) == (202, "true")
    assert all(again.headers[name] == first.headers[name] for name in ("location", "etag", "content-type"))
    assert "idempotent-replayed" not in first.headers
    assert len(await shop.rows("select 1 from orders")) == 1


async def test_a_key_used_for_another_request_is_refused(shop: Shop) -> None:
    await shop.send(shop.order(), key=KEY)

    answer = await shop.send(shop.order(), key=KEY)

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert len(await shop.rows("select 1 from orders")) == 1


async def test_two_partners_may_use_the_same_key(gate: Gate, shop: Shop) -> None:
    other = await Shop.open(gate, "pos")

    mine = await shop.send(shop.order(), key=KEY)
    yours = await other.send(other.order(), key=KEY)

    assert mine.json()["order_id"] != yours.json()["order_id"]


async def test_a_refused_request_leaves_its_key_free(shop: Shop) -> None:
    body = shop.order()
    wrong = {**body, "totals": {**body["totals"], "items": money(1)}}

    refused = await shop.send(wrong, key=KEY)
    mended = await shop.send(body, key=KEY)

    assert (refused.status_code, mended.status_code) == (422, 202)


@pytest.mark.parametrize("different_keys", [False, True])
async def test_twenty_copies_at_once_are_one_order_and_equal_bytes(shop: Shop, different_keys: bool) -> None:
    body = shop.order()
    keys = [f"{KEY}{n if different_keys else ''}" for n in range(20)]

    answers = await asyncio.gather(*(shop.send(body, key=key) for key in keys))

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    for table in ("orders", "run", "event", "personal_data", "absurd.t_sagas"):
        assert len(await shop.rows(f"select 1 from {table}")) == 1, table


async def test_an_expired_key_is_nobodys(shop: Shop) -> None:
    await shop.send(shop.order(), key=KEY)
    await shop.rows("update idempotency set expires_at = now() - interval '1 day' returning 1")

    answer = await shop.send(shop.order(), key=KEY)

    assert answer.status_code == 202
    assert "idempotent-replayed" not in answer.headers
    assert len(await shop.rows("select 1 from idempotency")) == 1


async def test_the_same_order_under_another_key_gets_its_first_receipt_even_long_after(shop: Shop) -> None:
    body = shop.order()
    first = await shop.send(body)
    await shop.rows("delete from idempotency returning 1")

    again = await shop.send(body, key=KEY)
    once_more = await shop.send(body, key=KEY)

    assert again.content == once_more.content == first.content
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["idempotent-replayed"] == once_more.headers["idempotent-replayed"] == "true"


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({"lines": [line(unit_price="5.00", quantity=2)]}, ["#/lines/0/quantity", "#/lines/0/unit_price"]),
        ({"customer": {"type": "business"}}, ["#/customer/contact", "#/customer/customer_ref", "#/customer/type"]),
        ({"lines": [line(unit_price="9.00"), line("2", unit_price="1.00")]}, ["#/lines/0/unit_price", "#/lines/1"]),
    ],
)  # fmt: skip
async def test_another_order_under_the_same_channel_order_id_is_told_where_it_differs(
    shop: Shop, changes: dict[str, Any], pointers: list[str]
) -> None:
    first = shop.order(channel_order_id="536365")
    await shop.send(first)

    answer = await shop.send(shop.order(channel_order_id="536365", placed_at=first["placed_at"], **changes))

    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, "natural_key_conflict")
    assert [fault["pointer"] for fault in problem["errors"]] == pointers
    assert problem["effect"] == "none"


async def test_the_address_counts_as_content_though_it_is_kept_apart(shop: Shop) -> None:
    first = shop.order(channel_order_id="536365")
    await shop.send(first)
    moved = shop.order(channel_order_id="536365", placed_at=first["placed_at"])
    moved["delivery_groups"] = [{**moved["delivery_groups"][0], "address": {**ADDRESS, "city": "Leeds"}}]

    answer = await shop.send(moved)

    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["#/delivery_groups/0/address/city"]
    assert "Leeds" not in answer.text
    assert "London" not in answer.text


async def test_two_channels_may_use_the_same_order_id(gate: Gate, shop: Shop) -> None:
    other = await Shop.open(gate, "pos")

    mine = await shop.send(shop.order(channel_order_id="1"))
    yours = await other.send(other.order(channel_order_id="1"))

    assert (mine.status_code, yours.status_code) == (202, 202)
