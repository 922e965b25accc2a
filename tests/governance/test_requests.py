"""What a contract lets in, and in which words it refuses the rest."""

import time
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from gateway.governance.faults import MOST
from gateway.refusals import Fault, Invalid, Malformed, Refused, UnsupportedMedia
from tests.governance.conftest import Ask

Faults = Callable[..., tuple[Fault, ...]]

LINE = {"line_id": "1", "quantity": 2, "unit_price": "2.55", "tax": {"amount": 85, "currency": "GBP"}}
ORDER: dict[str, Any] = {
    "channel_order_id": "536365",
    "placed_at": "2010-12-01T08:26:00Z",
    "payment": {"method": "card", "token": "tok_1"},
    "lines": [LINE],
}


def test_a_sound_request_is_handed_on_as_values(ask: Ask) -> None:
    assert ask("place_order", ORDER).body == ORDER
    assert ask("list_orders", query=b"page_size=7&tag=aa&tag=b%20b").query == {"page_size": 7, "tag": ["aa", "b b"]}
    assert ask("list_orders").query == {"page_size": 50}
    assert ask("list_orders", query=b"open=true").query == {"page_size": 50, "open": True}


def test_every_fault_is_named_at_once(faults: Faults) -> None:
    order = {
        "channel_order_id": 7,
        "placed_at": "yesterday",
        "payment": {"method": "card", "tokn": "4111111111111111"},
        "lines": [{"line_id": "a b", "quantiy": 1}, {**LINE, "quantity": 0, "tax": {"amount": "1"}}],
        "plcaed_at": 1,
    }

    assert set(faults("place_order", order)) == {
        Fault("#/channel_order_id", "type", "must be a string"),
        Fault("#/placed_at", "format", "must be written as date-time"),
        Fault("#/payment/token", "required", "is required"),
        Fault("#/payment/tokn", "unknown_field", "is not known; did you mean 'token'?"),
        Fault("#/lines/0/line_id", "pattern", "must match the pattern ^[A-Za-z0-9._-]+$"),
        Fault("#/lines/0/quantity", "required", "is required"),
        Fault("#/lines/0/quantiy", "unknown_field", "is not known; did you mean 'quantity'?"),
        Fault("#/lines/1/quantity", "minimum", "must be at least 1"),
        Fault("#/lines/1/tax/amount", "type", "must be an integer"),
        Fault("#/lines/1/tax/currency", "required", "is required"),
        Fault("#/plcaed_at", "unknown_field", "is not known; did you mean 'placed_at'?"),
    }


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"payment": {"method": "cash"}}, Fault("#/payment/method", "enum", "must be one of 'bank', 'card'")),
        ({"payment": {}}, Fault("#/payment/method", "required", "is required")),
        ({"payment": "card"}, Fault("#/payment", "type", "must be an object")),
        ({"note": "x"}, Fault("#/note", "min_length", "must have at least 3 characters")),
        ({"note": 3}, Fault("#/note", "any_of", "fits none of the forms allowed here")),
        ({"lines": []}, Fault("#/lines", "min_items", "must have at least 1 entries")),
        ({"a/b~c é": 1}, Fault("#/a~1b~0c%20%C3%A9", "unknown_field", "is not known")),
        ({"x" * 70: 1}, Fault(f"#/{'x' * 64}%E2%80%A6", "unknown_field", "is not known")),
        ({"empty": {"x": 1}}, Fault("#/empty/x", "unknown_field", "is not known")),
        ({"placed_at": "2016-12-31T23:59:60Z"}, Fault("#/placed_at", "format", "must be written as date-time")),
        ({"placed_at": "0001-01-01T00:00:00+01:00"}, Fault("#/placed_at", "format", "must be written as date-time")),
        ({"placed_at": "2010-12-01T08:26:00"}, Fault("#/placed_at", "format", "must be written as date-time")),
    ],
)
def test_a_fault_in_a_body(faults: Faults, change: dict[str, Any], expected: Fault) -> None:
    assert faults("place_order", {**ORDER, **change}) == (expected,)


@pytest.mark.parametrize(
    ("operation", "said", "expected"),
    [
        ("list_orders", {"query": b"page_size=x"}, Fault("/query/page_size", "type", "must be an integer")),
        ("list_orders", {"query": b"page_size="}, Fault("/query/page_size", "type", "must be an integer")),
        ("list_orders", {"query": b"page_size=1e1"}, Fault("/query/page_size", "type", "must be an integer")),
        ("list_orders", {"query": b"page_size=-1"}, Fault("/query/page_size", "minimum", "must be at least 0")),
        ("list_orders", {"query": b"open=yes"}, Fault("/query/open", "type", "must be a boolean")),
        (
            "list_orders",
            {"query": b"page_size=1&page_size=1"},
            Fault("/query/page_size", "repeated", "is given more than once"),
        ),
        (
            "list_orders",
            {"query": b"pagesize=1"},
            Fault("/query/pagesize", "unknown_parameter", "is not known; did you mean 'page_size'?"),
        ),
        (
            "list_orders",
            {"query": b"tag=aa&tag=b"},
            Fault("/query/tag/1", "min_length", "must have at least 2 characters"),
        ),
        ("list_orders", {"query": b"tag=%00a"}, Fault("/query/tag", "not_allowed", "contains the character NUL")),
        (
            "list_orders",
            {"headers": {"x-trace": "abcd"}},
            Fault("/header/x-trace", "max_length", "must have at most 3 characters"),
        ),
        ("list_orders", {"body": b"{}"}, Fault("#", "unexpected_body", "this operation takes no body")),
        (
            "get_order",
            {"path_parameters": {"order_id": "1"}},
            Fault("/path/order_id", "pattern", "must match the pattern ^ord_[0-9]+$"),
        ),
        ("place_order", {}, Fault("#", "required", "a body is required")),
        ("place_order", {"content_type": "application/json"}, Fault("#", "required", "a body is required")),
        ("place_order", {"body": b"[]"}, Fault("#", "type", "must be an object")),
    ],
)
def test_a_fault_around_a_body(faults: Faults, operation: str, said: dict[str, Any], expected: Fault) -> None:
    assert faults(operation, **said) == (expected,)


@pytest.mark.parametrize(
    ("operation", "said", "refusal"),
    [
        ("place_order", {"body": b"{}", "content_type": "text/plain"}, UnsupportedMedia),
        ("place_order", {"body": b"{}", "content_type": None}, UnsupportedMedia),
        ("place_order", {"body": b"{}", "content_type": "application/json; charset=utf-16"}, UnsupportedMedia),
        ("log_in", {"body": b"{}", "content_type": "application/json"}, UnsupportedMedia),
        ("place_order", {"body": b"{", "content_type": "application/json"}, Malformed),
        ("list_orders", {"query": b"tag=%ff"}, Malformed),
        ("list_orders", {"query": "tag=é".encode()}, Malformed),
        ("list_orders", {"query": b"&".join([b"tag=aa"] * 65)}, Malformed),
    ],
)
def test_what_cannot_be_read_is_refused_first(
    ask: Ask, operation: str, said: dict[str, Any], refusal: type[Refused]
) -> None:
    with pytest.raises(refusal):
        ask(operation, **said)


def test_a_charset_of_utf_8_may_be_said(ask: Ask) -> None:
    assert ask("place_order", ORDER, content_type='Application/JSON; Charset="UTF-8"').body == ORDER


def test_forms_are_left_to_their_route(ask: Ask) -> None:
    assert ask("log_in", b"a=b", content_type="application/x-www-form-urlencoded").body is None


def test_a_body_that_need_not_be_there_may_be_absent(ask: Ask) -> None:
    assert ask("cancel_order", path_parameters={"order_id": "ord_1"}).body is None


def test_the_idempotency_key_is_left_to_its_stage(ask: Ask) -> None:
    assert ask("place_order", ORDER, headers={}).body == ORDER


def test_no_value_is_ever_repeated(faults: Faults) -> None:
    secret = "4111111111111111"
    order = {**ORDER, "channel_order_id": [secret], "payment": {"method": secret, "token": secret}, "note": secret * 9}

    assert secret not in str(faults("place_order", {**order, "lines": secret}))


@pytest.mark.parametrize(
    "order",
    [
        {f"k{n}": 1 for n in range(100_000)},
        {**ORDER, "lines": [{"x": 1}] * 50_000},
        {**ORDER, "lines": [{**LINE, "line_id": "a" * 100_000 + "!"}] * 9},
    ],
    ids=["unknown fields", "bad lines", "long texts"],
)
def test_a_hopeless_body_is_refused_in_bounded_time(ask: Ask, order: dict[str, Any]) -> None:
    body, started = orjson.dumps(order), time.process_time()

    with pytest.raises(Invalid) as refused:
        ask("place_order", body)

    assert 1 <= len(refused.value.faults) <= MOST
    assert time.process_time() - started < 3
