"""What tests of the command line share: the contract's word on orders, and the front door."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from gateway.governance.bundle import Bundle
from gateway.settings import ROOT
from tests.cli.shell import Shell
from tests.gate import Gate, open_gate
from tests.house import house

CONTRACTS = ROOT / "contracts" / "openapi"


@pytest.fixture(scope="session")
def promises() -> Bundle:
    """The contracts and policies that are really in force."""
    return house()


@pytest.fixture
async def gate(database_url: str, tmp_path: Path, promises: Bundle) -> AsyncIterator[Gate]:
    async with open_gate(database_url, tmp_path, bundle=promises) as opened:
        yield opened


@pytest.fixture
async def shell(gate: Gate, database_url: str, tmp_path: Path) -> Shell:
    """The shell of an admin."""
    ada = await gate.operator("ada")
    return Shell(
        {
            "DATABASE_URL": database_url,
            "OMNIGATE_HOME": str(tmp_path),
            "OMNIGATE_SECRET_KEY": (tmp_path / "secret.key").read_text(),
            "OMNIGATE_OPERATOR_ID": ada.client_id,
            "OMNIGATE_OPERATOR_SECRET": ada.client_secret,
            "COLUMNS": "250",
        }
    )


@pytest.fixture(scope="session")
def order_body() -> jsonschema_rs.Validator:
    """What the contract says an order looks like."""
    contract: dict[str, Any] = yaml.safe_load((CONTRACTS / "orders.v1.yaml").read_text())
    return jsonschema_rs.Draft202012Validator({**contract, "$ref": "#/components/schemas/OrderBody"})
