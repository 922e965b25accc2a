"""
Several processes on one port: uvicorn's supervisor, with what an edge needs of it.

A process that dies is replaced, also while the database is away: only if none has ever come up is there no point in
going on. Told to stop, they all finish what is under way, within a bound. None outlives its supervisor.
"""

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog
import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

from gateway.errors import GatewayError
from gateway.server.run import DRAIN, Served, allow_open_files, options

_PATIENCE = 10  # seconds for a process to say that it is alive
_END = DRAIN + 1.0  # seconds for all of them to end

log = structlog.get_logger("omnigate.supervisor")


@dataclass(frozen=True, slots=True)
class _Start:
    """What a process of its own begins with."""

    create_edge: Callable[[], Served]

    def __call__(self) -> Served:
        threading.Thread(target=_end_with_the_supervisor, daemon=True).start()
        try:
            return self.create_edge()
        except GatewayError as error:
            log.error("edge_cannot_start", detail=error.detail)
            sys.exit(STARTUP_FAILURE)


def _end_with_the_supervisor() -> None:
    supervisor = multiprocessing.parent_process()
    assert supervisor is not None, "only a process that was started by another asks"
    supervisor.join()
    os.kill(os.getpid(), signal.SIGTERM)


class _Supervisor(Multiprocess):
    """Keeps the number of processes that was announced: quotas are shared out by it."""

    came_up = False

    def keep_subprocess_alive(self) -> None:
        for number, process in enumerate(self.processes):
            if process.is_alive(self.config.timeout_worker_healthcheck):
                self.came_up = self.came_up or process.is_ready()
                continue
            process.kill()  # it is dead, or it has not answered
            process.join()
            if process.exitcode == STARTUP_FAILURE and not self.came_up:
                self.should_exit.set()
                return
            log.warning("edge_process_replaced", pid=process.pid, exit_code=process.exitcode)
            self.processes[number] = Process(self.config, self.sockets)
            self.processes[number].start()

    def join_all(self) -> None:
        until = time.monotonic() + _END
        for process in self.processes:
            process.process.join(max(0.0, until - time.monotonic()))
            process.process.kill()
            process.join()

    def handle_ttin(self) -> None:
        """Not one more."""

    def handle_ttou(self) -> None:
        """Not one less."""


def supervise(create_edge: Callable[[], Served], *, processes: int, host: str, port: int) -> None:
    """Serve until told to stop. *create_edge* runs in each process, so it must be what can be sent there."""
    allow_open_files()
    config = uvicorn.Config(
        _Start(create_edge),
        factory=True,
        workers=processes,
        timeout_worker_healthcheck=_PATIENCE,
        **options(host=host, port=port),
    )
    supervisor = _Supervisor(config, [config.bind_socket()])
    supervisor.run()
    if not supervisor.came_up:
        sys.exit(STARTUP_FAILURE)
