"""
Where victims are born: a process that has imported Omnigate once and forks a worker or edge for each line it reads.

Imports are nine tenths of a worker's start, and chaos starts some hundreds of them. The child runs
`omnigate worker` or `serve`, the same main function as the installed program, with the environment it is given.
"""

import ctypes
import json
import os
import signal
import sys

from gateway.cli import main

DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG: nobody survives a test that was cut off


def _become(command: list[str], environment: dict[str, str], log: str) -> None:
    ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    os.environ.update(environment)
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for descriptor in (1, 2):
        os.dup2(written, descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.argv = ["omnigate", *command]
    main()


def _bear(line: str) -> None:
    wanted = json.loads(line)
    child = os.fork()
    if child == 0:
        try:
            _become(wanted["command"], wanted["environment"], wanted["log"])
        finally:
            os._exit(0)
    print(child, flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how they died: the tracer tells
    print("ready", flush=True)
    for line in sys.stdin:
        _bear(line)
