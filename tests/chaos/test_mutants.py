"""A real run is found sound; two hundred ways of making its evidence wrong are found out, each of them."""

from collections import Counter
from pathlib import Path

import pytest

from tests.chaos.checker import INVARIANTS, check, read, write
from tests.chaos.mutants import MUTATIONS, mutants
from tests.chaos.short_run import short_run

pytestmark = pytest.mark.proof

SEED, COUNT = 20261126, 200


async def test_every_mutant_of_a_sound_run_is_flagged_and_the_run_itself_is_not(database_url: str, home: Path) -> None:
    async with short_run(database_url, home) as run:
        await run.every_end()
        await run.answers_lost()
        await run.copies()
        await run.edge_killed()
        await run.worker_killed()
        write(await run.evidence(), home / "run.jsonl")
    evidence = read(home / "run.jsonl")

    statuses = Counter("parked" if order.parked else order.status for order in evidence.orders)
    assert statuses.keys() == {"completed", "rejected", "cancelled", "parked"}
    assert check(evidence) == []
    found = [(name, check(mutant)) for name, mutant in mutants(evidence, seed=SEED, count=COUNT)]
    assert len(found) == COUNT
    assert {name for name, _ in found} == {mutation.__name__ for mutation in MUTATIONS}
    assert [name for name, violations in found if not violations] == []
    by_invariant = Counter(name for _, violations in found for name in {each.invariant for each in violations})
    assert by_invariant.keys() == INVARIANTS.keys()
    print(f"\n{dict(statuses)}, {len(evidence.effects)} effects, {len(evidence.exchanges)} requests: sound")
    print(f"{COUNT} mutants of seed {SEED}, all flagged: {dict(by_invariant)}")
