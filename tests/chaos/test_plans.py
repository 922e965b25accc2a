"""What chaos does is planned: by the seed, within bounds, and told apart by point."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chaos.builds import BUILDS, build
from tests.chaos.points import POINTS
from tests.chaos.points.kills import planned
from tests.chaos.room import Room
from tests.chaos.weaken import hunks
from tests.proof.processes import ROOT

PLACES = 4


def room(seed: int, *, full: bool = False) -> Room:
    point = POINTS["r1"]
    return Room("r1", seed, point.full if full else point.quick, Path(), Path())


@pytest.mark.parametrize("full", [False, True])
def test_the_same_seed_kills_the_same_places_after_the_same_orders(full: bool) -> None:
    plans = [planned(room(seed, full=full), PLACES) for seed in (7, 7, 8)]

    assert plans[0] == plans[1] != plans[2]


@pytest.mark.parametrize("full", [False, True])
def test_every_place_dies_and_the_last_kill_has_orders_to_wait_for(full: bool) -> None:
    plan, size = planned(room(7, full=full), PLACES), room(7, full=full).size

    assert len(plan) == size["kills"]
    assert {kill.place for kill in plan} == set(range(PLACES))
    assert [kill.after for kill in plan] == sorted(kill.after for kill in plan)
    assert plan[-1].after == size["orders"]


def test_points_are_bigger_in_full_and_bounded() -> None:
    for point in POINTS.values():
        assert point.quick.keys() == point.full.keys()
        assert all(point.quick[name] <= point.full[name] for name in point.quick)
        assert 0 < point.bound[0] < point.bound[1]


@pytest.mark.parametrize("patch", sorted(BUILDS.glob("*.patch")), ids=lambda patch: patch.stem)
def test_the_patches_of_other_builds_still_apply(patch: Path, tmp_path: Path) -> None:
    tree = build(patch.stem, tmp_path)

    for path in {hunk.path for hunk in hunks(patch)}:
        compile((tree / path).read_text(), path, "exec")


def test_the_next_build_knows_the_steps_of_this_one_and_its_own(tmp_path: Path) -> None:
    asked = (
        "from gateway.workflows.place_order import NAME, VERSION, sagas; print(f'{NAME}.v{VERSION}', *sorted(sagas()))"
    )
    trees = (ROOT, build("next_version", tmp_path))

    told = [_said(asked, tree).split() for tree in trees]

    (new, *known), (newer, *more) = told
    assert (new, newer) == ("place_order.v4", "place_order.v5")
    assert set(more) - set(known) == {"place_order.v5", "fulfil.v3", "collect.v3", "ship_from_store.v3"}
    assert set(known) <= set(more)


def _said(code: str, tree: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tree, env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout
