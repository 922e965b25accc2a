"""The warehouse's callbacks: signed, repeated until heard, and what can go wrong with them."""

import time
from typing import Any

import pytest

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def states(sandbox: Any) -> list[str]:
    return [callback["state"] for callback in (await sandbox.get("/ledger/wms/callbacks"))["callbacks"]]


async def test_a_shipment_is_reported_signed_with_its_trace(open_sandbox: Any, receiver: Any) -> None:
    async with open_sandbox(ship_after=0.0) as sandbox:
        released = (await sandbox.release(traceparent=TRACE)).json()["id"]
        await receiver.has(1)

    [(named, message)] = receiver.calls
    assert named.startswith("msg_")
    assert receiver.headers[0]["traceparent"] == TRACE
    assert message["type"] == "shipment.shipped"
    assert message["data"]["shipment_id"] == released
    assert (message["data"]["reference"], message["data"]["order_id"]) == ("ref-w", "ord_1")
    assert message["data"]["lines"] == [{"line_id": "1", "sku": "LAMP-7", "quantity": 2}]


async def test_a_callback_is_repeated_under_the_same_id_until_it_is_heard(open_sandbox: Any, receiver: Any) -> None:
    receiver.statuses.extend([503])
    async with open_sandbox(ship_after=0.0) as sandbox:
        await sandbox.release()
        await receiver.has(2)

    assert len({named for named, _ in receiver.calls}) == 1


async def test_what_was_not_heard_is_repeated_after_a_restart(open_sandbox: Any, receiver: Any) -> None:
    async with open_sandbox(callback_url=None, ship_after=0.0) as sandbox:
        shipment = (await sandbox.release()).json()["id"]
        await sandbox.post("/wms/_ship", {"shipment_id": shipment})
        before = await states(sandbox)

    async with open_sandbox(ship_after=0.0) as sandbox:
        await receiver.has(1)

    assert before == ["pending"]
    assert [message["data"]["shipment_id"] for _, message in receiver.calls] == [shipment]


async def test_what_was_released_ships_after_a_restart(open_sandbox: Any, receiver: Any) -> None:
    async with open_sandbox() as sandbox:
        shipment = (await sandbox.release()).json()["id"]

    async with open_sandbox(ship_after=0.0) as sandbox:
        await receiver.has(1)

        assert (await sandbox.get(f"/wms/shipments/{shipment}"))["status"] == "shipped"


async def test_many_are_delivered_each_once(open_sandbox: Any, receiver: Any) -> None:
    async with open_sandbox(ship_after=0.0) as sandbox:
        await sandbox.post("/wms/_hold", {"hold": True})
        for number in range(10):
            await sandbox.release(key=f"k{number}", quantity=1)
        await sandbox.post("/wms/_hold", {"hold": False})
        await receiver.has(10)

    assert len({named for named, _ in receiver.calls}) == len(receiver.calls) == 10


async def test_a_duplicate_bears_the_id_of_the_first(open_sandbox: Any, receiver: Any) -> None:
    async with open_sandbox(ship_after=0.0) as sandbox:
        await sandbox.release(sandbox_fault="duplicate_callback")
        await receiver.has(2)

    assert len({named for named, _ in receiver.calls}) == 1
    assert len(receiver.calls) in (2, 3)


async def test_a_late_callback_is_held_back(open_sandbox: Any, receiver: Any) -> None:
    begun = time.time()
    async with open_sandbox(ship_after=0.0) as sandbox:
        await sandbox.release(sandbox_fault="late_callback;delay=0.4")
        await receiver.has(1)

    assert time.time() - begun >= 0.4


async def test_an_early_callback_comes_before_the_answer(sandbox: Any, receiver: Any) -> None:
    answer = await sandbox.release(sandbox_fault="early_callback")

    assert answer.json()["status"] == "released"
    assert [message["data"]["shipment_id"] for _, message in receiver.calls] == [answer.json()["id"]]


async def test_a_lost_callback_is_never_sent_but_the_shipment_can_be_asked_for(sandbox: Any, receiver: Any) -> None:
    lost = (await sandbox.release(key="a", sandbox_fault="lost_callback")).json()["id"]
    heard = (await sandbox.release(key="b")).json()["id"]

    for shipment in (lost, heard):
        await sandbox.post("/wms/_ship", {"shipment_id": shipment})
    await receiver.has(1)

    assert [message["data"]["shipment_id"] for _, message in receiver.calls] == [heard]
    assert (await sandbox.get(f"/wms/shipments/{lost}"))["status"] == "shipped"
    assert (await states(sandbox))[0] == "lost"


@pytest.mark.parametrize("url", ["receiver/callbacks", "file:///etc/hosts"])
async def test_an_address_that_is_none_is_refused_at_once(open_sandbox: Any, url: str) -> None:
    with pytest.raises(ValueError, match="callback_url must begin with"):
        async with open_sandbox(callback_url=url):
            pass
