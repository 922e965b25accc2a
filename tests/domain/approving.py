"""A company in which people ask for, change, decide and forget approvals, beside a plain book of who has said what."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gateway.domain import approvals as law
from gateway.domain.approval_policy import Band, KindRule, StepRule
from gateway.domain.approvals import Approval, Asker, Attempt, Bar, Decision, Matter
from gateway.domain.money import Money

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
ROLES = {  # ann and bob could decide every step; cid nothing but the second
    "ann": frozenset({"approver", "finance", "admin"}),
    "bob": frozenset({"approver", "finance", "admin"}),
    "cid": frozenset({"finance"}),
    "dot": frozenset({"approver"}),
    "eve": frozenset({"admin"}),
    "fay": frozenset({"viewer"}),
}
people = st.sampled_from(sorted(ROLES))
contents = st.integers(0, 2)
amounts = st.sampled_from([100, 101, 501])

RULE = KindRule(
    {
        "GBP": (
            Band(100, ()),
            Band(500, (StepRule("approver", 5),)),
            Band(None, (StepRule("approver", 5), StepRule("finance", 5))),
        )
    }
)
NEEDED = {100: [], 101: ["approver"], 501: ["approver", "finance"]}


@dataclass(frozen=True, slots=True)
class Laws:
    """What the company goes by: the laws as they are, or one of them mistaken."""

    bar: Callable[[Approval, Attempt], Bar | None] = law.bar
    decide: Callable[[Approval, Attempt], Approval] = law.decide
    pass_on: Callable[[Approval], Approval] = law.pass_on


@dataclass(slots=True)
class Book:
    """Whoever has said yes or no to which content, each with the role that the step was of; by nobody's laws."""

    said: list[tuple[str, str, str]] = field(default_factory=list)  # verdict, person, role of the step
    roles: list[str] = field(default_factory=list)  # of the steps, as they stand now
    passed: set[int] = field(default_factory=set)


class Company(RuleBasedStateMachine):
    """One subject, whose content changes; only its newest approval counts."""

    def __init__(self, laws: Laws) -> None:
        super().__init__()
        self.laws = laws

    @initialize(content=contents, amount=amounts, asker=people)
    def begin(self, content: int, amount: int, asker: str) -> None:
        self._ask(content, amount, asker)

    def _ask(self, content: int, amount: int, asker: str) -> None:
        self.truth, self.asker, self.book = (content, amount), asker, Book(roles=list(NEEDED[amount]))
        self.approval = law.begun("apr", self._matter(content, amount), Asker(asker, asker), RULE, now=NOW)

    def _matter(self, content: int, amount: int) -> Matter:
        said: dict[str, Any] = {"lines": [content], "note": None}
        return Matter("refund", "rfd", Money(amount, "GBP"), said)

    @rule(content=contents, amount=amounts, asker=people)
    def change(self, content: int, amount: int, asker: str) -> None:
        if (content, amount) != self.truth:
            self._ask(content, amount, asker)

    @rule(by=people, yes=st.booleans(), content=contents, amount=amounts)
    def decide_what_they_may_not_have_seen(self, by: str, yes: bool, content: int, amount: int) -> None:
        self._decide(by, yes, content, amount)

    @rule(by=people, yes=st.sampled_from([True, True, False]))
    def decide(self, by: str, yes: bool) -> None:
        self._decide(by, yes, *self.truth)

    def _decide(self, by: str, yes: bool, content: int, amount: int) -> None:
        verdict: law.Verdict = "approved" if yes else "rejected"
        attempt = Attempt(Decision(verdict, by, "because", NOW), ROLES[by], self._matter(content, amount).content_hash)
        before = self.approval
        if self.laws.bar(before, attempt) is None:
            self.approval = self.laws.decide(before, attempt)
        if self.approval != before:
            assert (content, amount) == self.truth, "decided by somebody who saw something else"
            self._written(verdict, by)

    def _written(self, verdict: str, by: str) -> None:
        assert self._open, "what had ended was decided"
        here = len(self.book.said)
        assert by != self.asker, "decided by who asked"
        assert by not in {person for _, person, _ in self.book.said}, "one person decided twice"
        assert self.book.roles[here] in ROLES[by], "decided by somebody of another role"
        self.book.said.append((verdict, by, self.book.roles[here]))

    @property
    def _open(self) -> bool:
        refused = any(verdict == "rejected" for verdict, _, _ in self.book.said)
        return not refused and len(self.book.said) < len(self.book.roles)

    @precondition(lambda self: self._open)
    @rule()
    def time_is_over(self) -> None:
        here = len(self.book.said)
        if here not in self.book.passed:
            self.book.passed.add(here)
            self.book.roles[here] = "admin"
        self.approval = self.laws.pass_on(self.approval)

    @invariant()
    def it_stands_as_the_book_says(self) -> None:
        refused = any(verdict == "rejected" for verdict, _, _ in self.book.said)
        expected = "rejected" if refused else "pending" if self._open else "approved"
        assert self.approval.state == expected
        assert [step.role for step in self.approval.steps] == self.book.roles
        made = [step.decision for step in self.approval.steps if step.decision]
        assert [(each.verdict, each.by) for each in made] == [(verdict, by) for verdict, by, _ in self.book.said]

    @invariant()
    def whoever_is_offered_it_may(self) -> None:
        for by, roles in ROLES.items():
            if law.personal_bar(self.approval, by, roles) is None:
                assert self._open
                assert self.book.roles[len(self.book.said)] in roles
