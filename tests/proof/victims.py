"""
Workers that die at a chosen moment.

`strace -e inject=CALL:signal=SIGKILL:when=K` is attached to a worker that idles; from then on its calls of that name
count. The kernel delivers the signal at the K-th call's entry, so that call itself is not made and everything before it
was. strace counts each name by itself, so one shot is aimed at one name. Commits and requests are told apart by the
bytes that strace saw being sent.
"""

import asyncio
import json
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from os import kill
from pathlib import Path

from tests.proof.processes import ROOT, until

# libpq calls sendto and recvfrom, the event loop these or write and read. Log lines are written too: more points.
SENDS = ("sendto", "sendmsg", "write", "writev")
RECEIPTS = ("recvfrom", "recvmsg", "read", "readv")
_SENT = re.compile(r"^\d+ +(?:sendto|sendmsg|writev?)\((?P<socket>\d+), (?P<data>.*)")
_RECEIVED = re.compile(r"^\d+ +(?P<call>recvfrom|recvmsg|readv?)\(")
_REQUEST = re.compile(r'"(?P<method>POST|GET) (?P<path>/\S+) HTTP')
_NAMES = re.compile(r"/(?:aut|cap|so|inv|shp)_[A-Za-z0-9_-]+")
_CUT_OFF = ("<unfinished ...>", "= ?")


@dataclass(frozen=True, slots=True)
class Shot:
    """When to kill: at the entry of the *at*-th call of that name."""

    call: str
    at: int


@dataclass
class Nursery:
    """Forks workers and edges from a process that has imported everything already."""

    mother: asyncio.subprocess.Process
    environment: Mapping[str, str]
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def born(self, command: Sequence[str], log: Path, **environment: str) -> int:
        """Its process id, at once."""
        assert self.mother.stdin is not None
        assert self.mother.stdout is not None
        wanted = {"command": command, "environment": {**self.environment, **environment}, "log": str(log)}
        async with self._one:
            self.mother.stdin.write(json.dumps(wanted).encode() + b"\n")
            return int(await self.mother.stdout.readline())

    async def worker(self, url: str, log: Path) -> int:
        """Its process id, once it idles."""
        born = await self.born(("worker",), log, DATABASE_URL=url)

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
        """Asked before `spare`, which looks the same in the trace."""
        return self.trace.read_text(errors="replace").rstrip().endswith("+++ killed by SIGKILL +++")


async def attach(strace: str, pid: int, shot: Shot, *, trace: Path) -> Victim:
    """Kill the worker of that pid as it enters that call, counted from now on."""
    command = (
        *(strace, "-f", "-qq", "-s", "96", "-o", str(trace), "-e", f"trace={','.join(SENDS + RECEIPTS)}"),
        *("-e", f"inject={shot.call}:signal=SIGKILL:when={shot.at}", "-p", str(pid)),
    )
    tracer = await asyncio.create_subprocess_exec(*command, stderr=subprocess.PIPE)

    async def traced() -> bool:
        return f"TracerPid:\t{tracer.pid}" in Path(f"/proc/{pid}/status").read_text()

    with suppress(FileNotFoundError):  # shot already
        await until(traced, what=f"strace traces {pid}", within=20)
    return Victim(pid, tracer, trace)


def marks(trace: Path) -> list[str]:
    """What the worker had committed and sent, whole, before it died, in that order."""
    return [mark for mark, _ in _marked(_lines(trace))]


def answers(trace: Path) -> list[Shot]:
    """After each mark, the receiving call that comes next: to die there is to die before the answer is read."""
    lines, found = _lines(trace), list[Shot]()
    counts: Counter[str] = Counter()
    waiting = [at for _, at in _marked(lines)]
    for at, line in enumerate(lines):
        received = _RECEIVED.match(line)
        if received is None:
            continue
        counts[received["call"]] += 1
        if waiting and waiting[0] < at:
            found.append(Shot(received["call"], counts[received["call"]]))
            waiting.pop(0)
    return found


def _marked(lines: Sequence[str]) -> Iterator[tuple[str, int]]:
    begun: dict[str, str] = {}  # a request's head and body are sent one after the other
    for at, line in enumerate(lines):
        sent = _SENT.match(line)
        if sent is None or line.endswith(_CUT_OFF):
            continue
        if "COMMIT" in sent["data"]:
            yield "commit", at
        elif request := _REQUEST.search(sent["data"]):
            name = f"{request['method']} {_NAMES.sub('', request['path'].partition('?')[0])}"
            if request["method"] == "GET" or sent["data"].count("iov_base=") > 1:  # all of it in one call
                yield name, at
            else:
                begun[sent["socket"]] = name
        elif sent["socket"] in begun:
            yield begun.pop(sent["socket"]), at


def _lines(trace: Path) -> list[str]:
    return [line.rstrip() for line in trace.read_text(errors="replace").splitlines()]
