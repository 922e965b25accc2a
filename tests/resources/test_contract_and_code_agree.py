"""The routes say of themselves what the contract says of them, and both know the same orders."""

from typing import Any

import pytest
import yaml
from pydantic import TypeAdapter

from gateway.domain.orders import TRANSITIONS, OrderStatus
from gateway.resources.orders.schemas import OrderBody
from gateway.settings import ROOT
from tests.contracts.agreement import differences
from tests.gate import Gate

SUPPLY = ("/v1/supplier", "/v1/purchase-orders", "/v1/shipping-notices", "/v1/goods-receipts")


def contract(name: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / "contracts" / "openapi" / f"{name}.yaml").read_text())
    return document


@pytest.mark.parametrize(
    ("name", "prefix"),
    [
        ("orders.v1", "/v1/orders"),
        ("inventory.v1", "/v1/inventory"),
        ("callbacks.v1", "/v1/callbacks"),
        ("operations.v1", "/v1/exceptions"),
        ("returns.v1", "/v1/returns"),
        ("approvals.v1", "/v1/approvals"),
        ("events.v1", "/v1/events"),
        ("suppliers.v1", SUPPLY),
    ],
)
async def test_contract_and_code_say_the_same(gate: Gate, name: str, prefix: str | tuple[str, ...]) -> None:
    generated = gate.app.openapi()
    generated["paths"] = {path: item for path, item in generated["paths"].items() if path.startswith(prefix)}

    assert differences(contract(name), generated) == []


@pytest.mark.parametrize("example", ["TwoLines", "Guest", "TwoGroups"])
def test_the_examples_of_the_contract_are_orders(example: str) -> None:
    body = contract("orders.v1")["components"]["examples"][example]["value"]

    TypeAdapter(OrderBody).validate_python(body, strict=True)


def test_every_status_of_the_state_machine_stands_in_the_contract() -> None:
    schemas = contract("orders.v1")["components"]["schemas"]

    assert set(schemas["OrderStatus"]["enum"]) == {status.value for status in OrderStatus}
    assert {move.before for move in TRANSITIONS} | {move.after for move in TRANSITIONS} == set(OrderStatus)
