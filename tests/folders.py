"""Folders that are gone when their user is, and that every account which may have to serve root can pass."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.store.locks import held

MEMORY = Path("/dev/shm")  # a file system of Linux whose files are in memory
ROOM = 8 << 30  # bytes that have to be free there, and of memory: several servers write at once


@contextmanager
def throw_away(*, in_memory: bool = False) -> Iterator[Path]:
    """A folder that also the account may pass which serves root where user namespaces are forbidden.

    *in_memory*, where there is room: files are made ten times faster there, and nothing in it outlives a power cut.
    """
    folder = Path(tempfile.mkdtemp(prefix="omnigate-", dir=MEMORY if in_memory and _has_room() else None))
    folder.chmod(0o711)
    try:
        yield folder
        if (folder / "postgres").exists():  # its server writes until the guardian has gone
            with held(folder / "postgres" / "guardian.lock", within=20) as gone:
                assert gone
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _has_room() -> bool:
    if not os.access(MEMORY, os.W_OK | os.X_OK):
        return False
    memory = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min(shutil.disk_usage(MEMORY).free, memory) >= ROOM
