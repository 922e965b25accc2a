"""A build that has other steps under the same name and version: what is under way is not read for what it is not."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from gateway.refusals import Conflict
from gateway.workflows.operations import SAGAS
from gateway.workflows.saga import Gate, Saga
from tests.journeys.shop import Shop, order

TASK = "fulfil.v2"


def without_gate() -> Mapping[str, Saga]:
    """Somebody took a step out, and forgot that this makes a new version."""
    steps = tuple(step for step in SAGAS[TASK].steps if not isinstance(step, Gate))
    return {**SAGAS, TASK: replace(SAGAS[TASK], steps=steps)}


async def parked(shop: Shop) -> str:
    """An order that waited for its goods to leave when the other build came, and then they left."""
    await shop.hold_shipping(hold=True)
    order_id = await shop.placed(order())
    await shop.until(order_id, "processing")
    await shop.stop_workers()
    shop.start_worker(without_gate())
    await shop.hold_shipping(hold=False)
    cause = await shop.until_parked(order_id)
    assert (cause["code"], cause["step"]) == ("saga_changed", "await_shipment")
    return order_id


async def test_it_is_parked_by_name_and_goes_on_under_the_build_that_began_it(shop: Shop) -> None:
    order_id = await parked(shop)
    await shop.desk().retry(order_id)
    again = await shop.until_parked(order_id)

    await shop.stop_workers()
    shop.start_worker()
    await shop.desk().retry(order_id)

    assert again["code"] == "saga_changed"
    assert (await shop.until(order_id))["status"] == "completed"
    assert await shop.effects("psp", order_id) == ["authorisation", "capture"]


async def test_an_operator_may_have_it_go_on_with_the_steps_of_today(shop: Shop) -> None:
    order_id = await parked(shop)

    await shop.desk().retry(order_id, adopt=True)

    assert (await shop.until(order_id))["status"] == "completed"
    told = [moment.facts for moment in await shop.timeline(order_id) if moment.what == "workflows:retry"]
    assert [fact["adopted"] for fact in told] == [True]


async def test_nothing_is_said_about_steps_that_this_build_does_not_have(shop: Shop) -> None:
    await shop.stop_workers()
    shop.start_worker(without_gate())
    await shop.hold_shipping(hold=True)
    order_id = await shop.placed(order())
    await shop.until(order_id, "processing")
    await shop.void_by_hand(order_id)
    await shop.hold_shipping(hold=False)
    assert (await shop.until_parked(order_id))["code"] == "refused_after_pivot"

    with pytest.raises(Conflict, match="other steps than this build has"):
        await shop.desk().resolve(order_id, succeeded=True, evidence="paid by transfer", reference="bank-1")


async def test_only_what_is_parked_for_it_can_adopt_other_steps(shop: Shop) -> None:
    await shop.hold_shipping(hold=True)
    order_id = await shop.placed(order())
    await shop.until(order_id, "processing")
    await shop.void_by_hand(order_id)
    await shop.hold_shipping(hold=False)
    assert (await shop.until_parked(order_id))["code"] == "refused_after_pivot"

    with pytest.raises(Conflict, match="not parked as saga_changed"):
        await shop.desk().retry(order_id, adopt=True)


async def test_what_begins_under_the_other_build_ends_there(shop: Shop) -> None:
    await shop.stop_workers()
    shop.start_worker(without_gate())

    order_id = await shop.placed(order())

    assert (await shop.until(order_id))["status"] == "completed"
