"""
Workers that die at a chosen moment.

`strace -e inject=…:signal=SIGKILL:when=K` is attached to a worker that idles; from then on its network calls count. The
kernel delivers the signal at the K-th call's entry, so the K-th call itself is not made and everything before it was:
the worker is dead after K-1 calls. Commits and requests are told apart by the bytes that strace saw being sent.
"""

import asyncio
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from os import kill
from pathlib import Path
from typing import Any

from tests.proof.processes import ROOT, until

SENDS = ("sendto", "sendmsg")
CALLS = (*SENDS, "recvfrom", "recvmsg")
_SENT = re.compile(r'^(?:\[pid +\d+\] |\d+ +)?(?:sendto|sendmsg)\(\d+, (?P<data>.*)')
_REQUEST = re.compile(r'"(?P<method>POST|GET) (?P<path>/\S+) HTTP')
_NAMES = re.compile(r"/(?:aut|cap|so|inv|shp)_[A-Za-z0-9_-]+")
_CUT_OFF = ("<unfinished ...>", "= ?")


@dataclass
class Nursery:
    """Forks workers from a process that has imported everything already."""

    mother: asyncio.subprocess.Process
    environment: Mapping[str, str]

    async def worker(self, url: str, log: Path) -> int:
        """Its process id, once it idles."""
        assert self.mother.stdin is not None
        assert self.mother.stdout is not None
        environment = {**self.environment, "DATABASE_URL": url}
        line = json.dumps({"environment": environment, "log": str(log)})
        self.mother.stdin.write(line.encode() + b"\n")
        born = int(await self.mother.stdout.readline())

        async def started() -> bool:
            return log.exists() and b"worker started" in log.read_bytes()

        await until(started, what=f"worker started, see {log}", within=60)
        return born


@asynccontextmanager
async def open_nursery(environment: Mapping[str, str]) -> AsyncIterator[Nursery]:
    mother = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.proof.nursery"),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert mother.stdin is not None
    assert mother.stdout is not None
    try:
        assert (await mother.stdout.readline()) == b"ready\n"
        yield Nursery(mother, environment)
    finally:
        mother.stdin.close()
        await mother.wait()


@dataclass(frozen=True, slots=True)
class Victim:
    """A worker under strace, which kills it at its K-th network call."""

    pid: int
    tracer: asyncio.subprocess.Process
    trace: Path

    @property
    def alive(self) -> bool:
        return self.tracer.returncode is None

    async def spare(self) -> None:
        """It has outlived its story: end it."""
        with suppress(ProcessLookupError):
            kill(self.pid, signal.SIGKILL)
        await self.tracer.wait()

    def was_shot(self) -> bool:
        """By the tracer, that is; one that was spared dies of `spare`."""
        return any(_is_cut_off(line) for line in self.trace.read_text(errors="replace").splitlines())


async def attach(strace: str, pid: int, *, at: int, trace: Path) -> Victim:
    command: Sequence[str] = (
        *(strace, "-f", "-qq", "-s", "96", "-o", str(trace), "-e", f"trace={','.join(CALLS)}"),
        *("-e", f"inject={','.join(CALLS)}:signal=SIGKILL:when={at}", "-p", str(pid)),
    )
    tracer = await asyncio.create_subprocess_exec(*command, stderr=subprocess.PIPE)
    attached = time.monotonic() + 20

    async def traced() -> bool:
        status = Path(f"/proc/{pid}/status").read_text()
        assert time.monotonic() < attached
        return f"TracerPid:\t{tracer.pid}" in status

    with suppress(FileNotFoundError):  # shot already
        await until(traced, what=f"strace traces {pid}", within=20)
    return Victim(pid, tracer, trace)


def marks(trace: Path) -> list[str]:
    """What the worker had committed and sent before it died, in that order."""
    found = []
    for line in trace.read_text(errors="replace").splitlines():
        sent = _SENT.match(line)
        if sent is None or _is_cut_off(line):
            continue
        data: Any = sent["data"]
        if "COMMIT" in data:
            found.append("commit")
        elif request := _REQUEST.search(data):
            found.append(f"{request['method']} {_NAMES.sub('', request['path'].partition('?')[0])}")
    return found


def _is_cut_off(line: str) -> bool:
    return line.rstrip().endswith(_CUT_OFF)
