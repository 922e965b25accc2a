"""One purchase through our door and an ERP that nobody here wrote, read there by a client of its own."""

from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest

from tests.peers.books import Billed, bought
from tests.peers.clerk import Clerk
from tests.peers.tryton import SHOP, Tryton
from tests.peers.wiring import variables
from tests.proof.office import SKU, Office, open_office
from tests.proof.processes import until
from tests.proof.rig import open_rig

pytestmark = pytest.mark.proof

WITHIN = 300.0  # seconds: Tryton takes about two of them for each step, on a quiet machine


@pytest.fixture
async def office(database_url: str, home: Path, server: Tryton) -> AsyncIterator[Office]:
    """Edge and worker, over Tryton as ERP and warehouse."""
    async with open_rig(database_url, home, settings_too=variables(server, home)) as rig:
        _, address = await rig.start_edge()
        rig.start_worker()
        async with open_office(rig, address, code=SHOP["suppliers"][0]) as opened:
            yield opened


async def until_so(office: Office, so: Callable[[], bool], what: str) -> None:
    """Unless it comes to wait for a person."""

    async def holds() -> bool:
        assert not (asked := await office.asked()), f"a person is asked: {asked}"
        return so()

    await until(holds, what=what, within=WITHIN, pause=0.3)


async def until_posted(office: Office, invoice_id: str) -> None:
    async def posted() -> bool:
        assert not (asked := await office.asked()), f"a person is asked: {asked}"
        return str((await office.see("paul", f"/v1/supplier-invoices/{invoice_id}"))["status"]) == "posted"

    await until(posted, what="the invoice is posted", within=WITHIN, pause=0.3)


async def test_one_purchase_ends_as_pieces_in_storage_and_a_posted_invoice_each_of_them_once(
    office: Office, server: Tryton
) -> None:
    """Of 150 lamps at 40.00, which another has to approve of, 50 come, two broken; 48 are billed, 1.9 % too dear."""
    clerk, number = Clerk(server), f"PO-{uuid4().hex[:12]}"
    before = await office.on_hand()

    po_id = await office.order(number, 150, price=40_00)
    await until_so(office, lambda: len(bought(clerk, number)) == 1, "the purchase is in Tryton")
    await office.confirm(po_id)
    await office.receive(po_id, 50, damaged=2)
    invoice_id = await office.bill(po_id, f"INV-{number}", 48, price=40_76, tax=391_30)
    await until_posted(office, invoice_id)
    await until_so(office, lambda: bought(clerk, number)[0].received > 0, "the goods are in Tryton")

    [purchase] = bought(clerk, number)
    assert (purchase.state, purchase.shipment_state, purchase.total) == (
        *("processing", "partially shipped"),
        Decimal("6000.00"),
    )
    assert (purchase.shipments, purchase.received, purchase.awaited) == (("done",), 48, 102)
    lines, tax, total = ((48, Decimal("40.7600")),), Decimal("391.30"), Decimal("2347.78")
    assert purchase.bills == (Billed("posted", f"INV-{number}", lines, tax, total),)
    invoice = await office.see("paul", f"/v1/supplier-invoices/{invoice_id}")
    assert (invoice["status"], invoice["match"]["verdict"], invoice["total"]) == (
        *("posted", "matched_within_tolerance"),
        2_347_78,
    )
    await until_told(office, clerk, server, before + 48)


async def until_told(office: Office, clerk: Clerk, server: Tryton, pieces: int) -> None:
    """What came is counted once: by our receipt, not by Tryton's move. One more comes behind it that nobody bought."""
    clerk.receive(server.seed["products"][SKU], 1, server.seed["warehouse"]["id"])

    async def told() -> bool:
        return await office.on_hand() == pieces + 1

    await until(told, what=f"{pieces} and one are on hand", within=WITHIN, pause=0.3)
