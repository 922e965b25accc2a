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
from socket import socket

import structlog
import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

from gateway.errors import GatewayError
from gateway.server.run import DRAIN, Served, allow_open_files, options

_PATIENCE = 10  # seconds for a process that serves to say that it is alive
_START = 60.0  # seconds for a process to come up, on a machine that has much else to do
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

    def __init__(self, config: uvicorn.Config, sockets: list[socket]) -> None:
        super().__init__(config, sockets)
        self.came_up = self.cannot_start = False
        self._begun: dict[Process, float] = {}  # those that are coming up

    def keep_subprocess_alive(self) -> None:
        for number, process in enumerate(self.processes):
            if not self._has_failed(process):
                continue
            process.kill()
            process.join()
            if process.exitcode == STARTUP_FAILURE and not self.came_up:
                self.cannot_start = True
                self.should_exit.set()
                return
            log.warning("edge_process_replaced", pid=process.pid, exit_code=process.exitcode)
            self._begun.pop(process, None)
            self.processes[number] = self._started()

    def init_processes(self) -> None:
        self.processes = [self._started() for _ in range(self.processes_num)]

    def _started(self) -> Process:
        process = Process(self.config, self.sockets)
        process.start()
        self._begun[process] = time.monotonic()
        return process

    def _has_failed(self, process: Process) -> bool:
        """Dead; or it does not answer, or has not come up, in time."""
        begun = self._begun.get(process)
        if begun is None:
            return not process.is_alive(_PATIENCE)
        if process.is_ready(timeout=0.05):
            self.came_up = True
            del self._begun[process]
            return False
        return not process.process.is_alive() or time.monotonic() - begun > _START

    def join_all(self) -> None:
        until = time.monotonic() + _END
        for process in self.processes:
            process.process.join(max(0.0, until - time.monotonic()))
            process.process.kill()
            process.join()

    def handle_hup(self) -> None:
        """Not anew: files and environment are read at the start."""

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
        **options(host=host, port=port),
    )
    supervisor = _Supervisor(config, [config.bind_socket()])
    supervisor.run()
    if supervisor.cannot_start:
        sys.exit(STARTUP_FAILURE)
