"""Locks between processes that the kernel frees by itself, also after SIGKILL."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PAUSE = 0.02


def take(path: Path, *, shared: bool = False, within: float = 0.0) -> int | None:
    """The descriptor that holds the lock until it is closed, or None when others kept it for *within* seconds."""
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    deadline = time.monotonic() + within
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    while True:
        try:
            fcntl.flock(lock, kind | fcntl.LOCK_NB)
            return lock
        except BlockingIOError:
            if time.monotonic() >= deadline:
                os.close(lock)
                return None
            time.sleep(_PAUSE)


def wait(path: Path) -> int:
    """Like `take`, alone and for as long as it takes."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def is_held(path: Path) -> bool:
    lock = take(path)
    if lock is None:
        return True
    os.close(lock)
    return False


@contextmanager
def held(path: Path, *, within: float) -> Iterator[bool]:
    """Holds the lock for the block; False when it could not be had in time."""
    lock = take(path, within=within)
    try:
        yield lock is not None
    finally:
        if lock is not None:
            os.close(lock)
