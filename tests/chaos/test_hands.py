"""What I13 can say: each case changes one thing in evidence of goods that were fetched, taken back and sent."""

from dataclasses import replace

import pytest

from tests.chaos.checker import check
from tests.chaos.checker.evidence import Effect, Evidence, Exchange, Message, Order, Part, Queue
from tests.chaos.honest import Change, both, changed, dropped, honest, repeated

FETCHED, TAKEN_BACK, SENT, UNSENT = "ord_fetched", "ord_taken_back", "ord_sent", "ord_unsent"
STORE = ("task", "accepted", "ready")
STORIES = {
    FETCHED: ("completed", "bopis", (*STORE, "handed_over")),
    TAKEN_BACK: ("cancelled", "curbside", (*STORE, "cancel")),
    SENT: ("completed", "ship_to_home", (*STORE, "label", "handed_over")),
    UNSENT: ("cancelled", "ship_to_home", (*STORE, "label", "cancel", "void")),
}


def fetching() -> Evidence:
    orders = tuple(_order(order_id, *story[:2]) for order_id, story in STORIES.items())
    effects = [_effect(order_id, kind) for order_id, (_, _, kinds) in STORIES.items() for kind in kinds]
    codes = ((FETCHED, "111111"), (TAKEN_BACK, "222222"))
    return replace(
        honest(),
        wanted=(),
        attempts=(),
        shelves=(),
        exchanges=(_asked(FETCHED, "999999", 409), _asked(FETCHED, "111111", 200), _asked(TAKEN_BACK, "222222", 409)),
        effects=tuple(replace(each, sequence=at) for at, each in enumerate(effects, 1)),
        orders=orders,
        messages=tuple(Message(order_id=name, kind="ready_for_pickup", code=code) for name, code in codes),
        queues=(
            Queue(at=1.0, sku="STOOL-6", waiting=((SENT, 2), (FETCHED, 2))),
            Queue(at=2.0, sku="STOOL-6", waiting=((SENT, 1), (FETCHED, 2))),
            Queue(at=3.0, sku="STOOL-6", waiting=((FETCHED, 1),)),
        ),
    )


def _part(order_id: str) -> str:
    return order_id.replace("ord_", "ful_")


def _order(order_id: str, status: str, method: str) -> Order:
    part = Part(part_id=_part(order_id), status=status, amount=700, lines=(("1", 1),), method=method)
    named = {"partner": "web", "channel": "web-uk", "channel_order_id": order_id}
    return Order(order_id=order_id, status=status, version=1, events=(), parts=(part,), **named)


def _effect(order_id: str, kind: str) -> Effect:
    name = f"{_part(order_id)}:{kind}"
    system = "carrier" if kind in ("label", "void") else "store"
    plain = {"amount": None, "currency": None, "lines": None}
    return Effect(
        system=system, sequence=0, kind=kind, id=f"{system} of {order_id}", key=name, reference=name, order_id=order_id,
        **plain,  # type: ignore[arg-type]
    )  # fmt: skip


def _asked(order_id: str, code: str, status: int) -> Exchange:
    return Exchange(
        sent=10.0,
        answered=10.5,
        partner="web",
        operation="collect",
        key=code,
        order_id=order_id,
        status=status,
        body=f"{order_id} {status}",
        part=_part(order_id),
        code=code,
    )


CASES = [
    (repeated("exchanges", 1, body="later"), FETCHED, "ful_fetched was handed over twice, at different moments"),
    (
        changed("exchanges", 1, code="999999"),
        FETCHED,
        "ful_fetched was handed over against a code that its customer was never told",
    ),
    (changed("exchanges", 2, status=200), TAKEN_BACK, "ful_taken_back was handed over, and is cancelled"),
    (
        changed("exchanges", 2, status=200),
        TAKEN_BACK,
        "ful_taken_back was handed over, and its store was asked to put it back",
    ),
    (
        changed("exchanges", 1, status=503),
        FETCHED,
        "ful_fetched is completed, and no till was told that it may be handed over",
    ),
    (repeated("exchanges", 1, part="ful_nobodys"), None, "ful_nobodys was handed over, and is no part of any order"),
    (repeated("messages", 0, code="333333"), FETCHED, "2 codes were told, for 1 parts that were ready"),
    (dropped("effects", 1), FETCHED, "ful_fetched was ready by its store without accepted"),
    (dropped("effects", 7), TAKEN_BACK, "ful_taken_back has ended, and its store's task came to 0 ends"),
    (dropped("effects", 10), SENT, "ful_sent has a label, and its goods were never ready"),
    (dropped("effects", 11), SENT, "ful_sent has left with 0 labels instead of 1"),
    (
        repeated("effects", 18, order_id=SENT, key="ful_sent:void", id="carrier of ord_sent"),
        SENT,
        "ful_sent has left, and its label is void",
    ),
    (dropped("effects", 18), UNSENT, "ful_unsent is cancelled, and 1 of its labels can be used"),
    (
        changed("queues", 1, waiting=((SENT, 2), (FETCHED, 1))),
        FETCHED,
        f"was given STOOL-6 while {SENT}, which had come before it, waited",
    ),
    (
        changed("queues", 1, waiting=((SENT, 1),)),
        FETCHED,
        f"was given STOOL-6 while {SENT}, which had come before it, waited",
    ),
]


@pytest.mark.parametrize(("change", "order", "sentence"), CASES)
def test_what_goes_wrong_at_the_counter_is_named(change: Change, order: str | None, sentence: str) -> None:
    violations = check(change(fetching()), only=["I13"])

    assert (order, sentence) in [(each.order, each.sentence) for each in violations]
    assert {each.invariant for each in violations} == {"I13"}


def test_nothing_is_wrong_with_goods_that_were_fetched_once() -> None:
    assert check(fetching(), only=["I13"]) == []


NOTHING_WRONG = [
    repeated("exchanges", 1, key="once more"),  # says since when they have it
    both(changed("queues", 1, waiting=((FETCHED, 1),)), changed("queues", 2, waiting=())),
    both(changed("orders", 2, status="cancelled"), changed("queues", 1, waiting=((SENT, 2), (FETCHED, 1)))),
    both(changed("orders", 1, parked="cancelled_by_store"), dropped("effects", 7)),
]


@pytest.mark.parametrize("change", NOTHING_WRONG)
def test_what_may_be_is_no_violation(change: Change) -> None:
    assert check(change(fetching()), only=["I13"]) == []
