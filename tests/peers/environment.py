"""
Foreign servers: each in an environment of its own under an ignored folder, reached over HTTP only, never imported.

An environment is made from the requirements of its name in this folder when it is first asked for.
"""

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.tools import TOOLS

PINS = Path(__file__).resolve().parent
INSTALL_PATIENCE, START_PATIENCE = 300, 60  # seconds


def environment(name: str) -> Path:
    """Its `bin` folder. Where it cannot be had the test is skipped, loudly; in CI it fails."""
    pins, home = PINS / f"{name}.txt", TOOLS / name
    ready = home / "ready"
    with alone(name):  # tests run side by side: one installs, the others find
        if ready.exists() and ready.read_text() == pins.read_text():
            return home / "bin"
        shutil.rmtree(home, ignore_errors=True)
        uv = str(Path(sys.executable).with_name("uv"))
        for command in (
            [uv, "venv", "--quiet", "--python", sys.executable, str(home)],
            [uv, "pip", "install", "--quiet", "--python", str(home / "bin" / "python"), "-r", str(pins)],
        ):
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=INSTALL_PATIENCE)
            if done.returncode != 0:
                missing(f"{name} cannot be installed here, so nothing is proved on it: {done.stderr[-300:]}")
        ready.write_text(pins.read_text())
    return home / "bin"


def missing(why: str) -> None:
    pytest.fail(why) if os.environ.get("CI") == "true" else pytest.skip(why)


@contextmanager
def alone(name: str) -> Iterator[None]:
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(command: list[str | Path], url: str, *, log: Path | None = None) -> Iterator[None]:
    """The server, for as long as the context lasts; it is entered when it answers."""
    with open(log or os.devnull, "ab") as said:
        running = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        try:
            _until_it_answers(url, running)
            yield
        finally:
            running.kill()
            running.wait()


def _until_it_answers(url: str, running: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + START_PATIENCE
    while True:
        try:
            httpx2.get(url, trust_env=False)
        except httpx2.TransportError:
            assert running.poll() is None, "the server ended instead of serving"
            assert time.monotonic() < end, "the server does not serve"
            time.sleep(0.05)
        else:
            return
