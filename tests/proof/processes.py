"""Processes of the proof: started from the environment alone, as an operator would, and ended by their own numbers."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAUSE = 0.02


@dataclass(frozen=True, slots=True)
class Process:
    """A running program of ours and what it says."""

    name: str
    running: subprocess.Popen[bytes]
    log: Path

    @property
    def alive(self) -> bool:
        return self.running.poll() is None

    def end(self, number: signal.Signals = signal.SIGTERM, *, within: float = 20.0) -> int:
        """Send *number* and wait until it has gone; whoever does not listen is killed."""
        if self.alive:
            self.running.send_signal(number)
        try:
            return self.running.wait(within)
        except subprocess.TimeoutExpired:
            self.running.kill()
            self.running.wait()
            raise AssertionError(f"{self.name} did not end within {within} s of {number.name}") from None


def start(name: str, *command: str, environment: Mapping[str, str], log: Path, tree: Path = ROOT) -> Process:
    """One `omnigate` process of the sources in *tree*; nothing of the test's own OMNIGATE_* settings reaches it."""
    inherited = {
        key: value for key, value in os.environ.items() if not key.startswith(("OMNIGATE_", "DATABASE_", "PG"))
    }
    with log.open("ab") as written:
        running = subprocess.Popen(
            [sys.executable, "-m", "gateway.cli", *command],
            cwd=tree,
            env={**inherited, **environment, "PYTHONPATH": str(tree)},
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=written,
        )
    return Process(name, running, log)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def until(condition: Callable[[], Awaitable[bool]], *, what: str, within: float, pause: float = PAUSE) -> None:
    """Waits for a condition that another process brings about."""
    deadline = time.monotonic() + within
    while not await condition():
        assert time.monotonic() < deadline, f"not within {within} s: {what}"
        await asyncio.sleep(pause)
