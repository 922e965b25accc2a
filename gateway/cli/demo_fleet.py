"""The demo's processes: the same commands that anyone starts, each with a log file, all of them ended by their id."""

import asyncio
import signal
import socket
import sys
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx2

from gateway.errors import Unavailable
from gateway.settings import foreign_environment

HOST = "127.0.0.1"
GRACE = 12.0  # seconds after SIGTERM
PAUSE = 0.05
STARTING = 60.0


@dataclass(frozen=True, slots=True)
class Member:
    name: str
    arguments: tuple[str, ...]
    process: Process
    log: Path


class Fleet:
    """Children that live as long as the context: also an exception or Ctrl-C ends every one of them."""

    def __init__(self, logs: Path, variables: Mapping[str, str]) -> None:
        self.logs = logs
        self.members: dict[str, Member] = {}
        self._environment = {**foreign_environment(), **variables}  # the demo has a database of its own

    async def __aenter__(self) -> Self:
        self.logs.mkdir(parents=True, exist_ok=True)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for member in self.members.values():
            _send(member, signal.SIGTERM)
            resume(member)  # who is paused must wake up to hear it
        await asyncio.gather(*(_ended(member) for member in self.members.values()))

    async def start(self, name: str, *arguments: str, variables: Mapping[str, str] | None = None) -> Member:
        """Start `omnigate ARGUMENTS`, in a session of its own so that Ctrl-C reaches it only through us."""
        log = self.logs / f"{name}.log"
        with log.open("ab") as file:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "gateway.cli", *arguments),
                stdin=DEVNULL,
                stdout=file,
                stderr=file,
                env={**self._environment, **(variables or {})},
                start_new_session=True,
            )
        self.members[name] = Member(name, arguments, process, log)
        return self.members[name]

    async def run(self, name: str, *arguments: str, variables: Mapping[str, str] | None = None) -> str:
        """Run a command to its end; answers what it said. Raises `Unavailable`, naming the log, when it fails."""
        member = await self.start(name, *arguments, variables=variables)
        code = await member.process.wait()
        del self.members[name]
        if code:
            raise Unavailable(f"`omnigate {' '.join(arguments)}` ended with {code}; read {member.log}")
        return member.log.read_text(encoding="utf-8")

    async def answers(self, name: str, url: str) -> None:
        """Wait until the member serves *url*."""
        deadline = time.monotonic() + STARTING
        async with httpx2.AsyncClient(trust_env=False, timeout=2.0) as http:
            while time.monotonic() < deadline:
                self.watch()
                with suppress(httpx2.TransportError):
                    if (await http.get(url)).is_success:
                        return
                await asyncio.sleep(PAUSE)
        raise Unavailable(f"{name} does not answer at {url}; read {self.members[name].log}")

    def watch(self) -> None:
        """Raises `Unavailable`, naming the log, when a member has ended that nobody told to."""
        for member in self.members.values():
            if member.process.returncode is not None:
                raise Unavailable(f"{member.name} ended with {member.process.returncode}; read {member.log}")

    async def replace(self, name: str) -> Member:
        """Kill a member with SIGKILL and start another like it."""
        member = self.members.pop(name)
        _send(member, signal.SIGKILL)
        await member.process.wait()
        return await self.start(name, *member.arguments)


def pause(member: Member) -> None:
    """Stop a process where it stands: whatever it is doing stays half done, until `resume` or its death."""
    _send(member, signal.SIGSTOP)


def resume(member: Member) -> None:
    _send(member, signal.SIGCONT)


def free_port(wanted: int = 0) -> int:
    """*wanted* if nobody listens there, else any that is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted))
        except OSError:
            return free_port()
        port: int = probe.getsockname()[1]
        return port


def _send(member: Member, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        member.process.send_signal(number)


async def _ended(member: Member) -> None:
    try:
        await asyncio.wait_for(member.process.wait(), GRACE)
    except TimeoutError:
        _send(member, signal.SIGKILL)
        await member.process.wait()
