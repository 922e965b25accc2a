"""Folders that are gone when their user is, and that every account which may have to serve root can pass."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.store.locks import held


@contextmanager
def throw_away() -> Iterator[Path]:
    """A folder that also the account may pass which serves root where user namespaces are forbidden."""
    folder = Path(tempfile.mkdtemp(prefix="omnigate-"))
    folder.chmod(0o711)
    try:
        yield folder
        if (folder / "postgres").exists():  # its server writes until the guardian has gone
            with held(folder / "postgres" / "guardian.lock", within=20) as gone:
                assert gone
    finally:
        shutil.rmtree(folder, ignore_errors=True)
