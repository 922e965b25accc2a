"""The Saturday's reckoning: honest books are found right, and each way of cooking them is found out."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from gateway.cli.saturday_books import Purse, Seen, ours, reckon, theirs

Json = dict[str, Any]

DONE, GONE = "ful_done", "ful_gone"  # a part that was carried out, and one that was taken back


def money(amount: int) -> Json:
    return {"amount": amount, "currency": "GBP"}


def effect(system: str, kind: str, amount: int | None = None, *, key: str | None = None, order: str = "o") -> Json:
    named = {"system": system, "kind": kind, "order_id": order, "key": key, "reference": key or order}
    return {**named, "amount": money(amount) if amount is not None else None}


def move(reason: str, delta: int, node: str = "main") -> Json:
    order = "o" if reason == "shipment" else None
    return {"node": node, "sku": "TENT", "delta": delta, "reason": reason, "reference": order}


def part(name: str, status: str, amount: int) -> Json:
    return {"fulfilment_id": name, "status": status, "method": "ship_to_home", "amount": money(amount)}


def honest() -> Seen:
    """Six tents for 600: four came to nothing at one node, two have left another, and at that one was lost."""
    order = {
        "order_id": "o",
        "status": "completed",
        "payment_status": "captured",
        "totals": {"grand_total": money(600)},
        "fulfilments": [part(GONE, "cancelled", 400), part(DONE, "completed", 200)],
        "lines": [{"sku": "tent", "quantity": 6, "pieces": {"in_transit": 2, "cancelled": 4}}],
    }
    effects = [
        effect("psp", "authorisation", 600, key="o:hold_money"),
        effect("erp", "sales_order", 400, key=f"{GONE}:book_in_erp"),
        effect("erp", "sales_order", 200, key=f"{DONE}:book_in_erp"),
        effect("wms", "shipment", key=f"{GONE}:release_to_warehouse"),
        effect("wms", "shipment", key=f"{DONE}:release_to_warehouse"),
        effect("wms", "shipped", key=f"{DONE}:release_to_warehouse"),
        effect("psp", "capture", 200, key=f"{DONE}:take_money"),
        effect("erp", "invoice", 200, key=f"{DONE}:invoice"),
        effect("wms", "cancel", key=f"{GONE}:release_to_warehouse:undo"),
        effect("erp", "cancel", 400, key=f"{GONE}:book_in_erp:undo"),
        effect("psp", "void", 400, key="o:give_back_rest"),
        effect("psp", "authorisation", 50, order="earlier"),
    ]
    moves = [
        move("opening", 4),
        move("opening", 5, "north"),
        move("shrink", -1, "north"),
        move("shipment", -2, "north"),
    ]
    left = {("main", "TENT"): 4, ("north", "TENT"): 2}
    return Seen({"o": order}, effects, moves, left, dict(left), {"earlier"})


def without(seen: Seen, number: int) -> None:
    del seen.effects[number]  # type: ignore[attr-defined]


def again(seen: Seen, number: int) -> None:
    seen.effects.append(seen.effects[number])  # type: ignore[attr-defined]


def test_honest_books_are_found_right() -> None:
    assert reckon(honest()) == []
    assert ours(honest().orders["o"]) == theirs(honest().effects[:-1]) == Purse(600, 200, 400)


@pytest.mark.parametrize("number", range(11))
def test_no_effect_can_be_missing(number: int) -> None:
    without(seen := honest(), number)

    assert {finding.about for finding in reckon(seen)} == {"o"}


@pytest.mark.parametrize("number", range(11))
def test_no_effect_can_be_there_twice(number: int) -> None:
    again(seen := honest(), number)

    assert {finding.about for finding in reckon(seen)} == {"o"}


def changed(change: Callable[[Json], None]) -> Seen:
    seen = honest()
    change(seen.orders["o"])
    return seen


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        (lambda order: order.update(status="processing"), "lost"),
        (lambda order: order.update(payment_status="partially_captured"), "lost"),
        (lambda order: order["fulfilments"][1].update(amount=money(199)), "doubled"),
        (lambda order: order["fulfilments"][1].update(status="released"), "doubled"),
        (lambda order: order["fulfilments"].pop(0), "doubled"),
        (lambda order: order["lines"][0]["pieces"].update(in_transit=3, cancelled=3), "lost"),
        (lambda order: order["lines"][0]["pieces"].update(in_transit=1, cancelled=5), "doubled"),
        (lambda order: order["lines"][0]["pieces"].pop("cancelled"), "lost"),
    ],
)
def test_a_channel_cannot_be_told_otherwise(change: Callable[[Json], None], verdict: str) -> None:
    assert verdict in {finding.verdict for finding in reckon(changed(change))}


def test_effects_of_an_order_nobody_was_told_of_are_doubled() -> None:
    seen = honest()
    again(seen, 0)
    seen.effects[-1] = {**seen.effects[-1], "order_id": "stray"}  # type: ignore[index]

    assert [(finding.about, finding.verdict) for finding in reckon(seen)] == [("stray", "doubled")]


@pytest.mark.parametrize(
    ("for_sale", "there", "opened", "found"),
    [
        (2, 2, 5, []),
        (3, 2, 5, ["oversold"]),
        (1, 2, 5, ["lost"]),
        (2, 2, 2, ["oversold"]),
    ],
)
def test_what_we_would_sell_lies_there_and_no_more_was_sold_than_did(
    for_sale: int, there: int, opened: int, found: list[str]
) -> None:
    honestly = honest()
    moves = [deepcopy(each) for each in honestly.moves]
    moves[1]["delta"] = opened
    place = ("north", "TENT")
    seen = Seen(honestly.orders, honestly.effects, moves, {place: there}, {place: for_sale}, {"earlier"})

    assert [(finding.about, finding.verdict) for finding in reckon(seen)] == [("TENT at north", each) for each in found]
