"""Programs that proofs need beside Python: from PATH, else out of Debian's packages in an ignored folder."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fcntl import LOCK_EX, flock
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
PROGRAMS = ("usr/bin", "usr/sbin")
LIBRARIES = ("usr/lib", "lib")

# program -> package, and whether the shared libraries it needs are in other packages
PACKAGES = {
    "strace": ("strace", False),
    "promtool": ("prometheus", False),
    "haproxy": ("haproxy", True),
    "nginx": ("nginx", True),
    "curl": ("curl", True),
}


@dataclass(frozen=True, slots=True)
class Tool:
    """A program and what its environment must say for it to find its libraries."""

    path: str
    environment: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.path


def tool(name: str) -> Tool:
    """The program. Without it the test is skipped, loudly; in CI it fails."""
    found = _on_path(name) or _unpacked(name) or _fetched(name)
    if found is not None:
        return found
    missing = f"{name} is neither on PATH nor to be had by apt-get: this test proves nothing on this machine"
    if os.environ.get("CI") == "true":
        pytest.fail(missing)
    pytest.skip(missing)


def _on_path(name: str) -> Tool | None:
    found = shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin")))
    return Tool(found) if found else None


def _unpacked(name: str) -> Tool | None:
    for folder in PROGRAMS:
        program = TOOLS / name / folder / name
        if program.exists():
            return Tool(str(program), {"LD_LIBRARY_PATH": os.pathsep.join(_libraries(TOOLS / name))})
    return None


def _libraries(folder: Path) -> Iterator[str]:
    for below in LIBRARIES:
        yield from sorted({str(library.parent) for library in (folder / below).rglob("*.so*")})


def _fetched(name: str) -> Tool | None:
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        return None
    package, with_others = PACKAGES[name]
    with _alone():
        if (found := _unpacked(name)) is None:
            _fetch(package, TOOLS / name, with_others=with_others)
            found = _unpacked(name)
    return found


def _fetch(package: str, folder: Path, *, with_others: bool) -> None:
    """Download and unpack; once more behind `apt-get update` when the lists of this machine are too old."""
    draft = folder.with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    for _ in range(2):
        wanted = _missing_for(package) if with_others else [package]
        if wanted and _said("apt-get", "download", *wanted, cwd=draft) is not None:
            break
        _said("apt-get", "update", cwd=draft)
    for archive in sorted(draft.glob("*.deb")):
        _said("dpkg", "-x", archive.name, ".", cwd=draft)
        archive.unlink()
    draft.rename(folder)


def _missing_for(package: str) -> list[str]:
    """The package and what it depends on, as far as this machine has not installed it."""
    said = _said("apt-get", "--simulate", "--no-install-recommends", "install", package, cwd=TOOLS) or ""
    return [line.split()[1] for line in said.splitlines() if line.startswith("Inst ")]


def _said(*command: str, cwd: Path) -> str | None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=300)
    return done.stdout if done.returncode == 0 else None


@contextmanager
def _alone() -> Iterator[None]:
    """Tests run side by side: one of them fetches, the others find."""
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / "lock").open("w") as lock:
        flock(lock, LOCK_EX)
        yield
