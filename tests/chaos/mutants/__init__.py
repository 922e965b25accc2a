"""Evidence that is wrong: each mutation chooses, by seed, among records whose change contradicts what stays."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from itertools import cycle
from random import Random

from tests.chaos.checker.evidence import Evidence
from tests.chaos.mutants.accounts import ACCOUNTS
from tests.chaos.mutants.buying import BUYING
from tests.chaos.mutants.given import Given
from tests.chaos.mutants.hands import HANDS
from tests.chaos.mutants.ledgers import LEDGERS
from tests.chaos.mutants.parts import PARTS
from tests.chaos.mutants.refunds import REFUNDS
from tests.chaos.mutants.renewals import RENEWALS

__all__ = ["MUTATIONS", "mutants"]

MUTATIONS: tuple[Callable[[Given], Evidence], ...] = (
    *(*LEDGERS, *PARTS, *ACCOUNTS, *HANDS, *REFUNDS, *RENEWALS),
    *BUYING,
)


def mutants(evidence: Evidence, *, seed: int, count: int) -> Iterator[tuple[str, Evidence]]:
    """*count* different mutants, each mutation in turn; where one can do nothing new, the next one does."""
    given, seen = Given(evidence, Random(seed)), {_digest(evidence)}
    for mutation in cycle(MUTATIONS):
        if len(seen) > count:
            return
        mutant = mutation(given)
        digest = _digest(mutant)
        if digest not in seen:
            seen.add(digest)
            yield mutation.__name__, mutant


def _digest(evidence: Evidence) -> int:
    return hash(repr(asdict(evidence)))
