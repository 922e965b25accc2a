"""What becomes of a reservation: given back, kept longer, gone. What has ended changes no more."""

from datetime import timedelta
from uuid import uuid4

import pytest

from gateway.domain.time import rfc3339
from tests.gate import Gate
from tests.resources.inventory.desk import Desk, line, states, wish
from tests.resources.inventory.stocked import Stocked, terms
from tests.resources.shop import order_body


async def free(stocked: Stocked, sku: str = "LAMP") -> dict[str, int]:
    (item,) = (await stocked.ask({"sku": sku}))["items"]
    return terms(item["nodes"][0])


async def test_a_part_is_given_back_and_then_the_rest(stocked: Stocked, desk: Desk) -> None:
    await stocked.counted(LAMP=5, ago=60)
    made = await desk.reserve(line("LAMP", 3, "a"), line("LAMP", 1, "b"), kind="firm")

    part = await desk.changed(made, "release", {"lines": [{"line_id": "a", "quantity": 2}]})
    after_part = await free(stocked)
    rest = await desk.changed(made, "release")

    assert (part["state"], part["version"]) == ("active", 2)
    assert states(part["lines"]) == [("LAMP", "main", 1, 0, 2), ("LAMP", "main", 1, 0, 0)]
    assert after_part == {"on_hand": 5, "reserved": -2}
    assert (rest["state"], rest["version"], await free(stocked)) == ("released", 3, {"on_hand": 5})
    events = await desk.rows("select type from event where subject = %s order by sequence", made["reservation_id"])
    assert [kind.split(".")[3] for (kind,) in events] == ["created", "released", "released"]


@pytest.mark.parametrize("kind", ["soft", "firm"])
async def test_goods_that_left_are_subtracted_until_a_count_contains_them(
    stocked: Stocked, desk: Desk, kind: str
) -> None:
    await stocked.counted(LAMP=5, ago=60)
    made = await desk.reserve(line("LAMP", 3), kind=kind)

    part = await desk.changed(made, "consume", {"lines": [{"line_id": "1", "quantity": 2}]})
    before = await free(stocked)
    await desk.changed(made, "consume")
    await stocked.counted(LAMP=2, ago=-60)

    assert states(part["lines"]) == [("LAMP", "main", 1, 2, 0)]
    assert before == (
        {"on_hand": 5, "reserved": -3} if kind == "firm" else {"on_hand": 5, "reserved": -2, "reserved_soft": -1}
    )
    assert (await desk.read(made))["state"] == "consumed"
    assert await free(stocked) == {"on_hand": 2}


@pytest.mark.parametrize(
    ("first", "then"), [("release", "release"), ("release", "consume"), ("consume", "consume"), ("consume", "release")]
)
async def test_what_has_ended_absorbs(stocked: Stocked, desk: Desk, first: str, then: str) -> None:
    await stocked.counted(LAMP=5, ago=60)
    made = await desk.reserve(line("LAMP", 3), kind="firm")
    ended, before = await desk.changed(made, first), await free(stocked)

    again = await desk.changed(made, then)

    assert again == ended
    assert await free(stocked) == before


async def test_one_whose_time_is_over_counts_as_free_before_anybody_tidies_up(stocked: Stocked, desk: Desk) -> None:
    await stocked.counted(LAMP=3, ago=60)
    made = await desk.reserve(line("LAMP", 3))
    await desk.passes(made)

    over = await desk.read(made)
    free_at_once = await free(stocked)
    taken = await desk.reserve(line("LAMP", 3))
    refused = [await desk.change(made, what) for what in ("extend", "consume")]
    released = await desk.changed(made, "release")

    assert (over["state"], over["version"]) == ("expired", 2)
    assert states(over["lines"]) == [("LAMP", "main", 0, 0, 3)]
    assert free_at_once == {"on_hand": 3}
    assert states(taken["lines"]) == [("LAMP", "main", 3, 0, 0)]
    assert {(answer.status_code, answer.json()["code"]) for answer in refused} == {(409, "reservation_expired")}
    assert released["state"] == "expired"


async def test_a_soft_one_is_kept_longer_but_not_for_ever(stocked: Stocked, desk: Desk) -> None:
    await stocked.counted(LAMP=3, ago=60)
    made = await desk.reserve(line("LAMP", 3), ttl_seconds=60)

    longer = await desk.changed(made, "extend", {"ttl_seconds": 7200})
    not_shorter = await desk.changed(made, "extend", {"ttl_seconds": 1})

    most = await desk.rows(
        "select max(l.expires_at) = max(r.expires_at), max(r.expires_at - r.created_at)"
        " from reservation r join reservation_line l using (reservation_id)"
    )
    assert most == [(True, timedelta(hours=2))]
    assert (longer["version"], not_shorter["expires_at"]) == (2, longer["expires_at"])


async def test_a_firm_one_has_no_end_to_move(stocked: Stocked, desk: Desk) -> None:
    await stocked.counted(LAMP=3, ago=60)
    made = await desk.reserve(line("LAMP", 3), kind="firm")

    answer = await desk.change(made, "extend")

    assert (answer.status_code, answer.json()["code"]) == (409, "not_extendable")


@pytest.mark.parametrize(
    ("what", "body", "pointer"),
    [
        ("release", {"lines": [{"line_id": "1", "quantity": 4}]}, "#/lines/0/quantity"),
        ("consume", {"lines": [{"line_id": "2"}]}, "#/lines/0/line_id"),
        ("consume", {"occurred_at": "2020-01-01T00:00:00Z"}, "#/occurred_at"),
        ("consume", {"occurred_at": "2090-01-01T00:00:00Z"}, "#/occurred_at"),
    ],
)
async def test_what_it_does_not_hold_is_refused_by_its_place(
    stocked: Stocked, desk: Desk, what: str, body: dict[str, object], pointer: str
) -> None:
    await stocked.counted(LAMP=3, ago=60)
    made = await desk.reserve(line("LAMP", 3), kind="firm")

    answer = await desk.change(made, what, body)

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
    assert (await desk.read(made)) == made


async def test_a_change_meets_the_version_that_is_expected(stocked: Stocked, desk: Desk) -> None:
    await stocked.counted(LAMP=3, ago=60)
    made, key = await desk.reserve(line("LAMP", 3)), uuid4().hex

    first = await desk.change(made, "extend", **{"if-match": '"1"', "idempotency-key": key})
    late = await desk.change(made, "release", **{"if-match": '"1"'})
    again = await desk.change(made, "extend", **{"if-match": '"1"', "idempotency-key": key})

    assert (first.headers["etag"], late.status_code, late.json()["code"]) == ('"2"', 412, "precondition_failed")
    assert (again.status_code, again.content, again.headers["idempotent-replayed"]) == (200, first.content, "true")


async def test_firm_stock_is_given_back_by_those_only_who_may_commit(stocked: Stocked, gate: Gate, desk: Desk) -> None:
    await stocked.counted(LAMP=3, ago=60)
    credentials = await gate.partner("some", scopes=frozenset({"inventory:reserve", "inventory:commit"}))
    whole = Desk(gate, await gate.bearer(credentials))
    half = Desk(gate, await gate.bearer(credentials, scope="inventory:reserve"))
    firm, soft = await whole.reserve(line("LAMP"), kind="firm"), await whole.reserve(line("LAMP"))

    assert (await half.change(firm, "release")).status_code == 403
    assert (await half.change(soft, "consume")).status_code == 403
    assert (await half.change(soft, "release")).status_code == 200
    assert (await whole.change(firm, "release")).status_code == 200


async def test_an_order_holds_while_it_is_alive(stocked: Stocked, gate: Gate, desk: Desk) -> None:
    await stocked.counted(LAMP=3, ago=60)
    body = order_body(channel="desk-uk", placed_at=rfc3339(gate.clock()))
    placed = await gate.http.post("/v1/orders", json=body, headers=desk.keyed())
    wanted = {**wish(line("LAMP"), kind="firm"), "holder": {"type": "order", "id": placed.json()["order_id"]}}
    next_one = {**wanted, "holder": {**wanted["holder"], "attempt": 2}}
    other = await Desk.open(gate, "other", scopes=frozenset({"inventory:commit"}))

    alive, foreign = await desk.ask(wanted), await other.ask(wanted)
    await stocked.sql("update orders set status = 'cancelled'")
    closed = await desk.ask(next_one)

    assert alive.status_code == 201
    assert (foreign.status_code, foreign.json()["errors"][0]["code"]) == (422, "unknown_order")
    assert (closed.status_code, closed.json()["code"]) == (409, "holder_closed")
