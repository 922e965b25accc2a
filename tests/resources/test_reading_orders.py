"""Partners read what is theirs: single orders, lists page by page, and what happened."""

import pytest

from tests.gate import Gate
from tests.resources.shop import Shop

ABSENT = "ord_01JDB7Z2M4X8Q5T3W9Y6N1K0RC"


@pytest.mark.parametrize("path", ["", "/events"])
async def test_anothers_order_answers_like_an_absent_one(gate: Gate, shop: Shop, path: str) -> None:
    other = await Shop.open(gate, "pos")
    theirs = (await other.place())["order_id"]

    foreign = await shop.get(f"/v1/orders/{theirs}{path}")
    absent = await shop.get(f"/v1/orders/{ABSENT}{path}")

    assert (foreign.status_code, absent.status_code) == (404, 404)
    varying = ("request_id", "trace_id", "instance")
    assert {k: v for k, v in foreign.json().items() if k not in varying} == {
        k: v for k, v in absent.json().items() if k not in varying
    }
    assert foreign.headers.keys() == absent.headers.keys()


async def test_anothers_order_cannot_be_cancelled(gate: Gate, shop: Shop) -> None:
    other = await Shop.open(gate, "pos")
    theirs = (await other.place())["order_id"]

    answer = await shop.cancel(theirs)

    assert answer.status_code == 404
    assert (await other.get(f"/v1/orders/{theirs}")).json()["status"] == "received"


async def test_operations_read_everybodys_orders(gate: Gate, shop: Shop) -> None:
    watcher = await Shop.open(gate, "ops", scopes=frozenset({"operations"}))
    order_id = (await shop.place())["order_id"]

    one = await watcher.get(f"/v1/orders/{order_id}")
    page = await watcher.get("/v1/orders")

    assert one.status_code == 200
    assert [order["order_id"] for order in page.json()["orders"]] == [order_id]


async def test_a_list_is_newest_first_and_ends_with_an_empty_token(shop: Shop) -> None:
    placed = [(await shop.place())["order_id"] for _ in range(5)]

    first = (await shop.get("/v1/orders", page_size=2)).json()
    second = (await shop.get("/v1/orders", page_size=2, page_token=first["next_page_token"])).json()
    third = (await shop.get("/v1/orders", page_size=9, page_token=second["next_page_token"])).json()

    seen = [order["order_id"] for page in (first, second, third) for order in page["orders"]]
    assert seen == placed[::-1]
    assert third["next_page_token"] == ""


async def test_a_full_last_page_ends_the_list(shop: Shop) -> None:
    await shop.place()

    page = (await shop.get("/v1/orders", page_size=1)).json()

    assert (len(page["orders"]), page["next_page_token"]) == (1, "")


async def test_a_list_holds_only_the_callers_orders_with_the_id_asked_for(gate: Gate, shop: Shop) -> None:
    other = await Shop.open(gate, "pos")
    await other.place(channel_order_id="7")
    await shop.place(channel_order_id="8")
    wanted = await shop.place(channel_order_id="7")

    page = (await shop.get("/v1/orders", channel_order_id="7")).json()

    assert [order["order_id"] for order in page["orders"]] == [wanted["order_id"]]


@pytest.mark.parametrize(("asked", "shown"), [(0, 50), (50, 50), (1000, 51)])
async def test_a_page_size_beyond_the_limits_is_coerced(shop: Shop, asked: int, shown: int) -> None:
    for _ in range(51):
        await shop.place()

    page = (await shop.get("/v1/orders", page_size=asked)).json()

    assert len(page["orders"]) == shown


async def test_a_negative_page_size_is_refused(shop: Shop) -> None:
    answer = await shop.get("/v1/orders", page_size=-1)

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


async def test_a_page_token_serves_its_caller_and_its_question_only(gate: Gate, shop: Shop) -> None:
    other = await Shop.open(gate, "pos")
    for _ in range(2):
        await shop.place()
    token = (await shop.get("/v1/orders", page_size=1)).json()["next_page_token"]

    answers = [
        await other.get("/v1/orders", page_token=token),
        await shop.get("/v1/orders", page_token=token, channel_order_id="7"),
        await shop.get("/v1/orders", page_token=token[:-4] + "AAAA"),
        await shop.get("/v1/orders", page_token="é"),
    ]

    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(400, "malformed")}


async def test_events_are_numbered_and_paged(shop: Shop) -> None:
    order_id = (await shop.place())["order_id"]
    await shop.cancel(order_id)

    first = (await shop.get(f"/v1/orders/{order_id}/events", page_size=1)).json()
    rest = (await shop.get(f"/v1/orders/{order_id}/events", page_token=first["next_page_token"])).json()

    events = [*first["events"], *rest["events"]]
    assert [(event["sequence"], event["type"]) for event in events] == [
        (1, "com.omnigate.order.received.v1"),
        (2, "com.omnigate.order.cancel_requested.v1"),
    ]
    assert rest["next_page_token"] == ""


async def test_a_forgotten_persons_order_can_still_be_read(shop: Shop) -> None:
    order_id = (await shop.place())["order_id"]
    await shop.rows("delete from personal_data returning 1")

    answer = await shop.get(f"/v1/orders/{order_id}")

    assert answer.status_code == 200, answer.text
    assert "address" not in answer.json()["delivery_groups"][0]
