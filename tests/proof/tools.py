"""Debugging tools that the proof needs: from PATH, else out of Debian's package, unpacked into an ignored folder."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.proof.processes import ROOT

TOOLS = ROOT / ".tools"


def strace() -> str:
    """The program's path. Without one the test is skipped, loudly; in CI it fails."""
    unpacked = TOOLS / "usr" / "bin" / "strace"
    found = shutil.which("strace") or (str(unpacked) if unpacked.exists() else _fetched("strace", unpacked))
    if found is not None:
        return found
    missing = "strace is neither on PATH nor to be had by apt-get: the kill grid proves nothing on this machine"
    if os.environ.get("CI") == "true":
        pytest.fail(missing)
    pytest.skip(missing)


def _fetched(package: str, program: Path) -> str | None:
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        return None
    TOOLS.mkdir(exist_ok=True)
    got = subprocess.run(["apt-get", "download", package], cwd=TOOLS, capture_output=True, check=False)
    for archive in sorted(TOOLS.glob(f"{package}_*.deb")) if got.returncode == 0 else ():
        subprocess.run(["dpkg", "-x", archive.name, "."], cwd=TOOLS, capture_output=True, check=False)
    return str(program) if program.exists() else None
