"""Builds that are wrong in a way we know: run as whole processes through a little chaos, and found out."""

from pathlib import Path

import pytest

from tests.chaos.checker import check
from tests.chaos.short_run import short_run
from tests.chaos.weaken import PATCHES, patched

pytestmark = pytest.mark.proof


async def test_without_operation_keys_effects_are_doubled_and_the_checker_says_so(
    database_url: str, home: Path
) -> None:
    tree = patched(PATCHES / "no_operation_keys.patch", home / "weakened")

    async with short_run(database_url, home, tree=tree) as run:
        await run.answers_lost()
        violations = check(await run.evidence())

    found = {violation.invariant for violation in violations}
    print(f"\nno operation keys: {len(violations)} violations of {', '.join(sorted(found))}")
    assert any(each.sentence.startswith("2 effects psp authorisation") for each in violations)
    assert any("has 2 effects erp sales_order" in each.sentence for each in violations)


async def test_an_acknowledgement_before_its_commit_is_lost_with_its_edge_and_the_checker_says_so(
    database_url: str, home: Path
) -> None:
    tree = patched(PATCHES / "ack_before_commit.patch", home / "weakened")

    async with short_run(database_url, home, tree=tree) as run:
        await run.edge_killed()
        violations = check(await run.evidence())

    lost = [each for each in violations if each.sentence == "was acknowledged, and Omnigate does not know it"]
    print(f"\nack before commit: {len(lost)} of the {len(violations)} violations are lost orders")
    assert lost
