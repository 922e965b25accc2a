"""`Carrier`, whoever provides it: labels and the parcels that bear them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.errors import Failed, Rejected, Unknown
from tests.adapters.ports.ground import HOME, Ground, order


async def test_a_label_names_its_parcel_and_its_price(high_street: Ground) -> None:
    label = await high_street.carrier.label(order(), HOME, key="label")

    assert label.kind == "label"
    assert all(label.facts[name] for name in ("tracking_number", "carrier", "currency"))
    assert int(label.facts["cost"]) > 0
    [effect] = await high_street.effects("carrier", kind="label")
    assert (effect["id"], effect["order_id"], effect["amount"]["amount"]) == (
        label.id,
        "ord_1",
        int(label.facts["cost"]),
    )


async def test_a_label_whose_answer_was_lost_is_found_with_its_number(high_street: Ground) -> None:
    await high_street.fault("carrier", "create_label", "error_after")
    with pytest.raises(Unknown):
        await high_street.carrier.label(order(), HOME, key="label")

    [found] = await high_street.carrier.find("label", key="label")

    assert found == await high_street.carrier.label(order(), HOME, key="label")
    assert found.facts["tracking_number"]


async def test_two_parcels_have_two_numbers(high_street: Ground) -> None:
    labels = [await high_street.carrier.label(order(), HOME, key=key) for key in ("one", "two")]

    assert len({label.facts["tracking_number"] for label in labels}) == 2


async def test_an_address_that_nobody_delivers_to_is_rejected(high_street: Ground) -> None:
    with pytest.raises(Rejected) as refusal:
        await high_street.carrier.label(order(), replace(HOME, country="ZZ"), key="label")

    assert refusal.value.facts["code"] == "address_undeliverable"
    assert await high_street.carrier.find("label", key="label") == []


@pytest.mark.parametrize("end", ["delivered", "lost"])
async def test_a_parcel_can_be_followed(high_street: Ground, end: str) -> None:
    label, seen = await high_street.carrier.label(order(), HOME, key="label"), []

    seen.append(await high_street.carrier.track(label.id))
    for status in ("in_transit", end):
        await high_street.scan(label.id, status)
        seen.append(await high_street.carrier.track(label.id))

    assert [tracking.status for tracking in seen if tracking] == ["label_created", "in_transit", end]
    assert all(abs(tracking.at - datetime.now(UTC)) < timedelta(minutes=1) for tracking in seen if tracking)


async def test_a_label_that_the_carrier_does_not_know_is_none(high_street: Ground) -> None:
    assert await high_street.carrier.track("lbl_never") is None


async def test_what_is_voided_twice_is_voided_once(high_street: Ground) -> None:
    label = await high_street.carrier.label(order(), HOME, key="label")
    await high_street.carrier.void(label.id, key="void")

    again = await high_street.carrier.void(label.id, key="void again")

    tracking = await high_street.carrier.track(label.id)
    assert again.id == label.id
    assert tracking is not None
    assert tracking.status == "voided"
    assert len(await high_street.effects("carrier", kind="void")) == 1


async def test_what_was_scanned_is_not_voided(high_street: Ground) -> None:
    label = await high_street.carrier.label(order(), HOME, key="label")
    await high_street.scan(label.id, "in_transit")

    with pytest.raises(Rejected) as refusal:
        await high_street.carrier.void(label.id, key="void")

    assert refusal.value.facts["code"] == "too_late"
    assert await high_street.carrier.find("void", key="void", subject=label.id) == []


async def test_the_undo_of_what_never_happened_changes_nothing(high_street: Ground) -> None:
    with pytest.raises(Failed):
        await high_street.carrier.void("lbl_never", key="void")

    assert await high_street.effects("carrier") == []
