"""Nodes, positions and safety stock, as operations set and see them."""

import pytest

from gateway.store import stock
from gateway.store.stock import Shortage
from tests.gate import Gate
from tests.resources.inventory.stocked import NORTH, Stocked


async def test_a_node_is_made_read_and_replaced(stocked: Stocked) -> None:
    made = await stocked.node("dc-north", cutoffs=[{"at": "15:00"}], capabilities=["ship"])
    changed = await stocked.put("dc-north", NORTH, **{"if-match": '"1"'})
    stale = await stocked.put("dc-north", NORTH, **{"if-match": '"1"'})

    assert made.headers["etag"] == '"1"'
    assert made.json()["cutoffs"] == [{"at": "15:00"}]
    assert (changed.headers["etag"], "cutoffs" in changed.json()) == ('"2"', False)
    assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
    assert (await stocked.get("/nodes/dc-north")).json() == changed.json()
    assert [node["node_id"] for node in (await stocked.get("/nodes")).json()["nodes"]] == ["dc-north", "main"]


async def test_a_node_that_shall_be_new_replaces_none(stocked: Stocked) -> None:
    first = await stocked.put("dc-north", NORTH, **{"if-none-match": "*"})
    second = await stocked.put("dc-north", NORTH, **{"if-none-match": "*"})
    absent = await stocked.put("dc-south", NORTH, **{"if-match": "*"})

    assert [each.status_code for each in (first, second, absent)] == [200, 412, 412]


@pytest.mark.parametrize(
    ("changed", "pointer", "code"),
    [
        ({"timezone": "Europe/Atlantis"}, "#/timezone", "unknown_timezone"),
        ({"timezone": "../etc/passwd"}, "#/timezone", "unknown_timezone"),
        ({"gln": "9521234500057"}, "#/gln", "gln_check_digit"),
        ({"source_id": "oracle"}, "#/source_id", "unknown_source"),
        (
            {"calendar": {"openings": [{"days": ["mon"], "from": "17:00", "to": "09:00"}]}},
            "#/calendar/openings/0/to",
            "closes_before_it_opens",
        ),
    ],
)
async def test_a_node_that_cannot_be_is_refused(
    stocked: Stocked, changed: dict[str, object], pointer: str, code: str
) -> None:
    answer = await stocked.node("dc-north", **changed)

    assert answer.status_code == 422
    assert [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]] == [(pointer, code)]
    assert (await stocked.get("/nodes/dc-north")).status_code == 404


async def test_a_change_of_a_node_is_audited(stocked: Stocked, gate: Gate) -> None:
    await stocked.node("dc-north")

    async with gate.database.connection() as connection:
        rows = await (await connection.execute("select action, resource from audit where actor = 'partner'")).fetchall()
    assert ("inventory:govern", "node:dc-north") in rows


async def test_positions_are_listed_page_by_page(stocked: Stocked) -> None:
    await stocked.node("dc-north")
    await stocked.counted(node="dc-north", LAMP=1, MUG=2)
    await stocked.counted(LAMP=3, MUG=4)

    first = (await stocked.get("/positions?page_size=3")).json()
    rest = (await stocked.get(f"/positions?page_size=3&page_token={first['next_page_token']}")).json()
    lamps = (await stocked.get("/positions?sku=lamp")).json()

    seen = [(each["node_id"], each["sku"], each["on_hand"]) for each in [*first["positions"], *rest["positions"]]]
    assert seen == [("dc-north", "LAMP", 1), ("dc-north", "MUG", 2), ("main", "LAMP", 3), ("main", "MUG", 4)]
    assert rest["next_page_token"] == ""
    assert [each["node_id"] for each in lamps["positions"]] == ["dc-north", "main"]


async def test_safety_stock_is_set_once_under_a_key_and_for_all_lines_or_none(stocked: Stocked) -> None:
    await stocked.counted(LAMP=5)
    line = {"sku": "LAMP", "node_id": "main", "safety_stock": 2}

    first = await stocked.keep_back(line, key="key-0123456789abcdef")
    again = await stocked.keep_back(line, key="key-0123456789abcdef")
    unknown = await stocked.keep_back({**line, "safety_stock": 4}, {**line, "sku": "GHOST"})

    assert (first.json(), again.content) == ({"changed": 1}, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "#/lines/1")
    assert (await stocked.ask({"sku": "LAMP"}))["items"][0]["available"] == 3


async def test_nothing_of_a_paused_node_is_promised_to_orders(stocked: Stocked) -> None:
    await stocked.counted(LAMP=5)
    await stocked.node("main", status="paused")

    async with stocked.gate.database.transaction() as connection:
        short = await stock.reserve(connection, "ord_1", {"LAMP": 1})

    assert short == [Shortage("LAMP", 1, 0)]
