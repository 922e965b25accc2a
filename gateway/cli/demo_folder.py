"""The demo's own data folder: begun anew each time, never anybody else's, and used by one demo at a time."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.errors import Misconfigured
from gateway.store.locks import held, take

MARK = "made-by-omnigate-demo"
STOPPING = 20.0  # seconds for PostgreSQL, which stops after the last process that uses it


@contextmanager
def fresh_folder(home: Path) -> Iterator[Path]:
    """`demo` in the data folder, empty. On the way out its PostgreSQL has stopped; what was written stays."""
    home.mkdir(parents=True, exist_ok=True)
    folder = home.resolve() / "demo"
    lock = take(home / "demo.lock")
    if lock is None:
        raise Misconfigured(
            f"another `omnigate demo` is using {folder}; stop it, or set OMNIGATE_HOME to another folder"
        )
    try:
        _await_postgres(folder)  # of a demo that was killed
        _empty(folder)
        try:
            yield folder
        finally:
            _await_postgres(folder)
    finally:
        os.close(lock)


def _empty(folder: Path) -> None:
    if folder.exists():
        if not (folder / MARK).exists():
            raise Misconfigured(f"{folder} was not made by `omnigate demo`; move it away, or set OMNIGATE_HOME")
        shutil.rmtree(folder)
    folder.mkdir()
    (folder / MARK).touch()


def _await_postgres(folder: Path) -> None:
    if not (folder / "postgres").exists():
        return
    with held(folder / "postgres" / "guardian.lock", within=STOPPING) as stopped:
        if not stopped:
            raise Misconfigured(f"processes of an earlier demo still use {folder}; end them first")
