"""The small process that keeps the embedded PostgreSQL running while anybody uses it, and stops it after the last.

`embedded.acquire` starts it as `python -m gateway.store.guardian FOLDER`, which returns at once and leaves a child.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

from gateway.store.cluster import HOST, Cluster, free_port, program, write_whole
from gateway.store.locks import is_held, take, wait
from gateway.store.unprivileged import disguise

_TICK = 0.2
_LONGEST_PAUSE = 5.0
_SETTLED = 10.0  # a server that lived so long starts its account of failures anew
_FIRST_TRIES = 3  # before a server that never came up is given up

_ALWAYS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "200",
    "autovacuum_naptime": "10s",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_error_verbosity": "terse",  # a DETAIL line shows rows, and rows are nobody's business
    "log_min_error_statement": "panic",
}
_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def main(folder: Path, *, durable: bool) -> None:
    cluster = Cluster(folder)
    if take(cluster.guardian_lock, within=1.0) is None:
        return  # another one guards
    if os.fork():
        os._exit(0)  # the starter waits for this; the child shares the lock
    os.chdir("/")
    signal.signal(signal.SIGTERM, _leave)
    try:
        guard(cluster, durable=durable)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        stop(cluster)


def guard(cluster: Cluster, *, durable: bool) -> None:
    """Returns when the last user is gone, holding their lock: who comes now waits until we have stopped."""
    last_left = threading.Event()
    threading.Thread(target=_await_last, args=(cluster, last_left), daemon=True).start()
    failures, started, came_up, server = -1, 0.0, False, None
    while not last_left.is_set():
        if server is not None:
            server.poll()  # takes a dead child off the process table
        pause = _TICK
        if is_held(cluster.server_lock):
            came_up = came_up or cluster.is_ready()
        else:
            failures = 0 if time.monotonic() - started > _SETTLED else failures + 1
            if failures >= _FIRST_TRIES and not came_up:
                _say("gives up: PostgreSQL never came up")
                return
            server, started = start(cluster, durable=durable), time.monotonic()
            pause = min(_TICK * 2 ** min(failures, 8), _LONGEST_PAUSE)
        last_left.wait(pause)


def start(cluster: Cluster, *, durable: bool) -> subprocess.Popen[bytes] | None:
    lock = take(cluster.server_lock)
    if lock is None:
        return None
    try:
        cluster.pid_file.unlink(missing_ok=True)  # who wrote it is dead, even if its number lives again
        port = free_port(cluster.port())
        if port != cluster.port():
            write_whole(cluster.folder / "port", f"{port}\n")
        _say(f"starts PostgreSQL on port {port}")
        how = disguise(cluster.data)
        command = [*how.prefix, program("postgres"), "-D", str(cluster.data), "-p", str(port)]
        for name, value in (_ALWAYS if durable else _ALWAYS | _FAST).items():
            command += ["-c", f"{name}={value}"]
        # the server inherits its lock and passes it on to its children; our copy is closed below
        return subprocess.Popen(  # noqa: S603  our own program
            command,
            pass_fds=(lock,),
            cwd=cluster.folder,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            **how.keywords,
        )
    finally:
        os.close(lock)


def stop(cluster: Cluster) -> None:
    """Fast, else at once: PostgreSQL recovers from both."""
    for signal_number, patience in ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0)):
        if not is_held(cluster.server_lock):
            return
        if (server := _postmaster(cluster)) is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(server, signal_number)
        lock = take(cluster.server_lock, within=patience)
        if lock is not None:
            os.close(lock)
            _say("stopped PostgreSQL")
            return
    _say("could not stop PostgreSQL")


def _await_last(cluster: Cluster, last_left: threading.Event) -> None:
    wait(cluster.users_lock)  # never closed: it ends with this process
    last_left.set()


def _postmaster(cluster: Cluster) -> int | None:
    """The server's process, if the pid file names one that serves this folder."""
    try:
        server = int(cluster.pid_file.read_text().splitlines()[0])
        command = Path(f"/proc/{server}/cmdline")
        if command.exists() and str(cluster.data).encode() not in command.read_bytes().split(b"\0"):
            return None
    except (OSError, ValueError, IndexError):
        return None
    return server


def _leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


def _say(what: str) -> None:
    moment = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
    sys.stderr.write(f"{moment} UTC [{os.getpid()}] guardian {what}\n")  # into the server's log


if __name__ == "__main__":
    main(Path(sys.argv[1]), durable="--not-durable" not in sys.argv[2:])
