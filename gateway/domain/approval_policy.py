"""Who has to say yes to what: by kind and amount, the roles in order and how long each has."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.domain.money import Money


@dataclass(frozen=True, slots=True)
class StepRule:
    """A yes that is needed: of which role, and within how many minutes."""

    role: str
    minutes: int


Chain = tuple[StepRule, ...]  # in order; empty: the policy says yes at once

_STRICT: Chain = (StepRule("approver", 240), StepRule("finance", 480))


@dataclass(frozen=True, slots=True)
class Band:
    """Amounts up to and with *up_to* minor units; None: whatever is more."""

    up_to: int | None
    steps: Chain


@dataclass(frozen=True, slots=True)
class KindRule:
    """*otherwise*: for currencies without bands. *escalate_to*: the role that an undecided step is passed to."""

    bands: Mapping[str, tuple[Band, ...]] = field(default_factory=dict)
    otherwise: Chain = _STRICT
    escalate_to: str = "admin"

    def chain(self, amount: Money) -> Chain:
        for band in self.bands.get(amount.currency, ()):
            if band.up_to is None or amount.amount <= band.up_to:
                return band.steps
        return self.otherwise


@dataclass(frozen=True, slots=True)
class ApprovalPolicy:
    """What it does not name needs an approver and finance, whatever the amount."""

    kinds: Mapping[str, KindRule] = field(default_factory=dict)

    def rule(self, kind: str) -> KindRule:
        return self.kinds.get(kind, _UNNAMED)


_UNNAMED = KindRule()
