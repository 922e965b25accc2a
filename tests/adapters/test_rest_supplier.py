"""How the REST adapter reads what carries orders to suppliers: what was not promised is no answer."""

from collections.abc import Awaitable, Callable

import pytest

from gateway.errors import Unknown
from gateway.ports import BackEnds, Effect
from gateway.purchasing_ports import SupplierLink
from tests.adapters.answers import Said, said, told
from tests.adapters.ports.buying import purchase

SENT = {"id": "spm_1", "status": "received", "reference": "k"}
LISTED = {"id": "spm_1", "kind": "message", "key": "k", "status": "withdrawn"}
Ask = Callable[[SupplierLink], Awaitable[object]]


def link(back_ends: BackEnds) -> SupplierLink:
    assert back_ends.supplier is not None
    return back_ends.supplier


async def transmit(suppliers: SupplierLink) -> object:
    return await suppliers.transmit(purchase(), key="k")


async def remind(suppliers: SupplierLink) -> object:
    return await suppliers.remind(purchase(), "shipping_notice", key="k")


async def withdraw(suppliers: SupplierLink) -> object:
    return await suppliers.withdraw("spm_1", key="k")


async def find(suppliers: SupplierLink) -> object:
    return await suppliers.find("transmit", key="k")


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (transmit, said({**SENT, "status": "agreed"})),
        (transmit, said({**SENT, "reference": "another"})),
        (transmit, said({**SENT, "id": "not an id"})),
        (remind, said({**SENT, "status": "queued"})),
        (remind, said({**SENT, "reference": None})),
        (withdraw, said({**SENT, "status": "received"})),
        (find, said({"effects": [{**LISTED, "key": "another"}]})),
        (find, said({"effects": [{**LISTED, "kind": None}]})),
        (find, said({"effects": None})),
    ],
)
async def test_an_answer_that_was_not_promised_is_unknown(asked: Ask, answer: Said) -> None:
    async with told(answer) as back_ends:
        with pytest.raises(Unknown):
            await asked(link(back_ends))


async def test_what_is_found_is_what_was_sent_also_when_it_was_taken_back() -> None:
    other = {**LISTED, "id": "spr_1", "kind": "reminder"}
    async with told(said({"effects": [LISTED, other]})) as back_ends:
        assert await find(link(back_ends)) == [Effect("spm_1", "k", "message", {"message_id": "spm_1"})]
