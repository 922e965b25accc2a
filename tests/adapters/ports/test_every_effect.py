"""What holds for every effect of every port, whatever goes wrong on the way: the laws the runner is built on."""

import asyncio
from contextvars import Context
from datetime import UTC, datetime, timedelta

import pytest

from gateway.errors import Failed, Rejected, Unknown
from gateway.ports import Effect, sending
from tests.adapters.ports.effects import Trial
from tests.adapters.ports.ground import KEY, Ground, back_ends, order, refusing_port, soon

LANDED_UNANSWERED = ("error_after", "reset_after", "garbage", "hang_after")


async def test_an_effect_can_be_found_under_its_key(trial: Trial) -> None:
    done = await trial.ask()

    assert [found.id for found in await trial.find()] == [done.id]
    assert done.key == KEY
    assert len(await trial.booked()) == 1


async def test_what_was_never_asked_for_is_not_found(trial: Trial) -> None:
    assert await trial.find() == []


@pytest.mark.parametrize("fault", LANDED_UNANSWERED)
async def test_an_effect_whose_answer_was_lost_can_be_found(trial: Trial, fault: str) -> None:
    await trial.fault(fault, **({"delay": 0.01} if fault == "hang_after" else {}))
    trial.hurry()

    with pytest.raises(Unknown):
        await trial.ask()

    assert len(await trial.find()) == 1
    assert len(await trial.booked()) == 1


@pytest.mark.parametrize("fault", ["error_before", "hang_before"])
async def test_a_missing_answer_is_unknown_also_when_nothing_happened(trial: Trial, fault: str) -> None:
    await trial.fault(fault)
    trial.hurry()

    with pytest.raises(Unknown):
        await trial.ask()

    assert await trial.find() == []
    assert await trial.booked() == []


async def test_a_slow_answer_is_waited_for(trial: Trial) -> None:
    await trial.fault("delay", delay=0.1)

    done = await trial.ask()

    assert [found.id for found in await trial.find()] == [done.id]
    assert len(await trial.booked()) == 1


async def test_an_effect_that_did_not_happen_can_be_asked_for_again(trial: Trial) -> None:
    await trial.fault("error_before")
    with pytest.raises(Unknown):
        await trial.ask()

    done = await trial.ask()

    assert [found.id for found in await trial.find()] == [done.id]
    assert len(await trial.booked()) == 1


async def test_repeating_does_what_the_manifest_promises(trial: Trial) -> None:
    first, second = await trial.ask(), await trial.ask()

    assert (first.id != second.id) == trial.repeated
    assert len(await trial.booked()) == len(await trial.find()) == (2 if trial.repeated else 1)


async def test_copies_at_the_same_time_do_what_the_manifest_promises(trial: Trial) -> None:
    done = await asyncio.gather(*(trial.ask() for _ in range(5)))

    assert len({each.id for each in done}) == len(await trial.booked()) == (5 if trial.repeated else 1)


async def test_a_look_up_that_is_not_answered_proves_nothing(trial: Trial) -> None:
    await trial.ask()
    look_up = "find_effects"
    if trial.ledger == "erp":
        look_up = {"invoice": "find_invoices", "cancel": "get_sales_order"}.get(trial.kind, "find_sales_orders")
    await trial.ground.fault(trial.ledger, trial.look_up or look_up, "garbage")

    with pytest.raises(Unknown):
        await trial.find()


async def test_nothing_is_sent_when_it_is_too_late(trial: Trial) -> None:
    before = await trial.ground.attempts(trial.ledger)

    with sending(datetime.now(UTC) - timedelta(milliseconds=1)), pytest.raises(Failed):
        await trial.ask()

    assert await trial.ground.attempts(trial.ledger) == before
    assert await trial.booked() == []


async def test_what_comes_too_late_is_not_applied(trial: Trial) -> None:
    if trial.ledger == "stripe":
        pytest.skip("Stripe cannot be told a deadline; its manifest waits the longer for what was sent")
    trial.ground.clock_goes_ahead(120)

    with sending(soon(60)), pytest.raises(Failed):
        await trial.ask()

    [*_, attempt] = await trial.ground.attempts(trial.ledger)
    assert (attempt["status"], attempt["applied"]) == (503, False)
    assert await trial.booked() == []


async def asked(trial: Trial) -> Effect:
    return await trial.ask()


async def test_an_effect_needs_a_window(trial: Trial) -> None:
    with pytest.raises(RuntimeError):
        await asyncio.create_task(asked(trial), context=Context())

    assert await trial.booked() == []


@pytest.mark.parametrize("of", ["payments", "erp", "wms", "store", "carrier", "supplier"])
async def test_undoing_what_never_happened_is_neither_done_nor_in_doubt(any_ground: Ground, of: str) -> None:
    ends = any_ground.back_ends
    ours = {"payments": ends.payments.void, "erp": ends.erp.cancel, "wms": ends.wms.cancel}
    further = {"store": any_ground.stores.cancel, "carrier": any_ground.carrier.void}
    undo = {**ours, **further, "supplier": any_ground.suppliers.withdraw}[of]

    with pytest.raises((Failed, Rejected)):
        await undo("no_such_thing", key=KEY)

    assert await any_ground.effects(any_ground.payments if of == "payments" else of) == []


async def test_a_back_end_that_is_away_has_done_nothing() -> None:
    async with back_ends(refusing_port()) as away:
        with sending(soon()), pytest.raises(Failed):
            await away.erp.book(order(), key=KEY)
