"""The suppliers' guide, typed into a shell: every command runs, and every refusal is the one that is promised."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from httpx2 import AsyncClient

from gateway.settings import ROOT
from tests.guides.commands import Shell, amiss, blocks
from tests.guides.retailer import Retailer
from tests.proof.rig import Rig, open_rig
from tests.tools import tool

PAGE = ROOT / "docs" / "guides" / "supplier.md"
CONTRACT = ROOT / "contracts" / "openapi" / "suppliers.v1.yaml"
_CODE = re.compile(r"\b4\d\d `(\w+)`")


@pytest.fixture
async def rig(database_url: str, home: Path) -> AsyncIterator[Rig]:
    async with open_rig(database_url, home, plan="standard") as opened:
        yield opened


@pytest.fixture
async def address(rig: Rig) -> str:
    return (await rig.start_edge())[1]


@pytest.fixture
async def retailer(rig: Rig, address: str) -> AsyncIterator[Retailer]:
    """Whose people have let nobody in yet."""
    tokens = []
    for role in ("buyer", "approver", "receiver", "accounts_payable"):
        async with rig.channel(address, whose=await rig.operator(role.replace("_", "-"), role)) as opened:
            tokens.append(opened.token)
    async with AsyncClient(base_url=address, timeout=30.0) as http:
        yield Retailer(http, *tokens)


@pytest.mark.proof
async def test_every_command_does_what_the_guide_says(
    rig: Rig, address: str, retailer: Retailer, tmp_path: Path
) -> None:
    tool("curl")
    known = {"CLIENT_ID": rig.credentials.client_id, "CLIENT_SECRET": rig.credentials.client_secret}
    shell = await Shell.open(tmp_path, known)
    supplier = await retailer.let_in("web")
    await retailer.order(supplier)
    told = []

    for block in blocks(PAGE):
        if block.code == "supplier_not_active":
            await retailer.suspend(supplier)
        told.append((block, await shell.type(block.commands.replace("http://127.0.0.1:8080", address))))
        await retailer.decide()
        await retailer.receive()
        await retailer.pay()

    await shell.close()
    assert [wrong for wrong in (amiss(block, printed) for block, printed in told) if wrong] == []
    assert {order["po_number"]: order["status"] for order in await retailer.orders()} == {
        **dict.fromkeys(("PO-1002", "PO-1003", "PO-1004"), "confirmed"),
        "PO-1001": "partially_received",
        "PO-1005": "declined",
        "PO-1006": "draft",
        "PO-1007": "issued",
    }
    assert {invoice["invoice_number"]: invoice["status"] for invoice in await retailer.invoices()} == {
        **dict.fromkeys(("INV-0042", "INV-0050", "INV-0061"), "approved"),
        **dict.fromkeys(("INV-0043", "INV-0060"), "rejected"),
    }


def test_every_refusal_that_the_contract_names_to_suppliers_has_its_command() -> None:
    operations = CONTRACT.read_text().partition("\ncomponents:")[0].split("operationId: ")[1:]
    named = {code for each in operations if 'oauth: ["suppliers:' in each for code in _CODE.findall(each)}

    assert named - {block.code for block in blocks(PAGE)} == set()
