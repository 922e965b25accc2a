"""The laws of orders: demand keeps every piece, totals follow from lines, documents lose nothing on their way."""

from collections import Counter
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.documents import addresses, apart, differing, whole
from gateway.domain.intake import breaches, breaches_of_shape
from gateway.domain.money import Money
from gateway.domain.orders import TRANSITIONS, OrderStatus, allowed_actions, may_become, order_from
from tests.domain.documents import NOW, bodies


@given(bodies())
def test_demand_keeps_every_piece_and_sums_a_sku_whatever_its_case(body: dict[str, Any]) -> None:
    demand = order_from(body, "ord_1").demand()

    wanted: Counter[str] = Counter()
    for line in body["lines"]:
        wanted[line["sku"].upper()] += line["quantity"]
    assert demand == wanted


@given(bodies())
def test_totals_follow_from_lines_and_charges(body: dict[str, Any]) -> None:
    order = order_from(body, "ord_1")

    totals = order.computed()

    assert totals.items == sum((line.goods for line in order.lines[1:]), order.lines[0].goods)
    added = totals.tax if order.tax_mode == "exclusive" else Money(0, order.currency)
    assert totals.grand_total == totals.items - totals.discount + totals.shipping + added
    assert order.totals == totals
    assert breaches(order, now=NOW) == []


@given(bodies(), st.sampled_from(["items", "discount", "shipping", "tax", "grand_total"]), st.integers(1, 10**6))
def test_a_total_that_is_off_is_named_with_what_it_should_be(body: dict[str, Any], name: str, off: int) -> None:
    right = body["totals"][name]["amount"]
    body["totals"][name] = {"amount": right + off, "currency": body["currency"]}

    found = breaches(order_from(body, "ord_1"), now=NOW)

    assert [(each.pointer, each.detail) for each in found] == [(f"#/totals/{name}/amount", f"should be {right}")]


@given(bodies())
def test_a_document_survives_being_kept_in_two_halves(body: dict[str, Any]) -> None:
    before = deepcopy(body)

    kept, personal = apart(body)

    assert whole(kept, personal) == before == body
    assert order_from(kept, "ord_1") == order_from(body, "ord_1")
    known = addresses(kept, personal)
    assert {group["id"]: group["address"] for group in body["delivery_groups"] if "address" in group} == known
    assert "contact" not in kept["customer"]
    assert not any("address" in group for group in kept["delivery_groups"])


@given(bodies())
def test_documents_differ_exactly_where_one_was_changed(body: dict[str, Any]) -> None:
    other = deepcopy(body)
    other["lines"][-1]["quantity"] += 1
    other["payment"]["method"] = "changed"

    assert list(differing(body, body)) == []
    assert list(differing(body, other)) == [f"#/lines/{len(body['lines']) - 1}/quantity", "#/payment/method"]


@given(bodies())
def test_all_of_an_order_is_in_one_currency(body: dict[str, Any]) -> None:
    body["payment"]["amount"]["currency"] = "SEK"

    assert [each.pointer for each in breaches_of_shape(body)] == ["#/payment/amount/currency"]


@pytest.mark.parametrize(("ahead", "believed"), [(0, True), (300, True), (301, False)])
@given(body=bodies())
def test_a_channels_clock_may_be_five_minutes_ahead(body: dict[str, Any], ahead: int, believed: bool) -> None:
    body["placed_at"] = (NOW + timedelta(seconds=ahead)).isoformat()

    assert (breaches(order_from(body, "ord_1"), now=NOW) == []) is believed


def test_every_way_of_an_order_ends_in_one_of_three_states() -> None:
    ends = set(OrderStatus) - {move.before for move in TRANSITIONS}

    assert ends == {OrderStatus.COMPLETED, OrderStatus.REJECTED, OrderStatus.CANCELLED}


def test_every_state_is_reached_from_received() -> None:
    reached = {OrderStatus.RECEIVED}
    for _ in OrderStatus:
        reached |= {after for after in OrderStatus for before in reached if may_become(before, after)}

    assert reached == set(OrderStatus)


@pytest.mark.parametrize("status", OrderStatus)
def test_what_may_be_cancelled_is_offered_once(status: OrderStatus) -> None:
    offered = allowed_actions(status) == ("cancel",)

    assert offered == may_become(status, OrderStatus.CANCEL_REQUESTED)
    assert allowed_actions(status, cancel_asked=True) == ()


@given(bodies())
def test_a_gtin_is_kept_with_fourteen_digits(body: dict[str, Any]) -> None:
    body["lines"][0]["gtin"] = "5012345678900"

    assert order_from(body, "ord_1").lines[0].gtin == "05012345678900"
    assert breaches_of_shape(body) == []


@given(bodies(), st.integers(0, 12), st.integers(1, 9))
def test_a_mistyped_digit_of_a_gtin_is_noticed(body: dict[str, Any], place: int, off: int) -> None:
    digits = [int(digit) for digit in "5012345678900"]
    digits[place] = (digits[place] + off) % 10
    body["lines"][0]["gtin"] = "".join(map(str, digits))

    assert [each.code for each in breaches_of_shape(body)] == ["gtin_check_digit"]
