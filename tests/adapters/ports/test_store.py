"""`Store`, whoever provides it: what stores do with what they are asked for, and what it does to their shelves."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.errors import Failed, Rejected
from gateway.fulfilment_ports import StoreTask
from gateway.ports import Effect
from tests.adapters.ports.ground import SOME_DAY, Ground, order


async def ask(ground: Ground, *wanted: tuple[str, int], method: Any = "pickup") -> Effect:
    return await ground.stores.ask(order(*wanted), method, until=SOME_DAY, key="ask")


async def stands(ground: Ground, task: Effect) -> StoreTask:
    found = await ground.stores.task(task.id)
    assert found is not None
    return found


async def ready(ground: Ground, *wanted: tuple[str, int], method: Any = "pickup") -> Effect:
    asked = await ask(ground, *wanted, method=method)
    await ground.at_the_store("answer", asked.id)
    await ground.at_the_store("pick", asked.id)
    return asked


async def on_hand(ground: Ground, sku: str) -> int:
    levels = [level async for page in ground.back_ends.wms.stock() for level in page]
    return next(level.on_hand for level in levels if level.sku == sku)


async def test_the_store_is_told_what_to_pick(high_street: Ground) -> None:
    asked = await ask(high_street, ("LAMP-7", 3), ("MUG-RED", 1))

    [effect] = await high_street.effects("store", kind="task")
    assert (effect["id"], effect["order_id"], effect["key"]) == (asked.id, "ord_1", "ask")
    assert [(line["sku"], line["quantity"]) for line in effect["lines"]] == [("LAMP-7", 3), ("MUG-RED", 1)]


async def test_what_was_asked_stands_so_until_the_store_answers(high_street: Ground) -> None:
    asked = await ask(high_street)

    task = await stands(high_street, asked)

    assert (task.id, task.status, task.reason, task.picked) == (asked.id, "asked", None, {})
    assert abs(task.at - datetime.now(UTC)) < timedelta(minutes=1)


async def test_what_the_store_accepts_it_picks_and_hands_over(high_street: Ground) -> None:
    asked, stood = await ask(high_street, ("LAMP-7", 3), ("LAST-ONE", 1)), []

    for step in ("answer", "pick", "hand_over"):
        await high_street.at_the_store(step, asked.id)
        stood.append(await stands(high_street, asked))

    assert [task.status for task in stood] == ["accepted", "ready", "handed_over"]
    assert [task.picked for task in stood] == [{}, {"1": 3, "2": 1}, {"1": 3, "2": 1}]
    assert stood[0].at <= stood[1].at <= stood[2].at


@pytest.mark.parametrize("method", ["pickup", "curbside", "ship"])
async def test_goods_leave_the_shelf_when_they_are_handed_over(high_street: Ground, method: str) -> None:
    asked = await ready(high_street, ("LAMP-7", 3), method=method)
    before = await on_hand(high_street, "LAMP-7")

    await high_street.at_the_store("hand_over", asked.id)

    assert (before, await on_hand(high_street, "LAMP-7")) == (5_000, 4_997)


async def test_what_does_not_lie_there_is_rejected_later(high_street: Ground) -> None:
    asked = await ask(high_street, ("LAST-ONE", 2))

    await high_street.at_the_store("answer", asked.id)

    task = await stands(high_street, asked)
    assert (task.status, task.reason) == ("rejected", "not_in_stock")


@pytest.mark.parametrize("reason", ["not_in_stock", "mismatch", "damage", "worn_display", "no_variance"])
async def test_a_rejection_says_why(high_street: Ground, reason: str) -> None:
    await high_street.rule("reject", reason=reason)
    asked = await ask(high_street)

    await high_street.at_the_store("answer", asked.id)

    task = await stands(high_street, asked)
    assert (task.status, task.reason, task.picked) == ("rejected", reason, {})


async def test_a_short_pick_tells_what_was_found(high_street: Ground) -> None:
    await high_street.rule("short", by=2, sku="LAMP-7")

    asked = await ready(high_street, ("MUG-RED", 1), ("LAMP-7", 3))

    task = await stands(high_street, asked)
    assert (task.status, task.picked) == ("ready", {"1": 1, "2": 1})


@pytest.mark.parametrize(
    ("node", "sku", "code"), [("nowhere", "LAMP-7", "unknown_node"), ("main", "NOTHING-LIKE-IT", "unknown_sku")]
)
async def test_what_no_store_knows_is_rejected_at_once(high_street: Ground, node: str, sku: str, code: str) -> None:
    with pytest.raises(Rejected) as refusal:
        await high_street.stores.ask(replace(order((sku, 1)), node_id=node), "pickup", until=SOME_DAY, key="ask")

    assert refusal.value.facts["code"] == code
    assert await high_street.stores.find("ask", key="ask") == []


async def test_a_task_that_the_store_does_not_know_is_none(high_street: Ground) -> None:
    assert await high_street.stores.task("tsk_never") is None


async def test_a_repeated_key_asks_once(high_street: Ground) -> None:
    first, again = await ask(high_street), await ask(high_street)

    assert first == again
    assert len(await high_street.effects("store", kind="task")) == 1


@pytest.mark.parametrize("steps", [(), ("answer",), ("answer", "pick")])
async def test_what_is_cancelled_before_it_is_handed_over_stays(high_street: Ground, steps: tuple[Any, ...]) -> None:
    asked = await ask(high_street, ("LAST-ONE", 1))
    for step in steps:
        await high_street.at_the_store(step, asked.id)

    cancelled = await high_street.stores.cancel(asked.id, key="cancel")

    assert cancelled.id == asked.id
    assert (await stands(high_street, asked)).status == "cancelled"
    other = await high_street.stores.ask(order(("LAST-ONE", 1)), "ship", until=SOME_DAY, key="another")
    await high_street.at_the_store("answer", other.id)
    assert (await stands(high_street, other)).status == "accepted"


async def test_cancelling_what_is_cancelled_is_no_error(high_street: Ground) -> None:
    asked = await ask(high_street)
    await high_street.stores.cancel(asked.id, key="cancel")

    again = await high_street.stores.cancel(asked.id, key="cancel again")

    assert again.id == asked.id
    assert len(await high_street.effects("store", kind="cancel")) == 1


async def test_cancelling_what_was_rejected_is_no_error_and_changes_nothing(high_street: Ground) -> None:
    await high_street.rule("reject", reason="damage")
    asked = await ask(high_street)
    await high_street.at_the_store("answer", asked.id)

    await high_street.stores.cancel(asked.id, key="cancel")

    task = await stands(high_street, asked)
    assert (task.status, task.reason) == ("rejected", "damage")


async def test_what_was_handed_over_is_not_cancelled(high_street: Ground) -> None:
    asked = await ready(high_street)
    await high_street.at_the_store("hand_over", asked.id)

    with pytest.raises(Rejected) as refusal:
        await high_street.stores.cancel(asked.id, key="cancel")

    assert refusal.value.facts["code"] == "too_late"
    assert await high_street.stores.find("cancel", key="cancel", subject=asked.id) == []


async def test_of_a_cancel_and_a_handover_at_once_exactly_one_wins(high_street: Ground) -> None:
    asked = await ready(high_street)

    cancelled, handed = await asyncio.gather(
        high_street.stores.cancel(asked.id, key="cancel"),
        high_street.at_the_store("hand_over", asked.id),
        return_exceptions=True,
    )

    lost = [each for each in (cancelled, handed) if isinstance(each, BaseException)]
    status = "handed_over" if isinstance(cancelled, Rejected) else "cancelled"
    assert len(lost) == 1
    assert (await stands(high_street, asked)).status == status


async def test_the_undo_of_what_never_happened_changes_nothing(high_street: Ground) -> None:
    with pytest.raises(Failed):
        await high_street.stores.cancel("tsk_never", key="cancel")

    assert await high_street.effects("store") == []
