"""What an outcome means is decided by evidence and the retry class, never by a timer alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ports import Effect, Promise, RetryClass
from gateway.store.journal import Intent
from gateway.workflows.calls import Call, Kind, Outcome
from gateway.workflows.moves import Park, Send, Sleep
from gateway.workflows.operations import SAGAS
from gateway.workflows.outcomes import LONGEST_PAUSE, Circumstances, Settled, pause_after, settle
from gateway.workflows.plan import Record
from gateway.workflows.saga import Step

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
SENT = NOW - timedelta(seconds=1)  # send_by: with a settle delay of one second, absence counts from NOW on
KEYED = Promise(RetryClass.KEYED, window=86_400.0)
LOOK_UP = Promise(RetryClass.LOOK_UP_FIRST)
EFFECT = Effect("so_1", "k", "sales_order")
STEP = SAGAS["fulfil.v2"].step("book_in_erp")
RECORD = Record("book_in_erp", "unknown", "k", 1, NOW - timedelta(seconds=5), SENT, SENT)
AROUND = Circumstances(NOW, 0.5, undone_next=False)


def outcome(kind: Kind, call: str = "do", *, found: tuple[Effect, ...] = (), code: str = "") -> Outcome:
    assert isinstance(STEP, Step)
    send = Send(STEP, call, "book_in_erp", "book")  # type: ignore[arg-type]
    intent = Intent("book_in_erp", 1, call, "erp", "book", "k", 2.0)
    return Outcome(Call(send, intent, SENT), kind, found=found, code=code)


def looked(promise: Promise, *found: Effect, record: Record = RECORD, around: Circumstances = AROUND) -> Settled:
    return settle(outcome("found", "find", found=found), record, promise, around)


def test_one_match_is_the_effect() -> None:
    assert looked(LOOK_UP, EFFECT) == Settled("succeeded", EFFECT)


def test_two_matches_are_nobodys_to_choose_from() -> None:
    following = looked(LOOK_UP, EFFECT, replace(EFFECT, id="so_2")).following

    assert isinstance(following, Park)
    assert following.code == "duplicate_effect"


@pytest.mark.parametrize("promise", [KEYED, LOOK_UP])
def test_absence_proves_something_once_nothing_can_land_any_more(promise: Promise) -> None:
    assert looked(promise).state == "failed"


def test_before_that_a_back_end_without_keys_is_waited_for() -> None:
    early = replace(AROUND, now=NOW - timedelta(milliseconds=1))

    settled = looked(LOOK_UP, around=early)

    assert settled.state == "unknown"
    assert isinstance(settled.following, Sleep)
    assert settled.following.until > NOW


def test_before_that_a_back_end_with_keys_is_sent_the_same_key_again() -> None:
    early = replace(AROUND, now=NOW - timedelta(milliseconds=1))

    settled = looked(KEYED, around=early)

    assert settled.state == "unknown"
    assert isinstance(settled.following, Send)
    assert settled.following.call == "do"


def test_what_is_only_asked_after_to_be_undone_is_never_sent_again() -> None:
    early = replace(AROUND, now=NOW - timedelta(milliseconds=1), undone_next=True)

    assert isinstance(looked(KEYED, around=early).following, Sleep)


def test_a_call_that_failed_leaves_an_earlier_doubt_standing() -> None:
    certain, doubtful = replace(RECORD, doubt=None), RECORD

    assert settle(outcome("failed"), certain, KEYED, AROUND).state == "failed"
    assert settle(outcome("failed"), doubtful, KEYED, AROUND).state == "unknown"


def test_a_refusal_is_final_and_speaks_our_words() -> None:
    settled = settle(outcome("rejected", code="unknown_sku"), RECORD, LOOK_UP, AROUND)

    assert settled.state == "rejected"
    assert settled.refusal is not None
    assert settled.refusal.code == "unknown_sku"


@pytest.mark.parametrize("kind", ["failed", "unknown", "rejected"])
def test_a_question_that_fails_changes_nothing_but_the_hour(kind: Kind) -> None:
    settled = settle(outcome(kind, "find"), RECORD, LOOK_UP, AROUND)

    assert settled.state is None
    assert isinstance(settled.following, Sleep)


@given(tries=st.integers(0, 10_000), dice=st.floats(0, 1))
def test_pauses_are_bounded_and_never_nothing(tries: int, dice: float) -> None:
    assert 0.1 <= pause_after(tries, dice) <= LONGEST_PAUSE
