"""A partner asks to cancel: heard once, repeated without effect, refused when it is too late."""

import asyncio

import pytest

from gateway.domain.identifiers import mint
from gateway.domain.time import rfc3339
from gateway.store import orders
from gateway.store.hands import Hand
from gateway.store.signals import Signal, signal
from tests.resources.shop import Shop


async def move(shop: Shop, order_id: str, *statuses: str, cancel_outcome: str | None = None) -> None:
    """What the workflow would do."""
    by = Hand("system", shop.gate.clock(), "0" * 32, mint)
    async with shop.gate.database.transaction() as connection:
        for status in statuses:
            await orders.transition(connection, order_id, status, by, cancel_outcome=cancel_outcome)


@pytest.mark.parametrize("body", [None, {}, {"reason": "ordered twice"}])
async def test_a_cancel_is_recorded_told_to_the_run_and_shown(shop: Shop, body: dict[str, str] | None) -> None:
    order_id = (await shop.place())["order_id"]

    answer = await shop.cancel(order_id, body=body)

    asked_at = rfc3339(shop.gate.clock())
    view = (await shop.get(f"/v1/orders/{order_id}")).json()
    assert answer.status_code == 202, answer.text
    assert answer.json()["cancel"] == view["cancel"] == {"requested_at": asked_at, "outcome": "pending"}
    assert answer.headers["etag"] == '"2"'
    assert (view["status"], view["version"], view["allowed_actions"]) == ("cancel_requested", 2, [])
    assert await shop.rows("select kind, source, data from signal where run_id = %s", order_id) == [
        ("cancel", "partner:web", body or {})
    ]


async def test_asking_again_while_it_is_pending_changes_nothing(shop: Shop) -> None:
    order_id = (await shop.place())["order_id"]
    first = await shop.cancel(order_id)

    again = await shop.cancel(order_id)

    assert (again.status_code, again.json()) == (202, first.json())
    assert len(await shop.rows("select 1 from signal")) == 1
    assert len(await shop.rows("select 1 from event where subject = %s", order_id)) == 2


async def test_twenty_copies_of_a_cancel_have_one_effect_and_equal_bytes(shop: Shop) -> None:
    order_id = (await shop.place())["order_id"]

    answers = await asyncio.gather(*(shop.cancel(order_id, key="0f8fad5b-d9cb-469f") for _ in range(20)))

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1
    assert len(await shop.rows("select 1 from signal")) == 1


@pytest.mark.parametrize(
    "statuses",
    [
        ("rejected",),
        ("accepted", "processing", "completed"),
        ("cancel_requested", "cancelled"),
        ("cancel_requested", "processing"),
    ],
)
async def test_what_has_ended_or_was_refused_before_cannot_be_cancelled(shop: Shop, statuses: tuple[str, ...]) -> None:
    order_id = (await shop.place())["order_id"]
    if statuses[0] == "cancel_requested":
        await shop.cancel(order_id)
    moves = statuses[1:] if statuses[0] == "cancel_requested" else statuses
    await move(shop, order_id, *moves, cancel_outcome="too_late")

    answer = await shop.cancel(order_id)

    assert (answer.status_code, answer.json()["code"]) == (409, "too_late_to_cancel")
    assert (await shop.get(f"/v1/orders/{order_id}")).json()["status"] == statuses[-1]


async def test_what_the_warehouse_has_shipped_cannot_be_cancelled_even_before_the_workflow_knows(shop: Shop) -> None:
    order_id = (await shop.place())["order_id"]
    await move(shop, order_id, "accepted", "processing")
    async with shop.gate.database.transaction() as connection:
        told = Signal("wms:msg_1", order_id, "shipped", "callback:wms", {})
        await signal(connection, told, now=shop.gate.clock(), trace_id=None)

    answer = await shop.cancel(order_id)

    assert (answer.status_code, answer.json()["code"]) == (409, "too_late_to_cancel")


async def test_a_refused_cancel_is_told_by_order_and_events(shop: Shop) -> None:
    order_id = (await shop.place())["order_id"]
    await shop.cancel(order_id)
    await move(shop, order_id, "processing", cancel_outcome="too_late")

    view = (await shop.get(f"/v1/orders/{order_id}")).json()

    assert (view["status"], view["cancel"]["outcome"], view["version"]) == ("processing", "too_late", 3)
    types = await shop.rows("select type from event where subject = %s order by sequence", order_id)
    assert types[-1] == ("com.omnigate.order.cancel_refused.v1",)


async def test_a_rejected_order_says_why_and_shows_what_was_done_elsewhere(shop: Shop) -> None:
    order_id = (await shop.place())["order_id"]
    async with shop.gate.database.transaction() as connection:
        await orders.transition(
            connection,
            order_id,
            "rejected",
            Hand("system", shop.gate.clock(), "0" * 32, mint),
            reason={"code": "insufficient_stock", "detail": "LAMP-7: 1 wanted, 0 available"},
            refs={"hold_money.authorisation": "aut_1", "release_to_warehouse.cancel": "x"},
        )

    view = (await shop.get(f"/v1/orders/{order_id}")).json()

    assert view["reason"] == {"code": "insufficient_stock", "detail": "LAMP-7: 1 wanted, 0 available"}
    assert view["references"] == [{"system": "payments", "type": "authorisation", "value": "aut_1"}]


async def test_a_move_that_the_state_machine_does_not_know_is_our_mistake(shop: Shop) -> None:
    order_id = (await shop.place())["order_id"]

    with pytest.raises(AssertionError, match="cannot go from received to completed"):
        await move(shop, order_id, "completed")
