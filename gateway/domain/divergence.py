"""Two sources that disagree about one place: by how much, whether that matters, and what it looks like."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.domain.inventory import InventoryPolicy

PATIENCE = 2  # reports in which a difference may clear by itself
PACKS = (6, 10, 12, 20, 24, 48, 100)  # what goods are packed in


class Kind(StrEnum):
    """What a difference looks like; only a person can know what it is."""

    TIMING = "timing"  # one of them has not heard yet
    MISSING = "missing"  # a fact that one of them was never told
    DUPLICATE = "duplicate"  # a fact that one of them counts more often
    SEMANTICS = "semantics"  # one of them subtracts orders, or does not, against its word
    PACK = "pack"  # one of them counts packs
    SHRINK = "shrink"  # nothing that was told explains it


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The truth and a witness at one moment, each with what it says is available."""

    truth: int
    witness: int
    numbers: tuple[int, int] = (0, 0)  # as they told them, before anything is subtracted: truth's, witness's
    claims: int = 0  # of orders that are open here
    reports: int = 1  # that did not clear it, this one among them
    told: Mapping[str, Iterable[int]] = field(default_factory=dict)  # truth, witness -> quantities of its facts

    @property
    def units(self) -> int:
        """More than nothing: the truth says more."""
        return self.truth - self.witness

    def matters(self, policy: InventoryPolicy) -> bool:
        largest = max(abs(number) for number in (*self.numbers, self.truth, self.witness))
        return abs(self.units) > policy.tolerance(largest)

    def is_severe(self, policy: InventoryPolicy) -> bool:
        return abs(self.units) > policy.divergence_severe or min(self.truth, self.witness) < 0


def classified(difference: Difference) -> Kind:
    """What is most likely, from the surest sign to none. Young ones may be on their way to clear."""
    if difference.reports <= PATIENCE:
        return Kind.TIMING
    return looks_like(difference)


def looks_like(difference: Difference) -> Kind:
    if difference.claims and abs(difference.units) == difference.claims:
        return Kind.SEMANTICS
    smaller, larger = sorted(difference.numbers)
    if smaller > 0 and any(smaller * pack == larger for pack in PACKS):
        return Kind.PACK
    return _of_a_fact(difference) or Kind.SHRINK


def _of_a_fact(difference: Difference) -> Kind | None:
    """The fact that one of them has more often than the other, if counting it alike would settle the difference."""
    truth, witness = (Counter(difference.told.get(who, ())) for who in ("truth", "witness"))
    for quantity in sorted(truth.keys() | witness.keys()):
        often = truth[quantity] - witness[quantity]
        if often and quantity * often == difference.units:
            return Kind.DUPLICATE if min(truth[quantity], witness[quantity]) else Kind.MISSING
    return None
