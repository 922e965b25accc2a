"""The platform team's guide, typed from top to bottom into a shell: every command runs, and prints what is shown."""

import os
import re
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from gateway.settings import ROOT
from tests.guides.commands import Shell
from tests.proof.processes import free_port
from tests.tools import tool

pytestmark = pytest.mark.proof

PAGE = ROOT / "docs" / "guides" / "platform-team.md"
_BLOCK = re.compile(r"^```sh\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)
_AMISS = re.compile(r'"status":[45]\d\d|^bash: |^curl: |^sed: |^awk: |^Usage: |Traceback', re.MULTILINE)
_VARIES = re.compile(
    r"[0-9A-Za-z_-]{43}|\d{4}-\d\d-\d\dT[\d:.]+Z|(?<=yaml:)\d+|\d+(?= operations| rules| are under)|[┃│]|\s+"
)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """As much of one as the commands look at."""
    shutil.copytree(ROOT / "policies", tmp_path / "policies")
    command = tmp_path / "omnigate"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m gateway.cli "$@"\n')
    command.chmod(0o755)
    return tmp_path


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
async def shell(database_url: str, home: Path, clone: Path, port: int) -> AsyncIterator[Shell]:
    known = {
        "PATH": f"{clone}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "200",
        "DATABASE_URL": database_url,
        "OMNIGATE_HOME": str(home),
        "OMNIGATE_SECRET_KEY": Fernet.generate_key().decode(),
        "OMNIGATE_PORT": str(port),
    }
    opened = await Shell.open(clone, known)
    try:
        yield opened
    finally:
        await opened.end()


async def test_every_command_does_and_prints_what_the_guide_says(shell: Shell, port: int) -> None:
    tool("curl")

    told = [
        (commands, shown, await shell.type(commands.replace(":8080", f":{port}")))
        for commands, shown in _BLOCK.findall(PAGE.read_text())
    ]

    amiss = [wrong for wrong in (_wrong(*each) for each in told) if wrong]
    assert not amiss, "\n".join(amiss)


def _wrong(commands: str, shown: str, printed: str) -> str | None:
    """What is shown after commands is among what they print, whatever the time, the keys and the lines of files."""
    missing = [line for line in shown.splitlines() if _alike(line) not in _alike(printed)]
    refused = _AMISS.findall(printed)
    return f"{commands}: {missing or refused}: {printed[-1500:]}" if missing or refused else None


def _alike(text: str) -> str:
    return _VARIES.sub("#", text)
