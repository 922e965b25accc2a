"""A run goes by the steps it began with; a build in which they are others leaves it to a person, by name."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from gateway.workflows.operations import SAGAS
from gateway.workflows.place_order import PLACE_ORDER
from gateway.workflows.saga import AnyStep, Local, Pivot, Saga, Step
from tests.journeys.shop import Shop, order

CURRENT = PLACE_ORDER.task


def by(change: Callable[[AnyStep], AnyStep]) -> Saga:
    return replace(PLACE_ORDER, steps=tuple(change(step) for step in PLACE_ORDER.steps))


def without_an_invoice() -> dict[str, Saga]:
    return {**SAGAS, CURRENT: replace(PLACE_ORDER, steps=PLACE_ORDER.steps[:-1])}


async def shipping(shop: Shop) -> str:
    """An order whose goods wait in the warehouse, and whose worker has gone."""
    await shop.hold_shipping(hold=True)
    order_id = await shop.placed(order())
    await shop.until(order_id, "processing")
    await shop.stop_workers()
    return order_id


async def test_a_run_whose_steps_were_changed_is_parked_by_name_and_does_nothing(shop: Shop) -> None:
    order_id = await shipping(shop)
    before = await shop.books(order_id)

    shop.start_worker(without_an_invoice())
    await shop.say_shipped(order_id)
    cause = await shop.until_parked(order_id)

    assert (cause["code"], cause["step"]) == ("saga_changed", "await_shipment")
    assert await shop.books(order_id) == before


async def test_a_parked_run_goes_on_under_the_build_it_began_with(shop: Shop) -> None:
    order_id = await shipping(shop)
    shop.start_worker(without_an_invoice())
    await shop.hold_shipping(hold=False)
    await shop.until_parked(order_id)
    await shop.stop_workers()

    shop.start_worker()
    await shop.desk().retry(order_id)

    assert (await shop.until(order_id))["status"] == "completed"
    assert (await shop.effects("erp", order_id)) == ["sales_order", "invoice"]


async def test_a_retry_under_the_wrong_build_parks_again(shop: Shop) -> None:
    order_id = await shipping(shop)
    shop.start_worker(without_an_invoice())
    await shop.say_shipped(order_id)
    await shop.until_parked(order_id)

    await shop.desk().retry(order_id)

    assert (await shop.until_parked(order_id))["code"] == "saga_changed"


@pytest.mark.parametrize(
    "other",
    [
        replace(PLACE_ORDER, steps=PLACE_ORDER.steps[:-1]),
        replace(PLACE_ORDER, steps=(PLACE_ORDER.steps[0], *reversed(PLACE_ORDER.steps[1:4]), *PLACE_ORDER.steps[4:])),
        by(lambda step: replace(step, operation="other") if isinstance(step, Step) and step.undo is None else step),
        by(lambda step: replace(step, undo_operation="other") if isinstance(step, Step) and step.undo else step),
        by(lambda step: replace(step, name="other") if isinstance(step, Local) else step),
        by(lambda step: replace(step, signal="other") if isinstance(step, Pivot) else step),
        replace(PLACE_ORDER, undone="other"),
    ],
    ids=["fewer", "another order", "operation", "undo", "name", "signal", "end"],
)
def test_other_steps_have_another_fingerprint(other: Saga) -> None:
    assert other.fingerprint != PLACE_ORDER.fingerprint


def test_waiting_longer_is_no_other_saga() -> None:
    patient = by(lambda step: replace(step, first_look=90) if isinstance(step, Pivot) else step)

    assert patient.fingerprint == PLACE_ORDER.fingerprint
