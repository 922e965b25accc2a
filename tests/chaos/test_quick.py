"""Every point of chaos in its quick size: nothing lost, nothing doubled, nothing needlessly parked."""

import secrets
from pathlib import Path

import pytest

from gateway.workflows.operations import SAGAS
from tests.chaos.points import POINTS
from tests.chaos.runner import Order, run_all
from tests.tools import tool

pytestmark = pytest.mark.proof

LANES = 2


async def test_installations_hold_at_every_point_of_quick_chaos(tmp_path: Path) -> None:
    tool("strace")
    seed = secrets.randbelow(1_000_000)

    verdicts = await run_all(list(POINTS), Order(seed, full=False, keep=tmp_path), lanes=LANES)

    for each in verdicts:
        print(f"\nchaos, seed {seed}: {each.point} in {each.seconds:.0f} s: {dict(each.counts)}")
    assert {each.point for each in verdicts} == set(POINTS)
    met = {name for each in verdicts for name in each.counts.get("workflows", ())}
    assert set(newest()) - met == set()
    assert [(seed, each.point, sentence) for each in verdicts for sentence in each.wrong] == []


def newest() -> list[str]:
    """Every workflow, in the version that is begun today."""
    versions: dict[str, int] = {}
    for saga in SAGAS.values():
        versions[saga.name] = max(saga.version, versions.get(saga.name, 0))
    return [f"{name}.v{version}" for name, version in versions.items()]
