"""Invoices that are matched again by a worker: each for itself, and only when it is due."""

from dataclasses import replace

import pytest

from gateway.domain.identifiers import mint
from gateway.workflows.invoice_round import tend_invoices
from tests.gate import Gate
from tests.resources.billed import Payers, later, ordered, works_of
from tests.resources.supplied import Buyers

BROKEN = "update supplier_invoice set lines = '[{}]' where invoice_id = %s"
MENDED = "update supplier_invoice set lines = document -> 'lines' where invoice_id = %s"
LATER = "update supplier_invoice set paused_until = paused_until - interval '10 minutes' where paused_until is not null"


@pytest.fixture
async def works(gate: Gate) -> Payers:
    return await works_of(gate)


async def waiting(bob: Buyers, works: Payers, *numbers: str) -> list[str]:
    """Invoices of as many orders; their goods have not come."""
    return [
        (await works.bill(await ordered(bob, works, f"PO-{number}", 10), number)).json()["invoice_id"]
        for number in numbers
    ]


async def test_one_that_cannot_be_compared_hinders_no_other(
    gate: Gate, bob: Buyers, works: Payers, pam: Payers
) -> None:
    broken, sound = await waiting(bob, works, "A-1", "B-22222")
    await later(gate.database, days=5)
    async with gate.database.transaction() as connection:
        await connection.execute(BROKEN, (broken,))

    ended = [await tend_invoices(gate.database, gate.bundle.matching, mint) for _ in range(2)]
    async with gate.database.transaction() as connection:
        await connection.execute(MENDED, (broken,))
    paused = await tend_invoices(gate.database, gate.bundle.matching, mint)
    async with gate.database.transaction() as connection:
        await connection.execute(LATER)
    then = await tend_invoices(gate.database, gate.bundle.matching, mint)

    assert (ended, paused, then) == ([1, 0], 0, 1)
    assert [(await pam.see(f"/{each}"))["status"] for each in (sound, broken)] == ["exception", "exception"]


async def test_when_the_grace_is_made_longer_it_is_due_later(
    gate: Gate, bob: Buyers, works: Payers, pam: Payers
) -> None:
    [invoice_id] = await waiting(bob, works, "A-1")
    await later(gate.database, days=5)
    before = await pam.see(f"/{invoice_id}")
    longer = replace(gate.bundle.matching, grace_days=9)

    ended = [await tend_invoices(gate.database, longer, mint) for _ in range(2)]
    after = await pam.see(f"/{invoice_id}")
    await later(gate.database, days=4)

    assert (ended, after["status"], after["match"]["run"]) == ([0, 0], "waiting", 1)
    assert before["goods_due_on"] < after["goods_due_on"]
    assert after["version"] == before["version"] + 1, "looked at once, and left alone until it is due"
    assert await tend_invoices(gate.database, longer, mint) == 1
