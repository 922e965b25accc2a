"""The sandbox's suppliers at our own door: what is transmitted to them they answer as the partner that they are."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from httpx2 import ASGITransport, AsyncClient

from adapters.rest import rest_back_ends
from adapters.sandbox import SandboxOptions, create_sandbox
from gateway.domain.procurement import Purchase
from gateway.domain.purchase_orders import read_lines
from gateway.ports import sending
from gateway.purchasing_ports import SupplierLink
from tests.adapters.ports.ground import soon
from tests.gate import PUBLIC, Gate
from tests.proof.processes import until
from tests.resources.supplied import SCOPES, Buyers, Json, supplying

SUPPLIER, OLD = "sup_01JDB7Z2M4X8Q5T3W9Y6N1K0RC", "po_01JDB7Z2M4X8Q5T3W9Y6N1K0RC"
SANDBOX = "http://sandbox"


@pytest.fixture
async def sandbox(gate: Gate, tmp_path: Path) -> AsyncIterator[ASGITransport]:
    """A sandbox whose suppliers find our door, and act there as the partner `works`."""
    works = await gate.partner("works", scopes=SCOPES)
    await supplying(gate.database, "works", supplier_id=SUPPLIER, po_id=OLD)
    options = SandboxOptions(
        ledger=tmp_path / "sandbox.sqlite", supplier_transport=ASGITransport(gate.app), supply_after=0.0
    )
    app = create_sandbox(options)
    async with app.router.lifespan_context(app):
        reached = ASGITransport(app)
        account = {"base_url": PUBLIC, "client_id": works.client_id, "client_secret": works.client_secret}
        async with AsyncClient(transport=reached, base_url=SANDBOX) as client:
            assert (await client.post("/supplier/_account", json=account)).is_success
        yield reached


@pytest.fixture
async def tester(sandbox: ASGITransport) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(transport=sandbox, base_url=SANDBOX) as client:
        yield client


@pytest.fixture
async def link(sandbox: ASGITransport) -> AsyncIterator[SupplierLink]:
    urls = {f"{role}_url": f"{SANDBOX}/{role}" for role in ("payments", "erp", "wms", "supplier")}
    async with rest_back_ends(**urls, transport=sandbox) as connected:
        assert connected.supplier is not None
        with sending(soon(60)):
            yield connected.supplier


async def issue(bob: Buyers, link: SupplierLink, number: str, *quantities: int) -> str:
    """An order that its supplier has been sent."""
    po_id = await bob.write(SUPPLIER, number, *quantities)
    for word in ("submit", "issue"):
        answer = await bob.order(f"/{po_id}/{word}")
    seen = answer.json()
    assert seen["status"] == "issued", answer.text
    order = Purchase(
        po_id=po_id,
        po_number=seen["po_number"],
        revision=seen["revision"],
        supplier_id=SUPPLIER,
        supplier_code="V-100",
        currency="GBP",
        lines=read_lines(seen["lines"]),
    )
    await link.transmit(order, key=f"{po_id}/transmit/1")
    return po_id


async def stands(bob: Buyers, po_id: str, status: str) -> Json:
    seen: list[Json] = []

    async def so() -> bool:
        seen.append((await bob.see(f"/{po_id}")).json())
        return bool(seen[-1]["status"] == status)

    await until(so, what=f"the order is {status}", within=30.0)
    return seen[-1]


async def test_what_was_issued_is_confirmed_over_our_door(bob: Buyers, link: SupplierLink, tester: AsyncClient) -> None:
    po_id = await issue(bob, link, "PO-1", 10, 20)

    seen = await stands(bob, po_id, "confirmed")

    [written] = (await tester.get("/supplier/_documents")).json()["documents"]
    assert (written["kind"], written["number"]) == ("confirmation", seen["confirmation"]["supplier_ref"])
    assert (seen["revision"], seen["confirmation"]["outcome"]) == (1, "confirmed")


@pytest.mark.parametrize(
    ("play", "status"),
    [
        ({"play": "change", "percent": 20}, "change_proposed"),
        ({"play": "backorder", "line_id": "1"}, "change_proposed"),
        ({"play": "reject"}, "declined"),
    ],
)
async def test_what_is_answered_otherwise_is_as_the_contract_has_it(
    bob: Buyers, link: SupplierLink, tester: AsyncClient, *, play: Json, status: str
) -> None:
    await tester.post("/supplier/_plays", json={"plays": [play]})

    po_id = await issue(bob, link, "PO-1", 100, 20)

    await stands(bob, po_id, status)
