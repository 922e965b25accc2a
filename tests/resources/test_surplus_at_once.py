"""Two who have to do with one surplus at the same moment."""

import asyncio

import psycopg
import pytest

from tests.gate import Gate
from tests.resources.billed import OLD, SUPPLIER, Payers, ordered
from tests.resources.delivered import Dock, came, goods_body
from tests.resources.followed import follower
from tests.resources.supplied import Buyers
from tests.resources.test_surplus import on_hand, open_one, say
from tests.resources.test_trouble import whoever_waits

LOCK = "select lock_stock(array[%s], array['main'])"


@pytest.fixture
async def works(gate: Gate) -> Payers:
    return Payers(await follower(gate, "works", SUPPLIER, OLD))


@pytest.fixture
async def rita(gate: Gate) -> Dock:
    return Dock(await Buyers.operator(gate, "rita", "receiver"))


async def test_of_two_who_decide_at_once_one_is_heard(gate: Gate, bob: Buyers, works: Payers, rita: Dock) -> None:
    bea = await Buyers.operator(gate, "bea", "buyer")
    po_id = await ordered(bob, works, "PO-1", 10)
    receipt_id = (await rita.receive(po_id, goods_body("WE-1", came(12)))).json()["receipt_id"]
    exception_id = (await open_one(bob))["exception_id"]

    answers = await asyncio.gather(say(bob, exception_id, "accept"), say(bea, exception_id, "refuse"))

    bought = answers[0].status_code == 200
    assert sorted(each.status_code for each in answers) == [200, 409]
    seen = (await rita.see(f"/goods-receipts/{receipt_id}")).json()
    assert seen["over_decision"] == ("accepted" if bought else "refused")
    assert await on_hand(gate) == (12 if bought else 10)


async def test_of_several_receipts_the_stock_is_locked_as_everybody_locks_it(
    gate: Gate, bob: Buyers, works: Payers, rita: Dock, database_url: str
) -> None:
    """Somebody else goes from the first place to the second, as everybody does: neither waits for ever."""
    po_id = await ordered(bob, works, "PO-1", 10, 10)
    await rita.receive(po_id, goods_body("WE-1", came(12, line_id="2")))
    await rita.receive(po_id, goods_body("WE-2", came(12)))
    exception_id = (await open_one(bob))["exception_id"]

    async with await psycopg.AsyncConnection.connect(database_url) as other:
        await other.execute(LOCK, ("LAMP-1",))
        bought = asyncio.create_task(say(bob, exception_id, "accept"))
        await whoever_waits(database_url)
        await other.execute(LOCK, ("LAMP-2",))
        await other.rollback()
        answer = await bought

    assert (answer.status_code, answer.json()["state"]) == (200, "resolved"), answer.text
