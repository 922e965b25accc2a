"""A copy of the sources with a patch applied: how a build is made that is wrong in a way we know."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.proof.processes import ROOT

RUNS_ON = ("gateway", "adapters", "observability", "contracts", "policies")
PATCHES = Path(__file__).with_name("weakened")


class DoesNotApply(Exception):
    """The sources have moved away from under the patch; says where."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines that must stand in a file exactly once, and what stands there instead."""

    path: str
    before: str
    after: str


def patched(patch: Path, folder: Path) -> Path:
    """Everything that runs, copied to *folder* and patched; the sources themselves stay as they are."""
    for name in RUNS_ON:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for hunk in hunks(patch):
        file = folder / hunk.path
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        if (count := text.count(hunk.before)) != 1:
            raise DoesNotApply(f"{patch.name}: {hunk.path} has these lines {count} times, not once:\n{hunk.before}")
        file.write_text(text.replace(hunk.before, hunk.after), encoding="utf-8")
    return folder


def hunks(patch: Path) -> list[Hunk]:
    """The hunks of a unified diff. They are found by what they say, so that they may move within their file."""
    found: list[tuple[str, list[str]]] = []
    path = ""
    for line in patch.read_text(encoding="utf-8").splitlines():
        if line.startswith(("--- a/", "+++ b/")):
            path = line[6:]
        elif line.startswith("@@"):
            found.append((path, []))
        elif found and line.startswith((" ", "-", "+")):
            found[-1][1].append(line)
    return [Hunk(path, _side(lines, " -"), _side(lines, " +")) for path, lines in found]


def _side(lines: list[str], kept: str) -> str:
    return "".join(f"{line[1:]}\n" for line in lines if line[0] in kept)
