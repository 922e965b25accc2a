"""Builds that are wrong in a way we know: run as whole processes through a little chaos, and found out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.chaos.checker import check
from tests.chaos.gather import witness
from tests.chaos.short_run import ShortRun
from tests.chaos.weaken import PATCHES, patched
from tests.proof.rig import open_rig

pytestmark = pytest.mark.proof


@asynccontextmanager
async def weakened(patch: str, database_url: str, home: Path) -> AsyncIterator[ShortRun]:
    tree = patched(PATCHES / patch, home / "weakened")
    async with open_rig(database_url, home, tree=tree) as rig:
        edge, address = await rig.start_edge()
        rig.start_worker()
        async with witness(rig, address) as web:
            yield ShortRun(rig, web, edge)


async def test_without_operation_keys_effects_are_doubled_and_the_checker_says_so(
    database_url: str, home: Path
) -> None:
    async with weakened("no_operation_keys.patch", database_url, home) as run:
        await run.answers_lost()
        violations = check(await run.evidence())

    found = {violation.invariant for violation in violations}
    print(f"\nno operation keys: {len(violations)} violations of {', '.join(sorted(found))}")
    assert any(each.sentence.startswith("2 effects psp authorisation") for each in violations)
    assert any(each.sentence.startswith("2 effects erp sales_order") for each in violations)
    assert "I11" not in found


async def test_an_acknowledgement_before_its_commit_is_lost_with_its_edge_and_the_checker_says_so(
    database_url: str, home: Path
) -> None:
    async with weakened("ack_before_commit.patch", database_url, home) as run:
        await run.edge_killed()
        violations = check(await run.evidence())

    lost = [each for each in violations if each.sentence == "was acknowledged, and Omnigate does not know it"]
    print(f"\nack before commit: {len(lost)} of the {len(violations)} violations are lost orders")
    assert lost
    assert "I11" not in {violation.invariant for violation in violations}
