"""How the REST adapters read what stores, carriers and messengers say: what was not promised is no answer."""

from collections.abc import Awaitable, Callable

import pytest

from gateway.errors import Rejected, Unknown
from gateway.ports import BackEnds
from tests.adapters.answers import Said, said, told
from tests.adapters.ports.ground import ADA, HOME, SOME_DAY, order

ASKED = {"id": "tsk_1", "status": "asked", "reference": "k"}
TASK = {"id": "tsk_1", "status": "ready", "reason": None, "picked": {"1": 2}, "at": "2026-11-23T10:00:00Z"}
COST = {"amount": 465, "currency": "EUR"}
LABEL = {"id": "lbl_1", "status": "label_created", "reference": "k", "tracking_number": "SP1", "carrier": "Post"}
PARCEL = {"id": "lbl_1", "status": "in_transit", "at": "2026-11-23T10:00:00Z"}
SENT = {"id": "ntf_1", "status": "sent", "reference": "k"}


async def ask(back_ends: BackEnds) -> object:
    assert back_ends.store
    return await back_ends.store.ask(order(), "pickup", until=SOME_DAY, key="k")


async def cancel_task(back_ends: BackEnds) -> object:
    assert back_ends.store
    return await back_ends.store.cancel("tsk_1", key="k")


async def task(back_ends: BackEnds) -> object:
    assert back_ends.store
    return await back_ends.store.task("tsk_1")


async def label(back_ends: BackEnds) -> object:
    assert back_ends.carrier
    return await back_ends.carrier.label(order(), HOME, key="k")


async def find_label(back_ends: BackEnds) -> object:
    assert back_ends.carrier
    return await back_ends.carrier.find("label", key="k")


async def track(back_ends: BackEnds) -> object:
    assert back_ends.carrier
    return await back_ends.carrier.track("lbl_1")


async def tell(back_ends: BackEnds) -> object:
    assert back_ends.notifications
    return await back_ends.notifications.send("offer", ADA, {}, key="k")


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (ask, said({**ASKED, "status": "accepted"})),
        (ask, said({**ASKED, "reference": "another"})),
        (cancel_task, said({**ASKED, "status": "ready"})),
        (task, said({**TASK, "status": "lost"})),
        (task, said({**TASK, "reason": "damage"})),
        (task, said({**TASK, "status": "rejected"})),
        (task, said({**TASK, "status": "rejected", "reason": "a whim"})),
        (task, said({**TASK, "status": "rejected", "reason": ["damage"]})),
        (task, said({**TASK, "picked": None})),
        (task, said({**TASK, "picked": {"1": -1}})),
        (task, said({**TASK, "picked": {"1": True}})),
        (task, said({**TASK, "at": "2026-11-23T10:00:00"})),
        (label, said(LABEL)),
        (label, said({**LABEL, "cost": {**COST, "amount": "465"}})),
        (label, said({**LABEL, "cost": {**COST, "currency": None}})),
        (label, said({**LABEL, "cost": COST, "tracking_number": None})),
        (label, said({**LABEL, "cost": COST, "status": "voided"})),
        (find_label, said({"effects": [{**LABEL, "kind": "label", "key": "k"}]})),
        (track, said({**PARCEL, "status": "eaten"})),
        (track, said({**PARCEL, "at": None})),
        (tell, said({**SENT, "status": "queued"})),
        (tell, said({**SENT, "reference": "another"})),
    ],
)
async def test_a_shape_that_was_not_promised_is_no_answer(
    asked: Callable[[BackEnds], Awaitable[object]], answer: Said
) -> None:
    async with told(answer) as back_ends:
        with pytest.raises(Unknown):
            await asked(back_ends)


async def test_a_no_about_a_message_repeats_nobodys_address() -> None:
    async with told(said({"code": "unreachable", "detail": f"{ADA.email} does not exist"}, 422)) as back_ends:
        with pytest.raises(Rejected) as raised:
            await tell(back_ends)

    assert raised.value.facts["code"] == "unreachable"
    assert str(ADA.email) not in f"{raised.value.detail} {raised.value.facts} {raised.value.__cause__}"
