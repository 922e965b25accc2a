"""The Monday's reckoning: honest books are found right, and each way of cooking them is found out."""

from copy import deepcopy
from typing import Any

import pytest

from gateway.cli.monday import Monday
from gateway.cli.monday_books import Back, reckon, rows, total
from gateway.cli.monday_scenes import ALONE

Json = dict[str, Any]


def effect(system: str, kind: str, amount: int, name: str, *, order: str = "o", **data: str) -> Json:
    money = {"amount": amount, "currency": "GBP"}
    return {"system": system, "kind": kind, "order_id": order, "id": name, "amount": money, "data": data}


def honest() -> Back:
    """35.00 of an order went back; what else there is in the books is no money that went back."""
    refund = {"status": "succeeded", "amount": {"amount": 3500, "currency": "GBP"}}
    seen = {"return_id": "ret_1", "channel_return_id": "monday-o", "status": "closed", "refunds": [refund]}
    effects = [
        effect("psp", "refund", 3500, "re_1"),
        effect("erp", "credit_memo", 3500, "cm_1", refund="re_1"),
        effect("psp", "capture", 7000, "ca_1"),
        effect("erp", "invoice", 7000, "in_1", order="other"),
    ]
    return Back({"o": seen}, effects)


def test_honest_books_agree() -> None:
    everything = total(rows(honest()))

    assert reckon(honest()) == []
    assert (everything.refunded, everything.credited, everything.paid, everything.agrees) == (3500, 3500, 3500, True)


@pytest.mark.parametrize("number", [0, 1])
def test_neither_refund_nor_credit_memo_is_missing_twice_there_or_a_penny_off(number: int) -> None:
    missing, twice, short = (deepcopy(list(honest().effects)) for _ in range(3))
    del missing[number]
    twice.append(twice[number])
    short[number]["amount"]["amount"] -= 1

    verdicts = [
        [finding.verdict for finding in reckon(Back(honest().returns, each))] for each in (missing, twice, short)
    ]

    assert verdicts == [["lost"], ["doubled"], ["lost"]]


@pytest.mark.parametrize(
    "changed",
    [{"status": "inspecting"}, {"refunds": []}, {"refunds": [{"status": "unknown", "amount": {"amount": 3500}}]}],
)
def test_a_return_that_is_not_paid_back_in_full_is_found(changed: Json) -> None:
    assert reckon(Back({"o": {**honest().returns["o"], **changed}}, honest().effects)) != []


def test_a_credit_memo_of_another_refund_is_found() -> None:
    effects = deepcopy(list(honest().effects))
    effects[1]["data"]["refund"] = "re_2"

    assert [finding.verdict for finding in reckon(Back(honest().returns, effects))] == ["lost"]


def test_money_that_goes_back_for_nothing_is_found() -> None:
    effects = [*honest().effects, effect("psp", "refund", 100, "re_9", order="other")]

    assert [(each.about, each.verdict) for each in reckon(Back(honest().returns, effects))] == [("other", "doubled")]


def test_a_return_that_ends_otherwise_and_money_that_differs_are_complaints() -> None:
    twice = Back(honest().returns, [*honest().effects, honest().effects[0]])
    well = Monday({ALONE: ALONE.expected}, rows(honest()), [], [], 1.0)
    badly = Monday({ALONE: "no end"}, rows(twice), reckon(twice), [], 1.0)

    assert well.complaints() == []
    assert badly.complaints() == [
        "doubled: ret_1: we say 3500 went back, and 7000 were paid back",
        f"{ALONE.title}: no end, and not {ALONE.expected}",
    ]
