"""Reserving: all that was asked for, once, from where it is, and never more than there is."""

import asyncio
from collections import Counter
from uuid import uuid4

import pytest
from httpx2 import Response

from tests.gate import Gate
from tests.resources.inventory.desk import Desk, Json, line, states, wish
from tests.resources.inventory.stocked import Stocked, terms


async def test_what_is_reserved_is_told_and_no_longer_available(stocked: Stocked, desk: Desk) -> None:
    await stocked.counted(LAMP=5, ago=60)

    answer = await desk.ask(wish(line("lamp", 2), holder="c-1"))

    made = answer.json()
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"].endswith(f"/v1/inventory/reservations/{made['reservation_id']}")
    assert (answer.headers["etag"], made["state"], made["version"]) == ('"1"', "active", 1)
    assert made["holder"] == {"type": "cart", "id": "c-1", "attempt": 1}
    assert states(made["lines"]) == [("LAMP", "main", 2, 0, 0)]
    assert await desk.read(made) == made
    (item,) = (await stocked.ask({"sku": "LAMP"}))["items"]
    assert terms(item["nodes"][0]) == {"on_hand": 5, "reserved_soft": -2}


async def test_two_hundred_who_want_the_last_one_have_one_winner(stocked: Stocked, desk: Desk) -> None:
    await stocked.counted(LAMP=1, ago=60)

    room = asyncio.Semaphore(20)  # as many as one partner may have under way

    async def want() -> Response:
        async with room:
            return await desk.ask(wish(line("LAMP")))

    answers = await asyncio.gather(*(want() for _ in range(200)))

    assert Counter(answer.status_code for answer in answers) == Counter({201: 1, 409: 199})
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"insufficient_stock"}
    assert await desk.rows("select sum(quantity) from reservation_line") == [(1,)]
    assert await desk.rows("select available, reserved_soft from stock_position") == [(0, 1)]


async def test_demand_for_one_position_is_summed(stocked: Stocked, desk: Desk) -> None:
    await stocked.counted(LAMP=3, ago=60)

    answer = await desk.ask(wish(line("LAMP", 2, "a"), line("lamp", 2, "b", node_id="main")))

    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, "insufficient_stock")
    assert problem["short"] == [{"line_id": "a", "sku": "LAMP", "wanted": 2, "available": 1}]
    assert await desk.rows("select available from stock_position") == [(3,)]


async def test_a_part_is_reserved_by_request(stocked: Stocked, desk: Desk) -> None:
    await stocked.counted(LAMP=3, ago=60)

    made = await desk.reserve(line("LAMP", 5, "a"), line("GHOST", 1, "b"), on_short="partial")

    assert states(made["lines"]) == [("LAMP", "main", 3, 0, 0)]
    assert made["short"] == [
        {"line_id": "a", "sku": "LAMP", "wanted": 5, "available": 3},
        {"line_id": "b", "sku": "GHOST", "wanted": 1, "available": 0},
    ]


async def test_one_node_that_has_it_all_comes_first_then_several(stocked: Stocked, desk: Desk) -> None:
    for node, priority, pieces in (("north", 1, 2), ("south", 2, 4), ("shut", 3, 9)):
        await stocked.node(node, priority=priority)
        await stocked.counted(node=node, ago=60, LAMP=pieces)
    await stocked.node("shut", priority=3, status="paused")

    whole = await desk.reserve(line("LAMP", 3))
    split = await desk.reserve(line("LAMP", 3))

    assert states(whole["lines"]) == [("LAMP", "south", 3, 0, 0)]
    assert states(split["lines"]) == [("LAMP", "north", 2, 0, 0), ("LAMP", "south", 1, 0, 0)]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (line("GHOST"), "sku_not_stocked"),
        (line("LAMP", condition="damaged"), "sku_not_stocked"),
        (line("LAMP", node_id="nowhere"), "node_not_sellable"),
        (line("LAMP", node_id="shut"), "node_not_sellable"),
        (line("LAMP", 9), "insufficient_stock"),
        (line("NONE"), "insufficient_stock"),
        (line("SHUT"), "node_not_sellable"),
    ],
)
async def test_what_cannot_be_reserved_is_refused_by_its_code(
    stocked: Stocked, desk: Desk, asked: Json, code: str
) -> None:
    await stocked.node("shut")
    await stocked.counted(LAMP=1, NONE=0, ago=60)
    await stocked.counted(node="shut", LAMP=5, SHUT=5, ago=60)
    await stocked.node("shut", status="closed")

    answer = await desk.ask(wish(asked))

    assert (answer.status_code, answer.json()["code"], answer.json()["effect"]) == (409, code, "none")
    assert answer.json()["errors"][0]["pointer"] == "#/lines/0"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (wish(line(), kind="pinned"), "#/lines/0"),
        (wish(line(), line("JAR")), "#/lines/1/line_id"),
        (wish(line(), kind="firm", ttl_seconds=60), "#/ttl_seconds"),
        ({**wish(line()), "holder": {"type": "order", "id": "ord_01JDB7Z2M4X8Q5T3W9Y6N1K0RC"}}, "#/holder/id"),
    ],
)
async def test_what_makes_no_sense_is_refused_by_its_place(desk: Desk, body: Json, pointer: str) -> None:
    answer = await desk.ask(body)

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


async def test_a_key_and_an_attempt_are_answered_once(stocked: Stocked, desk: Desk) -> None:
    await stocked.counted(LAMP=5, ago=60)
    body, key = wish(line("LAMP", 2), holder="c-1"), uuid4().hex

    copies = await asyncio.gather(*(desk.ask(body, key=key) for _ in range(4)))
    again = await desk.ask(body)
    other = await desk.ask({**body, "lines": [line("LAMP", 1)]})
    reused = await desk.ask({**body, "lines": [line("LAMP", 1)]}, key=key)

    assert {(answer.status_code, answer.content) for answer in (*copies, again)} == {(201, copies[0].content)}
    assert again.headers["idempotent-replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (409, "natural_key_conflict")
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")
    assert await desk.rows("select available from stock_position") == [(3,)]


async def test_the_next_attempt_is_another_reservation(stocked: Stocked, desk: Desk) -> None:
    await stocked.counted(LAMP=5, ago=60)
    body = wish(line("LAMP", 2), holder="c-1")

    first = await desk.ask(body)
    second = await desk.ask({**body, "holder": {**body["holder"], "attempt": 2}})

    assert first.json()["reservation_id"] != second.json()["reservation_id"]
    listed = (await desk.get(holder_type="cart", holder_id="c-1", page_size=1)).json()
    assert [each["holder"]["attempt"] for each in listed["reservations"]] == [2]
    rest = await desk.get(holder_type="cart", holder_id="c-1", page_token=listed["next_page_token"])
    assert [each["holder"]["attempt"] for each in rest.json()["reservations"]] == [1]


async def test_a_partner_sees_its_own_only(stocked: Stocked, gate: Gate, desk: Desk) -> None:
    await stocked.counted(LAMP=5, ago=60)
    made = await desk.reserve(line("LAMP"))
    scopes = frozenset({"inventory:reserve", "inventory:commit"})
    other = await Desk.open(gate, "other", scopes=scopes)
    unknown = {"reservation_id": "rsv_01JDB7Z2M4X8Q5T3W9Y6N1K0RC"}

    for what in ("release", "extend", "consume"):
        foreign, absent = [await other.change(each, what) for each in (made, unknown)]
        assert (foreign.status_code, foreign.json()["detail"]) == (404, absent.json()["detail"])
    assert (await other.get(f"/{made['reservation_id']}")).status_code == 404
    assert (await other.get()).json()["reservations"] == []
    assert (await desk.read(made))["state"] == "active"


@pytest.mark.parametrize(
    ("scopes", "kind", "status"),
    [
        ({"inventory:reserve"}, "soft", 201),
        ({"inventory:reserve"}, "firm", 403),
        ({"inventory:reserve"}, "pinned", 403),
        ({"inventory:commit"}, "soft", 201),
        ({"inventory:commit"}, "firm", 201),
        ({"inventory:read"}, "soft", 403),
    ],
)
async def test_what_is_promised_for_good_needs_a_scope_of_its_own(
    stocked: Stocked, gate: Gate, scopes: set[str], kind: str, status: int
) -> None:
    await stocked.counted(LAMP=5, ago=60)
    desk = await Desk.open(gate, "some", scopes=frozenset(scopes))

    answer = await desk.ask(wish(line("LAMP", node_id="main"), kind=kind))

    assert answer.status_code == status, answer.text
