"""Contracts are checked before they are obeyed; a mistake is named with file, line and what would be right."""

from collections.abc import Callable
from pathlib import Path

import jsonschema_rs
import pytest

from gateway.domain.operation import Operation
from gateway.errors import Misconfigured
from gateway.governance.contracts import Contracts, load_contracts
from gateway.governance.schema import enforceable
from gateway.refusals import MethodNotAllowed, NotFound
from gateway.settings import ROOT

CHOICE = 'oneOf: [{$ref: "#/components/schemas/Card"}, {$ref: "#/components/schemas/Bank"}]'


def test_the_contracts_of_the_house_are_sound() -> None:
    found = load_contracts(ROOT / "contracts" / "openapi")

    assert {"place_order", "receive_callback", "issue_token"} <= found.operations.keys()
    assert set(found.documents) == {
        "orders.v1",
        "inventory.v1",
        "callbacks.v1",
        "operations.v1",
        "platform.v1",
        "returns.v1",
        "approvals.v1",
        "events.v1",
        "suppliers.v1",
    }


def test_an_operation_is_what_its_contract_says(contracts: Contracts) -> None:
    assert contracts.operations["place_order"] == Operation(
        id="place_order",
        contract="lamps.v1",
        method="POST",
        path="/v1/orders",
        action="orders:write",
        authentication="bearer",
        idempotency=True,
        body="json",
        body_limit=2048,
        retention_hours=72,
    )


@pytest.mark.parametrize(
    ("method", "path", "operation", "parameters"),
    [
        ("POST", "/v1/orders", "place_order", {}),
        ("HEAD", "/v1/orders", "list_orders", {}),
        ("GET", "/v1/orders/ord_1", "get_order", {"order_id": "ord_1"}),
        ("GET", "/v1/orders/latest", "show_page", {}),
        ("POST", "/v1/orders/latest/cancel", "cancel_order", {"order_id": "latest"}),
        ("GET", "/v1/orders/a b{}", "get_order", {"order_id": "a b{}"}),
    ],
)
def test_a_path_means_one_operation(
    contracts: Contracts, method: str, path: str, operation: str, parameters: dict[str, str]
) -> None:
    matched = contracts.match(method, path)

    assert (matched.operation.id, matched.path_parameters) == (operation, parameters)


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/orders/", "/v1/orders//cancel", "/v1/orders/a/b", "//v1/orders", ""])
def test_elsewhere_there_is_nothing(contracts: Contracts, path: str) -> None:
    with pytest.raises(NotFound):
        contracts.match("GET", path)


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("OPTIONS", "/v1/orders", ("GET", "HEAD", "POST")),
        ("HEAD", "/v1/orders/ord_1/cancel", ("POST",)),
        ("get", "/v1/orders", ("GET", "HEAD", "POST")),
        ("DELETE", "/v1/orders/ord_1", ("GET", "HEAD")),
    ],
)
def test_other_methods_are_told_which_are_taken(
    contracts: Contracts, method: str, path: str, allow: tuple[str, ...]
) -> None:
    with pytest.raises(MethodNotAllowed) as refused:
        contracts.match(method, path)

    assert refused.value.allow == allow


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Tag: {type: string,", "Tag: {type: string, minLenght: 2,", "; did you mean 'minLength'?"),
        ("Tag: {type: string,", "Tag: {type: strin,", 'this is not OpenAPI 3.1: "strin" is not one of'),
        (
            "Tag: {type: string,",
            "Tag: {type: string, format: telepathy,",
            "cannot be enforced: Unknown format: 'telepathy'",
        ),
        ("Tag: {type: string,", "Tag: {type: string, pattern: '^(?=a)',", "cannot be matched in linear time"),
        ("Tag: {type: string,", "Tag: &tag {type: string,", "anchors (&tag) are not read here; write the value out"),
        ("Tag: {type: string,", "Tag: {type: string, type: string,", "'type' stands here twice; keep one"),
        ("schemas/Money", "schemas/Mony", "there is nothing at '#/components/schemas/Mony'"),
        (
            "#/components/schemas/Money",
            "https://example.com/m.json",
            "there is nothing at 'https://example.com/m.json'",
        ),
        ("      unevaluatedProperties: false\n", "", "must be closed; add 'additionalProperties: false'"),
        ("operationId: list_orders", "operationId: listOrders", "must be snake_case and there, like 'place_order'"),
        ("operationId: list_orders", "operationId: place_order", "operationId 'place_order' stands here twice"),
        ("authentication: basic", "authentication: basix", "'none', not 'basix'; did you mean 'basic'?"),
        (
            "body: json, body_limit",
            "body: json, body_limt",
            "'place_order': unknown key 'body_limt'; did you mean 'body_limit'?",
        ),
        ("body: json, body_limit", "body: form, body_limit", "urlencoded', but 'application/json' is described"),
        ("{name: order_id, in: path", "{name: id, in: path", "'id' must stand in the path and under 'parameters'"),
        (
            "{name: open, in: query,",
            "{name: open, in: cookie,",
            "in 'cookie' are not enforced; use query, path or header",
        ),
        ("{name: open, in: query,", "{name: open, in: query, explode: false,", "'explode' of a parameter"),
        ("default: 50", "default: fifty", 'its own schema refuses this default: "fifty" is not of type "integer"'),
        ("method: {const: bank}", "method: {type: string}", "must require 'method' and fix it with 'const: bank'"),
        ("openapi: 3.1.0", "openapi: 3.0.3", "a contract begins with 'openapi: 3.1.x'"),
        ("servers: [{url: /}]", "servers: [{url: /v1}]", "write it in front of every path instead"),
    ],
    ids=lambda value: value[:30],
)
def test_a_mistake_is_named(
    broken: Callable[[str, str], Contracts], tmp_path: Path, old: str, new: str, message: str
) -> None:
    with pytest.raises(Misconfigured) as wrong:
        broken(old, new)

    written = (tmp_path / "lamps.v1.yaml").read_text(encoding="utf-8").splitlines()
    places = [line.split(": ")[0].rsplit(":", 1) for line in wrong.value.detail.splitlines()]
    assert message in wrong.value.detail
    assert all(name.endswith("lamps.v1.yaml") and 0 < int(line) <= len(written) for name, line in places)


def test_the_line_is_the_line_of_the_mistake(broken: Callable[[str, str], Contracts], tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as wrong:
        broken("            quantity: {", "            quantity: {maximun: 9, ")

    written = (tmp_path / "lamps.v1.yaml").read_text(encoding="utf-8").splitlines()
    assert "maximun" in written[int(wrong.value.detail.split(":")[1]) - 1]


def test_two_contracts_may_not_promise_the_same(tmp_path: Path) -> None:
    text = (Path(__file__).parent / "contracts" / "lamps.v1.yaml").read_text(encoding="utf-8")
    for name in ("lamps.v1.yaml", "lamps.v2.yaml"):
        (tmp_path / name).write_text(text, encoding="utf-8")

    with pytest.raises(Misconfigured, match=r"lamps\.v2\.yaml:\d+: operationId '\w+' is taken by lamps\.v1\.yaml"):
        load_contracts(tmp_path)


def test_a_folder_without_contracts_is_no_gateway(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="there is no contract"):
        load_contracts(tmp_path)


def test_a_rewritten_choice_takes_what_the_written_one_takes(contracts: Contracts) -> None:
    written = contracts.documents["lamps.v1"]
    schemas = [
        jsonschema_rs.canonicalize(
            {"$ref": "#/components/schemas/Payment", "components": document["components"]}, validate_formats=True
        )
        for document in (written, enforceable(written))
    ]

    assert "oneOf" in written["components"]["schemas"]["Payment"]
    assert schemas[0] == schemas[1]
