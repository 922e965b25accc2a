"""The pretend stores: what they do by themselves and when told to, and what is set aside meanwhile."""

from collections.abc import Sequence
from typing import Any

import pytest

AT_ONCE = {"accept_after": 0.0, "ready_after": 0.0, "collect_after": 0.0}


async def act(sandbox: Any, does: str, task: str) -> Any:
    return await sandbox.post(f"/store/_{does}", {"task_id": task})


async def asked(sandbox: Any, *wanted: tuple[str, int], does: Sequence[str] = (), **more: str) -> str:
    task: str = (await sandbox.ask(*wanted, **more)).json()["id"]
    for each in does:
        await act(sandbox, each, task)
    return task


async def shelf(sandbox: Any, sku: str = "LAMP-7") -> tuple[int, int]:
    """Units that lie there, and how many of them are set aside."""
    shelves = (await sandbox.get("/ledger/wms/stock"))["stock"]
    return next((each["on_hand"], each["allocated"]) for each in shelves if each["sku"] == sku.upper())


async def rules(sandbox: Any, *given: dict[str, object]) -> Any:
    return await sandbox.post("/store/_rules", {"rules": list(given)})


async def test_a_store_accepts_and_picks_by_itself(open_sandbox: Any, receiver: Any) -> None:
    async with open_sandbox(**AT_ONCE) as sandbox:
        task = await asked(sandbox)
        await receiver.has(2)

        told = await sandbox.get(f"/store/tasks/{task}")

        assert (told["status"], told["picked"], told["until"]) == ("ready", {"1": 2}, "2030-05-01T12:00:00Z")
        assert await sandbox.effects("store") == ["task", "accepted", "ready"]


async def test_a_carrier_fetches_what_is_to_be_shipped(open_sandbox: Any, receiver: Any) -> None:
    async with open_sandbox(**AT_ONCE) as sandbox:
        task = await asked(sandbox, method="ship")
        await receiver.has(3)

        assert (await sandbox.get(f"/store/tasks/{task}"))["status"] == "handed_over"
        assert await shelf(sandbox) == (8, 0)


async def test_goods_are_set_aside_from_acceptance_to_handover(sandbox: Any) -> None:
    task, seen = await asked(sandbox), [await shelf(sandbox)]

    for does in ("answer", "pick", "hand_over"):
        await act(sandbox, does, task)
        seen.append(await shelf(sandbox))

    assert seen == [(10, 0), (10, 2), (10, 2), (8, 0)]
    [*_, move] = (await sandbox.get("/ledger/wms/moves"))["moves"]
    assert (move["sku"], move["delta"], move["reason"], move["reference"]) == ("LAMP-7", -2, "shipment", "ord_1")


@pytest.mark.parametrize("does", [(), ("answer",), ("answer", "pick")])
async def test_what_is_cancelled_is_no_longer_set_aside(sandbox: Any, does: Sequence[str]) -> None:
    task = await asked(sandbox, does=does)

    await sandbox.post(f"/store/tasks/{task}/cancel", {"reference": "undo"}, key="cancel")

    assert await shelf(sandbox) == (10, 0)
    assert (await act(sandbox, "answer", task)).json()["code"] == "not_possible"


async def test_stores_and_parcels_cannot_count_on_the_same_units(sandbox: Any) -> None:
    await sandbox.release(quantity=9)

    task = await asked(sandbox, does=("answer",))

    assert (await sandbox.get(f"/store/tasks/{task}"))["reason"] == "not_in_stock"
    assert await shelf(sandbox) == (10, 9)


async def test_of_several_articles_none_is_set_aside_when_one_is_missing(sandbox: Any) -> None:
    await asked(sandbox, ("LAMP-7", 2), ("Mug-Red", 4), does=("answer",))

    assert [await shelf(sandbox, sku) for sku in ("LAMP-7", "Mug-Red")] == [(10, 0), (3, 0)]


async def test_a_late_rejection_gives_back_what_was_set_aside(sandbox: Any) -> None:
    await rules(sandbox, {"kind": "reject_late", "reason": "damage"})

    task = await asked(sandbox, does=("answer", "pick"))

    told = await sandbox.get(f"/store/tasks/{task}")
    assert (told["status"], told["reason"]) == ("rejected", "damage")
    assert await shelf(sandbox) == (10, 0)
    assert await sandbox.effects("store") == ["task", "accepted", "rejected"]


@pytest.mark.parametrize(
    ("rule", "picked"),
    [
        ({"by": 1}, {"1": 1, "2": 3}),
        ({"by": 3}, {"1": 0, "2": 2}),
        ({"by": 1, "sku": "mug-red"}, {"1": 2, "2": 2}),
        ({"by": 9, "sku": "mug-red"}, {"1": 2, "2": 0}),
    ],
)
async def test_a_short_pick_sets_aside_what_was_found(
    sandbox: Any, rule: dict[str, object], picked: dict[str, int]
) -> None:
    await rules(sandbox, {"kind": "short", **rule})

    task = await asked(sandbox, ("LAMP-7", 2), ("Mug-Red", 3), does=("answer", "pick"))

    assert (await sandbox.get(f"/store/tasks/{task}"))["picked"] == picked
    assert [await shelf(sandbox, sku) for sku in ("LAMP-7", "Mug-Red")] == [(10, picked["1"]), (3, picked["2"])]
    await act(sandbox, "hand_over", task)
    assert [await shelf(sandbox, sku) for sku in ("LAMP-7", "Mug-Red")] == [(10 - picked["1"], 0), (3 - picked["2"], 0)]


async def test_a_store_that_finds_nothing_rejects_after_all(sandbox: Any) -> None:
    await rules(sandbox, {"kind": "short", "by": 2})

    task = await asked(sandbox, does=("answer", "pick"))

    assert (await sandbox.get(f"/store/tasks/{task}"))["reason"] == "not_in_stock"
    assert await shelf(sandbox) == (10, 0)


async def test_a_silent_store_answers_when_it_is_made_to_and_not_before(open_sandbox: Any, receiver: Any) -> None:
    async with open_sandbox(**AT_ONCE) as sandbox:
        await rules(sandbox, {"kind": "silence", "next": 1})
        silent = await asked(sandbox, key="silent")
        await asked(sandbox, key="heard")
        await receiver.has(2)
        before = await sandbox.get(f"/store/tasks/{silent}")

        await act(sandbox, "answer", silent)
        await receiver.has(4)

        assert before["status"] == "asked"
        assert (await sandbox.get(f"/store/tasks/{silent}"))["status"] == "ready"


async def test_a_rule_strikes_where_it_says_and_as_often(open_sandbox: Any) -> None:
    rule = {"kind": "reject", "reason": "no_variance", "node": "main", "sku": "LAMP-7", "next": 1}
    async with open_sandbox() as sandbox:
        await rules(sandbox, rule)
        other = await asked(sandbox, ("Mug-Red", 1), key="a", does=("answer",))

    async with open_sandbox() as sandbox:  # rules outlive a restart
        first, second = [await asked(sandbox, key=key, does=("answer",)) for key in "bc"]
        stood = [(await sandbox.get(f"/store/tasks/{task}"))["status"] for task in (other, first, second)]

        assert stood == ["accepted", "rejected", "accepted"]
        assert (await sandbox.get("/store/_rules"))["rules"] == [{**rule, "struck": 1}]
        assert (await sandbox.http.delete("/store/_rules")).json() == {"rules": []}


@pytest.mark.parametrize(
    ("rule", "wrong"),
    [
        ({"kind": "strike"}, "there is no kind 'strike'"),
        ({"kind": "reject"}, "'reason' must be one of"),
        ({"kind": "reject", "reason": "a whim"}, "'reason' must be one of"),
        ({"kind": "short", "by": 0}, "'by' must be a whole number from 1"),
        ({"kind": "silence", "by": 1}, "unknown key 'by'"),
        ({"kind": "silence", "next": True}, "'next' must be a whole number from 1"),
        ({"kind": "silence", "node": ""}, "'node' must be a text"),
    ],
)
async def test_a_rule_that_is_not_possible_changes_nothing(sandbox: Any, rule: dict[str, object], wrong: str) -> None:
    await rules(sandbox, {"kind": "silence"})

    answer = await rules(sandbox, {"kind": "silence", "sku": "LAMP-7"}, rule)

    assert (answer.status_code, answer.json()["code"]) == (422, "rule_not_possible")
    assert wrong in answer.json()["detail"]
    assert (await sandbox.get("/store/_rules"))["rules"] == [{"kind": "silence", "struck": 0}]


async def test_only_what_is_ready_is_handed_over_and_once(sandbox: Any) -> None:
    task = await asked(sandbox)
    early = await act(sandbox, "hand_over", task)
    for does in ("answer", "pick"):
        await act(sandbox, does, task)

    handed, again = [await act(sandbox, "hand_over", task) for _ in range(2)]

    assert [answer.status_code for answer in (early, handed, again)] == [409, 200, 409]
    assert await shelf(sandbox) == (8, 0)


@pytest.mark.parametrize(
    "other", [{"method": "drone"}, {"until": "soon"}, {"until": "2030-05-01T12:00:00"}, {"lines": []}, {"node": None}]
)
async def test_what_no_store_understands_is_not_applied(sandbox: Any, other: dict[str, object]) -> None:
    line = {"line_id": "1", "sku": "LAMP-7", "quantity": 1}
    named = {"reference": "r", "order_id": "o", "node": "main", "method": "ship", "until": "2030-05-01T12:00:00Z"}

    answer = await sandbox.post("/store/tasks", {**named, "lines": [line], **other})

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert await sandbox.effects("store") == []
