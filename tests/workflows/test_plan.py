"""The plan is a pure function: every situation a journal can be in has one legal next thing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.ports import ACTION_NEEDED, Effect, Promise, RetryClass
from gateway.workflows.moves import Finish, Park, Pass, RunLocal, Send, Take, Tend, Turn, Wait
from gateway.workflows.operations import SAGAS
from gateway.workflows.plan import Record, Situation, absence_counts_from, may_repeat_at_once, plan
from gateway.workflows.saga import Refusal

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
PLACE_ORDER = SAGAS["place_order.v2"]  # with every kind of step but gates and branches
IN_PARTS, PART = SAGAS["place_order.v4"], SAGAS["fulfil.v2"]
KEYED = Promise(RetryClass.KEYED, window=86_400.0)
LOOK_UP = Promise(RetryClass.LOOK_UP_FIRST)
NATURAL = Promise(RetryClass.NATURAL)
MANIFESTS = {
    "payments": {"authorise": KEYED, "void": KEYED, "capture": KEYED},
    "erp": {"book": LOOK_UP, "cancel": NATURAL, "invoice": LOOK_UP},
    "wms": {"release": KEYED, "cancel": KEYED},
}
UP_TO_PIVOT = ("hold_money", "reserve_stock", "book_in_erp", "release_to_warehouse")


def record(name: str, state: str = "succeeded", **changes: object) -> Record:
    effect = Effect(f"id-{name}", name, "kind") if state == "succeeded" else None
    made = Record(name, state, f"ord_1:{name}", 1, NOW, NOW + timedelta(seconds=2), effect=effect)  # type: ignore[arg-type]
    return replace(made, **changes)  # type: ignore[arg-type]


def situation(*records: Record, **changes: object) -> Situation:
    made = Situation({r.name: r for r in records}, "forward", NOW)
    return replace(made, **changes)  # type: ignore[arg-type]


def done(*names: str) -> list[Record]:
    return [record(name) for name in names]


def test_a_new_run_holds_the_money_first() -> None:
    following = plan(PLACE_ORDER, situation(), MANIFESTS)

    assert isinstance(following, Send)
    assert (following.call, following.record) == ("do", "hold_money")


def test_stock_is_reserved_in_our_own_database() -> None:
    following = plan(PLACE_ORDER, situation(*done("hold_money")), MANIFESTS)

    assert isinstance(following, RunLocal)
    assert not following.undo


@pytest.mark.parametrize("state", ["intended", "unknown"])
@pytest.mark.parametrize("name", ["hold_money", "book_in_erp", "release_to_warehouse"])
def test_what_may_have_happened_is_asked_after_before_anything_else(name: str, state: str) -> None:
    before = UP_TO_PIVOT[: UP_TO_PIVOT.index(name)]

    following = plan(PLACE_ORDER, situation(*done(*before), record(name, state)), MANIFESTS)

    assert isinstance(following, Send)
    assert (following.call, following.record) == ("find", name)


def test_an_operation_that_can_neither_be_asked_nor_repeated_is_parked_when_unclear() -> None:
    never = {**MANIFESTS, "payments": {"authorise": Promise(RetryClass.NEVER)}}

    following = plan(PLACE_ORDER, situation(record("hold_money", "unknown")), never)

    assert isinstance(following, Park)
    assert following.code == "outcome_unknown"


def test_a_wish_to_stop_turns_the_run_before_the_release_is_intended() -> None:
    following = plan(PLACE_ORDER, situation(*done(*UP_TO_PIVOT[:3]), stop_wished=True), MANIFESTS)

    assert following == Turn("backward", None)


def test_a_wish_to_stop_waits_for_a_release_that_is_under_way() -> None:
    under_way = situation(*done(*UP_TO_PIVOT[:3]), record("release_to_warehouse", "intended"), stop_wished=True)

    following = plan(PLACE_ORDER, under_way, MANIFESTS)

    assert isinstance(following, Send)
    assert following.call == "find"


def test_a_refusal_turns_the_run_with_its_reason() -> None:
    refusal = Refusal("payment_declined", "no")

    following = plan(PLACE_ORDER, situation(record("hold_money", "rejected", refusal=refusal)), MANIFESTS)

    assert following == Turn("backward", refusal)


def test_after_the_pivot_a_refusal_is_an_operators_matter() -> None:
    beyond = situation(*done(*UP_TO_PIVOT, "await_shipment"), record("take_money", "rejected"))

    following = plan(PLACE_ORDER, beyond, MANIFESTS)

    assert isinstance(following, Park)
    assert following.code == "refused_after_pivot"


def test_after_the_pivot_a_wish_to_stop_changes_nothing() -> None:
    following = plan(PLACE_ORDER, situation(*done(*UP_TO_PIVOT, "await_shipment"), stop_wished=True), MANIFESTS)

    assert isinstance(following, Send)
    assert following.record == "take_money"


def test_the_shipment_wins_over_a_wish_to_stop_that_comes_with_it() -> None:
    both = situation(*done(*UP_TO_PIVOT), signalled=True, stop_wished=True)

    assert isinstance(plan(PLACE_ORDER, both, MANIFESTS), Take)


def test_the_wait_grows_and_a_woken_run_looks_for_itself() -> None:
    waiting = record("await_shipment", "intended", tries=2)

    longer = plan(PLACE_ORDER, situation(*done(*UP_TO_PIVOT), waiting), MANIFESTS)
    look = plan(PLACE_ORDER, situation(*done(*UP_TO_PIVOT), waiting, woken=True), MANIFESTS)

    assert isinstance(longer, Wait)
    assert longer.seconds == 240
    assert isinstance(look, Send)
    assert look.call == "look"


def test_the_way_back_undoes_in_reverse_and_only_what_happened() -> None:
    back = situation(*done("hold_money", "reserve_stock"), record("book_in_erp", "rejected"), direction="backward")

    first = plan(PLACE_ORDER, back, MANIFESTS)
    second = plan(PLACE_ORDER, replace(back, records={**back.records, "undo:reserve_stock": record("x")}), MANIFESTS)

    assert isinstance(first, RunLocal)
    assert first.undo
    assert isinstance(second, Send)
    assert (second.record, second.operation, second.subject) == ("undo:hold_money", "void", "id-hold_money")


def test_a_warehouse_that_refuses_to_stop_turns_the_run_forward_again() -> None:
    refused = situation(*done(*UP_TO_PIVOT), record("undo:release_to_warehouse", "rejected"), direction="backward")

    assert plan(PLACE_ORDER, refused, MANIFESTS) == Turn("forward", None)


def test_everything_undone_ends_the_run() -> None:
    undone = [record(name) for name in ("hold_money", "undo:hold_money")]

    assert plan(PLACE_ORDER, situation(*undone, direction="backward"), MANIFESTS) == Finish("backward")


def test_a_step_that_takes_longer_than_its_deadline_is_parked() -> None:
    late = situation(record("hold_money", "failed"), now=NOW + timedelta(days=2))

    following = plan(PLACE_ORDER, late, MANIFESTS)

    assert isinstance(following, Park)
    assert following.code == "deadline_passed"


def test_absence_counts_only_after_the_last_moment_of_sending_and_settling() -> None:
    assert absence_counts_from(record("book_in_erp", "unknown"), LOOK_UP) == NOW + timedelta(seconds=3)


@pytest.mark.parametrize(
    ("promise", "age", "expected"),
    [(NATURAL, 0, True), (KEYED, 0, True), (KEYED, 86_401, False), (LOOK_UP, 0, False)],
)
def test_a_key_is_repeated_only_while_the_back_end_remembers_it(promise: Promise, age: int, expected: bool) -> None:
    moment = NOW + timedelta(seconds=age)

    assert may_repeat_at_once(record("hold_money", "unknown"), promise, moment) is expected


def test_what_goes_on_from_an_effect_is_asked_after_by_it() -> None:
    cut_off = record("take_money", "intended")

    following = plan(PLACE_ORDER, situation(*done(*UP_TO_PIVOT, "await_shipment"), cut_off), MANIFESTS)

    assert isinstance(following, Send)
    assert (following.call, following.subject) == ("find", "id-hold_money")


PENDING = Effect("pi_1", "ord_1:hold_money", "authorisation", {"state": ACTION_NEEDED})
HELD = record("hold_money", effect=PENDING)


@pytest.mark.parametrize(
    ("records", "changes", "expected"),
    [
        ([record("hold_money")], {}, RunLocal),
        ([HELD], {}, Wait),
        ([HELD, record("await_customer", "intended")], {}, Wait),
        ([HELD, record("await_customer", "intended")], {"woken": True}, Send),
        ([HELD, record("await_customer", "intended")], {"woken": True, "stop_wished": True}, Turn),
        ([HELD, record("await_customer", "rejected", refusal=Refusal("payment_action_expired", ""))], {}, Turn),
        ([HELD, record("await_customer", effect=None)], {}, RunLocal),
    ],
    ids=["needs nobody", "begins to wait", "waits", "looks when woken", "is stopped", "turns back", "goes on"],
)
def test_a_customer_is_waited_for_only_where_a_bank_wants_them(
    records: list[Record], changes: dict[str, bool], expected: type
) -> None:
    assert isinstance(plan(PLACE_ORDER, situation(*records, **changes), MANIFESTS), expected)


@pytest.mark.parametrize(("tries", "elapsed", "seconds"), [(1, 60, 30), (9, 60, 240), (9, 1_790, 10), (9, 9_999, 1)])
def test_the_wait_for_a_customer_grows_and_ends_in_time(tries: int, elapsed: int, seconds: int) -> None:
    waits = record("await_customer", "intended", tries=tries, begun_at=NOW - timedelta(seconds=elapsed))

    following = plan(PLACE_ORDER, situation(HELD, waits), MANIFESTS)

    assert isinstance(following, Wait)
    assert following.seconds == seconds


def test_a_run_that_began_without_that_wait_does_not_meet_it() -> None:
    assert isinstance(plan(SAGAS["place_order.v1"], situation(HELD), MANIFESTS), RunLocal)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Pass(PART.step("await_go"))),
        ({"hindered": 30}, Wait(PART.step("await_go"), 30)),
        ({"hindered": 30, "stop_wished": True}, Turn("backward", None)),
        ({"stop_wished": True}, Turn("backward", None)),
    ],
    ids=["nothing hinders", "is hindered", "is stopped while it waits", "is stopped before it goes on"],
)
def test_a_gate_is_passed_once_nothing_stands_against_it(changes: dict[str, object], expected: object) -> None:
    at_gate = situation(record("book_in_erp"), record("await_go", "intended"), **changes)

    assert plan(PART, at_gate, MANIFESTS) == expected


def test_a_gate_that_was_passed_is_not_undone() -> None:
    back = situation(*done("book_in_erp", "await_go"), direction="backward")

    following = plan(PART, back, MANIFESTS)

    assert isinstance(following, Send)
    assert following.record == "undo:book_in_erp"


@pytest.mark.parametrize("changes", [{}, {"stop_wished": True}, {"woken": True}], ids=["begins", "is stopped", "woken"])
def test_branches_are_tended_whatever_happens_and_answer_a_wish_to_stop_themselves(changes: dict[str, bool]) -> None:
    waits = situation(*done("hold_money", "reserve_stock"), record("fulfil", "intended"), **changes)

    assert plan(IN_PARTS, waits, MANIFESTS) == Tend(IN_PARTS.step("fulfil"))


def test_once_nothing_is_left_for_branches_the_way_back_goes_past_them() -> None:
    back = situation(*done("hold_money", "reserve_stock"), record("fulfil", "intended"), direction="backward")

    following = plan(IN_PARTS, back, MANIFESTS)

    assert isinstance(following, RunLocal)
    assert (following.step.name, following.undo) == ("reserve_stock", True)


REST = record("fulfil", effect=Effect("ord_1", "ord_1:fulfil", "fulfilled", {"rest": "250"}))


def test_a_step_is_left_out_unless_what_it_is_there_for_is_so() -> None:
    all_taken = plan(IN_PARTS, situation(*done("hold_money", "reserve_stock", "fulfil")), MANIFESTS)
    some_left = plan(IN_PARTS, situation(*done("hold_money", "reserve_stock"), REST), MANIFESTS)

    assert all_taken == Finish("forward")
    assert isinstance(some_left, Send)
    assert (some_left.record, some_left.operation, some_left.subject) == ("give_back_rest", "void", "id-hold_money")


def test_after_its_branches_a_refusal_is_an_operators_matter() -> None:
    refused = situation(*done("hold_money", "reserve_stock"), REST, record("give_back_rest", "rejected"))

    following = plan(IN_PARTS, refused, MANIFESTS)

    assert isinstance(following, Park)
    assert following.code == "refused_after_pivot"


def test_a_branch_goes_on_from_what_the_run_above_brought_about() -> None:
    above = {"hold_money": Effect("auth_1", "ord_1:hold_money", "authorisation")}
    before = done("book_in_erp", "await_go", "release_to_warehouse", "await_shipment")

    following = plan(PART, situation(*before, given=above), MANIFESTS)

    assert isinstance(following, Send)
    assert (following.record, following.subject) == ("take_money", "auth_1")
