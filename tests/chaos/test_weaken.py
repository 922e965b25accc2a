"""How a weakened build is made: of a copy, by hunks that are found by what they say."""

import ast
from pathlib import Path

import pytest

from tests.chaos.weaken import PATCHES, DoesNotApply, hunks, patched
from tests.proof.processes import ROOT

CALLS = "gateway/workflows/calls.py"


@pytest.mark.parametrize("patch", sorted(PATCHES.glob("*.patch")), ids=lambda patch: patch.stem)
def test_each_patch_applies_to_the_sources_as_they_are(patch: Path, tmp_path: Path) -> None:
    tree = patched(patch, tmp_path / "weakened")

    changed = {hunk.path for hunk in hunks(patch)}
    assert changed
    for path in changed:
        weak = (tree / path).read_text()
        ast.parse(weak)
        assert weak != (ROOT / path).read_text()


@pytest.mark.parametrize(
    ("before", "count"), [("a line that is nowhere", 0), ("from dataclasses import dataclass, field", 1), ("", 2)]
)
def test_a_patch_whose_lines_do_not_stand_there_once_is_refused(before: str, count: int, tmp_path: Path) -> None:
    patch = tmp_path / "some.patch"
    patch.write_text(f"Why.\n\n--- a/{CALLS}\n+++ b/{CALLS}\n@@ somewhere @@\n-{before}\n+other = 1\n")

    if count == 1:
        assert "other = 1" in (patched(patch, tmp_path / "weakened") / CALLS).read_text()
    else:
        with pytest.raises(DoesNotApply, match=rf"some\.patch: {CALLS} has these lines \d+ times, not once"):
            patched(patch, tmp_path / "weakened")
