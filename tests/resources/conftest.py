"""The front door with its orders behind it, and a partner at it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.governance.bundle import Bundle
from tests.gate import Gate, open_gate
from tests.house import house
from tests.resources.billed import Payers
from tests.resources.shop import Shop
from tests.resources.supplied import Buyers
from tests.resources.warehouse import SECRET, Warehouse


@pytest.fixture(scope="session")
def bundle() -> Bundle:
    return house()


@pytest.fixture
async def gate(database_url: str, tmp_path: Path, bundle: Bundle) -> AsyncIterator[Gate]:
    async with open_gate(database_url, tmp_path, bundle=bundle) as opened:
        yield opened


@pytest.fixture
async def shop(gate: Gate) -> Shop:
    """A partner with every scope but `operations`, and the channel web-uk."""
    return await Shop.open(gate, "web", scopes=frozenset({"orders:read", "orders:write"}))


@pytest.fixture
async def warehouse(gate: Gate) -> Warehouse:
    for system in ("wms", "erp", "store", "psp", "carrier"):
        await gate.secrets.put(f"callback:{system}", SECRET.encode())
    return Warehouse(gate)


@pytest.fixture
async def bob(gate: Gate) -> Buyers:
    return await Buyers.operator(gate, "bob", "buyer")


@pytest.fixture
async def ann(gate: Gate) -> Buyers:
    return await Buyers.operator(gate, "ann", "approver")


@pytest.fixture
async def rita(gate: Gate) -> Payers:
    return await Payers.operator(gate, "rita", "receiver")


@pytest.fixture
async def pam(gate: Gate) -> Payers:
    return await Payers.operator(gate, "pam", "accounts_payable")
