"""
localstripe: somebody else's idea of Stripe, as a process of its own, reached over HTTP on the loopback only.

It is installed into an ignored folder when it is first asked for, is never imported by us, and writes nothing to disk.
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

PIN = "localstripe==1.15.10"
HOME = TOOLS / "localstripe"
READY = HOME / "ready"
INSTALL_PATIENCE, START_PATIENCE = 300, 30  # seconds
# Its own command listens on every interface and keeps its store in a file that anybody may have written.
SERVE = """
import sys
from aiohttp import web
import localstripe.resources
localstripe.resources.Store.dump_to_disk = lambda store: None
from localstripe.server import app
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
"""


@contextmanager
def localstripe() -> Iterator[str]:
    """Its address. Where it cannot be had the test is skipped, loudly; in CI it fails."""
    _install()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    running = subprocess.Popen([HOME / "bin" / "python", "-c", SERVE, str(port)], stderr=subprocess.DEVNULL)
    try:
        _until_it_answers(f"http://127.0.0.1:{port}", running)
        yield f"http://127.0.0.1:{port}"
    finally:
        running.kill()
        running.wait()


def _install() -> None:
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / "localstripe.lock").open("w") as lock:  # tests run side by side: one installs, the others find
        fcntl.flock(lock, fcntl.LOCK_EX)
        if READY.exists() and READY.read_text() == PIN:
            return
        shutil.rmtree(HOME, ignore_errors=True)
        uv = str(Path(sys.executable).with_name("uv"))
        for command in (
            [uv, "venv", "--quiet", "--python", sys.executable, str(HOME)],
            [uv, "pip", "install", "--quiet", "--python", str(HOME / "bin" / "python"), PIN],
        ):
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=INSTALL_PATIENCE)
            if done.returncode != 0:
                missing = f"{PIN} cannot be installed here, so Stripe has one witness less: {done.stderr[-300:]}"
                pytest.fail(missing) if os.environ.get("CI") == "true" else pytest.skip(missing)
        READY.write_text(PIN)


def _until_it_answers(url: str, running: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + START_PATIENCE
    while True:
        try:
            httpx2.get(url, trust_env=False)
        except httpx2.TransportError:
            assert running.poll() is None, "localstripe ended instead of serving"
            assert time.monotonic() < end, "localstripe does not serve"
            time.sleep(0.05)
        else:
            return
