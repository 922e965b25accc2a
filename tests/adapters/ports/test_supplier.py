"""`SupplierLink`, whoever provides it: orders reach their supplier once, and are taken back until goods have left."""

from dataclasses import replace

import pytest

from gateway.errors import Rejected, Unknown
from gateway.purchasing_ports import Reminder
from tests.adapters.ports.buying import PO, purchase
from tests.adapters.ports.ground import Ground


async def test_a_revision_reaches_its_supplier_under_an_id_that_is_known(high_street: Ground) -> None:
    sent = await high_street.suppliers.transmit(replace(purchase(), revision=2), key="send")

    [effect] = await high_street.effects("supplier", kind="message")
    assert (effect["id"], effect["order_id"], effect["data"]) == (
        sent.id,
        "po_1",
        {"po_number": PO, "revision": 2},
    )
    assert effect["lines"][0]["unit_price"] == 4_00
    assert sent.facts == {"message_id": sent.id}


async def test_a_message_whose_answer_was_lost_is_found_with_its_id(high_street: Ground) -> None:
    await high_street.fault("supplier", "take_message", "error_after")
    with pytest.raises(Unknown):
        await high_street.suppliers.transmit(purchase(), key="send")

    found = await high_street.suppliers.find("transmit", key="send")

    assert found == [await high_street.suppliers.transmit(purchase(), key="send")]
    assert len(await high_street.effects("supplier")) == 1


async def test_nobody_is_sent_to_or_reminded_who_cannot_be_reached(high_street: Ground) -> None:
    unreached = purchase(supplier_code="nobody")

    for wish in (
        high_street.suppliers.transmit(unreached, key="send"),
        high_street.suppliers.remind(unreached, "confirmation", key="remind"),
    ):
        with pytest.raises(Rejected) as refusal:
            await wish
        assert refusal.value.facts["code"] == "unknown_supplier"

    assert await high_street.effects("supplier") == []


@pytest.mark.parametrize("awaited", ["confirmation", "shipping_notice"])
async def test_a_supplier_is_told_what_is_awaited(high_street: Ground, awaited: Reminder) -> None:
    await high_street.suppliers.transmit(purchase(), key="send")

    reminded = await high_street.suppliers.remind(purchase(), awaited, key="remind")

    [effect] = await high_street.effects("supplier", kind="reminder")
    assert (effect["id"], effect["data"]["awaited"]) == (reminded.id, awaited)


async def test_what_is_withdrawn_twice_is_withdrawn_once(high_street: Ground) -> None:
    sent = await high_street.suppliers.transmit(purchase(), key="send")
    await high_street.suppliers.withdraw(sent.id, key="withdraw")

    again = await high_street.suppliers.withdraw(sent.id, key="withdraw again")

    assert again.id == sent.id
    assert len(await high_street.effects("supplier", kind="withdrawal")) == 1


async def test_what_has_left_is_not_withdrawn(high_street: Ground) -> None:
    sent = await high_street.suppliers.transmit(purchase(), key="send")
    await high_street.supply(sent.id)

    with pytest.raises(Rejected) as refusal:
        await high_street.suppliers.withdraw(sent.id, key="withdraw")

    assert refusal.value.facts["code"] == "too_late"
    assert await high_street.suppliers.find("withdraw", key="withdraw", subject=sent.id) == []
