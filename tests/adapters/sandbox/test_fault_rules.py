"""Rules: what strikes, how often, and what is not possible."""

from typing import Any

import pytest

ANY = {"system": "psp", "operation": "authorise", "kind": "error_before"}


async def statuses(sandbox: Any, calls: int) -> list[int]:
    return [(await sandbox.authorise(key=f"k{number}")).status_code for number in range(calls)]


async def test_the_next_calls_are_struck(sandbox: Any) -> None:
    await sandbox.post("/faults", {"rules": [{**ANY, "next": 2}]})

    assert await statuses(sandbox, 4) == [500, 500, 201, 201]


async def test_every_third_call_is_struck(sandbox: Any) -> None:
    await sandbox.post("/faults", {"rules": [{**ANY, "every": 3}]})

    assert await statuses(sandbox, 6) == [201, 201, 500, 201, 201, 500]


async def test_the_same_seed_strikes_the_same_calls(open_sandbox: Any, tmp_path: Any) -> None:
    rules = {"seed": 7, "rules": [{**ANY, "probability": 0.5}]}
    seen = []
    for name in ("first", "second"):
        async with open_sandbox(ledger=tmp_path / name) as sandbox:
            await sandbox.post("/faults", rules)
            seen.append(await statuses(sandbox, 30))

    assert seen[0] == seen[1]
    assert 5 <= seen[0].count(500) <= 25


async def test_rules_are_shown_with_what_they_did_and_dropped(sandbox: Any) -> None:
    await sandbox.post("/faults", {"seed": 3, "rules": [{**ANY, "every": 2}]})
    await statuses(sandbox, 3)

    shown = await sandbox.get("/faults")
    dropped = (await sandbox.http.delete("/faults")).json()

    assert shown["seed"] == 3
    assert shown["rules"] == [{**ANY, "every": 2, "met": 3, "struck": 1}]
    assert shown["injected"] == {"error_before": 1}
    assert dropped["rules"] == []
    assert dropped["injected"] == {"error_before": 1}


async def test_a_star_strikes_every_write_where_the_kind_is_possible(sandbox: Any) -> None:
    await sandbox.post("/faults", {"rules": [{"system": "*", "operation": "*", "kind": "refuse", "probability": 1}]})

    first = [(await call()).status_code for call in (sandbox.authorise, sandbox.book, sandbox.release)]

    assert first == [422, 422, 422]


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        ({"operation": "void", "kind": "refuse"}, "not possible"),
        ({"operation": "capture", "kind": "decline"}, "not possible"),
        ({"system": "erp", "operation": "create_invoice", "kind": "refuse"}, "not possible"),
        ({"system": "wms", "operation": "cancel_shipment", "kind": "refuse"}, "not possible"),
        ({"system": "wms", "operation": "*", "kind": "decline"}, "not possible"),
        ({"operation": "authorise", "kind": "lost_callback"}, "not possible"),
        ({"operation": "find_effects", "kind": "reset_after"}, "not possible"),
        ({"operation": "steal"}, "no operation"),
        ({"kind": "meltdown"}, "no kind"),
        ({"probability": 2, "next": None}, "exactly one"),
        ({"next": 0}, "at least 1"),
        ({"next": True}, "a number"),
        ({"kind": "delay", "delay": 0.9}, "from 0 to 0.8"),
        ({"delay": 0.1}, "takes no 'delay'"),
        ({"sytem": "psp"}, "unknown key 'sytem'"),
    ],
)
async def test_a_rule_that_is_not_possible_is_refused_and_changes_nothing(
    sandbox: Any, rule: dict[str, Any], complaint: str
) -> None:
    await sandbox.post("/faults", {"rules": [{**ANY, "every": 9}]})

    answer = await sandbox.post("/faults", {"rules": [{**ANY, "next": 1, **rule}]})

    assert (answer.status_code, answer.json()["code"]) == (422, "rule_not_possible")
    assert complaint in answer.json()["detail"]
    assert [kept["every"] for kept in (await sandbox.get("/faults"))["rules"]] == [9]
