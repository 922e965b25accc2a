"""The embedded PostgreSQL: one server for a data folder, shared by its processes and gone with the last of them."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg

from gateway.errors import Unavailable
from gateway.store.cluster import HOST, NAME, Cluster, create
from gateway.store.locks import held, is_held, take

_PATIENCE = 120.0  # a server may have much to recover
_PAUSE = 0.03
_LARGEST_LOG = 16 * 1024 * 1024
_PACKAGES = Path(__file__).resolve().parents[2]


class Embedded:
    """A share in the server. Whoever holds one keeps it running, until `release` or the end of the process."""

    def __init__(self, cluster: Cluster, share: int) -> None:
        self.cluster = cluster
        self._share: int | None = share

    @property
    def url(self) -> str:
        """Read anew each time: a server that was restarted while its port was taken moves to another."""
        return self.cluster.url()

    def release(self) -> None:
        if self._share is not None:
            os.close(self._share)
            self._share = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def acquire(home: Path, *, durable: bool = True) -> Embedded:
    """A share in the server of this data folder, started if need be. `durable` counts for the one who starts it."""
    cluster = Cluster(home.resolve() / "postgres")
    with _explained(cluster):
        cluster.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with held(cluster.start_lock, within=_PATIENCE) as mine:
            if not mine:
                raise Unavailable("another process has been starting PostgreSQL for too long", log=str(cluster.log))
            share = take(cluster.users_lock, shared=True, within=_PATIENCE)
            if share is None:
                raise Unavailable("the former PostgreSQL has been stopping for too long", log=str(cluster.log))
            try:
                create(cluster, durable=durable)
                _await_server(cluster, durable=durable)
            except BaseException:
                os.close(share)
                raise
    return Embedded(cluster, share)


def runs(home: Path) -> bool:
    """Is there a server of this data folder? Asking starts nothing and makes nothing."""
    guardian = Cluster(home.resolve() / "postgres").guardian_lock
    return guardian.exists() and is_held(guardian)


def _await_server(cluster: Cluster, *, durable: bool) -> None:
    deadline = time.monotonic() + _PATIENCE
    guarded_by_us = False
    while True:
        if not is_held(cluster.guardian_lock):
            if guarded_by_us:
                raise Unavailable(f"PostgreSQL did not start; see {cluster.log}", log=str(cluster.log))
            _start_guardian(cluster, durable=durable)
            guarded_by_us = True
        refusal = _refusal(cluster)
        if refusal is None:
            return
        if time.monotonic() > deadline:
            raise Unavailable(f"PostgreSQL does not answer; see {cluster.log}", log=str(cluster.log), why=refusal)
        time.sleep(_PAUSE)


def _start_guardian(cluster: Cluster, *, durable: bool) -> None:
    if cluster.log.exists() and cluster.log.stat().st_size > _LARGEST_LOG:
        cluster.log.replace(cluster.log.with_suffix(".log.1"))
    options = [] if durable else ["--not-durable"]
    log = os.open(cluster.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        # returns as soon as the guardian has its lock; a session of its own, so that Ctrl-C does not reach it
        subprocess.run(  # noqa: S603  our own module
            [sys.executable, "-m", "gateway.store.guardian", str(cluster.folder), *options],
            cwd=_PACKAGES,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            check=True,
        )
    except subprocess.CalledProcessError as error:
        raise Unavailable(f"PostgreSQL's guardian did not start; see {cluster.log}", log=str(cluster.log)) from error
    finally:
        os.close(log)


def _refusal(cluster: Cluster) -> str | None:
    """Why the server does not answer yet, or None when it does."""
    if not cluster.is_ready():
        return "it is still starting"
    try:
        # whoever else may listen on that port must not learn the password
        psycopg.connect(
            host=HOST,
            port=cluster.port(),
            user=NAME,
            password=cluster.password(),
            dbname=NAME,
            connect_timeout=2,
            require_auth="scram-sha-256",
        ).close()
    except psycopg.OperationalError as error:
        return str(error)
    return None


@contextmanager
def _explained(cluster: Cluster) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable(
            f"the embedded PostgreSQL cannot use {cluster.folder}: {error.strerror}", folder=str(cluster.folder)
        ) from error
