"""Approvals: no way to a yes without every step, each by another and the right person, on the same content."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from gateway.domain import approvals as law
from gateway.domain.approvals import Approval, Attempt, Bar, Matter
from gateway.domain.money import Money
from tests.domain.approving import Company, Laws

QUICK = settings(
    max_examples=150, stateful_step_count=12, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
ONCE = settings(QUICK, max_examples=2_000, phases=(Phase.generate,), derandomize=True, report_multiple_bugs=False)


def live(laws: Laws, how: settings) -> None:
    run_state_machine_as_test(lambda: Company(laws), settings=how)  # type: ignore[arg-type]


def test_no_way_leads_to_a_yes_but_the_whole_chain() -> None:
    live(Laws(), QUICK)


def whatever_they_saw(approval: Approval, attempt: Attempt) -> Bar | None:
    return law.bar(approval, replace(attempt, content_hash=approval.content_hash))


def askers_may(approval: Approval, attempt: Attempt) -> Bar | None:
    found = law.bar(approval, attempt)
    return None if found == "own_request" else found


def twice_is_fine(approval: Approval, attempt: Attempt) -> Bar | None:
    found = law.bar(approval, attempt)
    return None if found == "second_step" else found


def any_role_will_do(approval: Approval, attempt: Attempt) -> Bar | None:
    found = law.bar(approval, attempt)
    return None if found == "other_role" else found


def the_first_yes_is_enough(approval: Approval, attempt: Attempt) -> Approval:
    after = law.decide(approval, attempt)
    return replace(after, state="approved") if after.at is not None else after


def a_no_is_a_step_like_any_other(approval: Approval, attempt: Attempt) -> Approval:
    after = law.decide(approval, attempt)
    more = any(step.decision is None for step in after.steps)
    return replace(after, state="pending") if after.state == "rejected" and more else after


def silence_is_a_yes(approval: Approval) -> Approval:
    return replace(law.pass_on(approval), state="approved")


def again_and_again(approval: Approval) -> Approval:
    passed = law.pass_on(approval)
    if passed is approval and approval.at is not None:
        return replace(approval, steps=tuple(replace(step, role="viewer") for step in approval.steps))
    return passed


@pytest.mark.parametrize(
    "mistaken",
    [
        *(Laws(bar=each) for each in (whatever_they_saw, askers_may, twice_is_fine, any_role_will_do)),
        *(Laws(decide=each) for each in (the_first_yes_is_enough, a_no_is_a_step_like_any_other)),
        *(Laws(pass_on=each) for each in (silence_is_a_yes, again_and_again)),
    ],
    ids=lambda laws: next(
        each.__name__ for each in (laws.bar, laws.decide, laws.pass_on) if each.__module__ == __name__
    ),
)
def test_the_model_notices_a_mistake(mistaken: Laws) -> None:
    with pytest.raises(AssertionError):
        live(mistaken, ONCE)


def matter(**changed: Any) -> Matter:
    said: dict[str, Any] = {"kind": "refund", "subject": "rfd_1", "amount": Money(5, "GBP"), "content": {"a": [1, "1"]}}
    return Matter(**{**said, **changed})


def test_whatever_is_approved_is_part_of_the_hash() -> None:
    others = [
        matter(kind="invoice"),
        matter(subject="rfd_2"),
        matter(amount=Money(6, "GBP")),
        matter(amount=Money(5, "EUR")),
        matter(content={"a": ["1", 1]}),
        matter(content={"a": [1, "1"], "b": None}),
        matter(content={"A": [1, "1"]}),
    ]

    assert len({each.content_hash for each in (matter(), *others)}) == 1 + len(others)
    assert matter(content={"a": (1, "1")}).content_hash == matter().content_hash


@pytest.mark.parametrize("content", [{"price": 1.5}, {"a": [{"b": 1e3}]}, {1: "one"}, {"at": object()}])
def test_what_can_be_written_in_two_ways_is_not_approved(content: Any) -> None:
    with pytest.raises(TypeError):
        matter(content=content)


def test_nobody_approves_less_than_nothing() -> None:
    with pytest.raises(ValueError, match="less than nothing"):
        matter(amount=Money(-1, "GBP"))
