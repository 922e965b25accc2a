"""Our own answers keep the contract, or do not leave."""

from collections.abc import Mapping

import pytest

from gateway.errors import BrokenAnswer
from gateway.governance.contracts import Contracts

JSON = {"Content-Type": "application/json"}
TAKEN = {**JSON, "Location": "https://gateway.example/v1/orders/ord_1"}
PROBLEM = {"content-type": "application/problem+json"}


@pytest.mark.parametrize(
    ("operation", "status", "headers", "body"),
    [
        ("place_order", 202, TAKEN, b'{"order_id":"ord_1"}'),
        ("place_order", 422, PROBLEM, b'{"code":"invalid"}'),
        ("place_order", 503, PROBLEM, b'{"code":"unavailable"}'),
        ("get_order", 304, {}, b""),
        ("show_page", 200, {"content-type": "text/html; charset=utf-8"}, b"<p>"),
    ],
)
def test_an_answer_that_keeps_the_contract(
    contracts: Contracts, operation: str, status: int, headers: Mapping[str, str], body: bytes
) -> None:
    contracts.check_answer(contracts.operations[operation], status, headers, body)


@pytest.mark.parametrize(
    ("operation", "status", "headers", "body", "detail"),
    [
        ("place_order", 200, JSON, b"{}", "place_order answered 200, which its contract does not know"),
        ("place_order", 202, TAKEN, b'{"order_id":7}', "#/order_id must be a string"),
        ("place_order", 202, TAKEN, b"{}", "#/order_id is required"),
        ("place_order", 202, TAKEN, b"", "# is not JSON"),
        ("place_order", 202, JSON, b'{"order_id":"ord_1"}', "/header/location is required"),
        (
            "place_order",
            202,
            {**TAKEN, "Location": "no url"},
            b'{"order_id":"o"}',
            "/header/location must be written as uri",
        ),
        ("place_order", 422, JSON, b"{}", "/header/content-type must be one of 'application/problem+json'"),
        (
            "place_order",
            202,
            {},
            b"{}",
            "/header/location is required; /header/content-type must be one of 'application/json'",
        ),
        ("get_order", 304, {}, b"{}", "# the contract has no body here"),
    ],
)
def test_an_answer_that_breaks_it_is_told_to_us(
    contracts: Contracts, operation: str, status: int, headers: Mapping[str, str], *, body: bytes, detail: str
) -> None:
    with pytest.raises(BrokenAnswer) as broken:
        contracts.check_answer(contracts.operations[operation], status, headers, body)

    assert broken.value.detail.endswith(detail)
