"""Brings a database to the schema this Omnigate needs, and tells whether it is there."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from gateway.errors import Unavailable
from gateway.store import engine_schema

_LOCK = 0x6F6D6E69  # the one advisory lock of every migration
_PATIENCE = 600.0
_PAUSE = 0.05
_FOLDER = Path(__file__).parent / "migrations"
_MEND = "run `omnigate migrate`"


def migrate(url: str) -> list[str]:
    """What was done, in order; nothing when the database was up to date. Two at once wait for each other."""
    with _connection(url) as connection:
        _wait_for_turn(connection)
        return [*_our_schema(connection, url), *engine_schema.install_engine(connection)]


def check(url: str) -> str | None:
    """None when the database is up to date, else a sentence that ends with what mends it."""
    with _connection(url) as connection:
        have, known = _revision(connection), _revisions()
        head, engine = known[-1], engine_schema.engine_version(connection)
        if have is None or engine is None:
            return f"the database has not been migrated: {_MEND}"
        if have not in known or engine_schema.is_newer(engine):
            return f"the database belongs to a newer Omnigate (schema {have}, engine {engine}): run that one"
        if have != head:
            return f"the database has schema {have}, this Omnigate needs {head}: {_MEND}"
        if engine != engine_schema.VERSION:
            return f"the database has engine {engine}, this Omnigate needs {engine_schema.VERSION}: {_MEND}"
        if absent := engine_schema.missing(connection):
            return f"the database's engine lacks {', '.join(absent)}: {_MEND}"
    return None


@contextmanager
def _connection(url: str) -> Iterator[psycopg.Connection[Any]]:
    try:
        connection = psycopg.connect(url, autocommit=True, connect_timeout=10, application_name="omnigate migrate")
    except psycopg.OperationalError as error:
        raise Unavailable("the database does not answer", why=str(error)) from error
    with connection:
        yield connection


def _wait_for_turn(connection: psycopg.Connection[Any]) -> None:
    """The lock lasts as long as the session. Asked for again and again: a session that waits inside PostgreSQL would
    block `create index concurrently`."""
    deadline = time.monotonic() + _PATIENCE
    while not _fetch(connection, "select pg_try_advisory_lock(%s)", _LOCK):
        if time.monotonic() > deadline:
            raise Unavailable("another process has been migrating the database for too long")
        time.sleep(_PAUSE)


def _our_schema(connection: psycopg.Connection[Any], url: str) -> list[str]:
    have, known = _revision(connection), _revisions()
    if have is not None and have not in known:
        raise Unavailable(f"the database has schema {have}, which this Omnigate does not know; run a newer one")
    pending = known[known.index(have) + 1 :] if have is not None else known
    if pending:
        _upgrade(url)
    return [f"schema {revision}" for revision in pending]


def _upgrade(url: str) -> None:
    from alembic import command  # noqa: PLC0415 - twenty megabytes and a quarter of a second for who has nothing to do
    from alembic.config import Config  # noqa: PLC0415
    from sqlalchemy import create_engine  # noqa: PLC0415
    from sqlalchemy.pool import NullPool  # noqa: PLC0415

    engine = create_engine("postgresql+psycopg://", poolclass=NullPool, creator=lambda: psycopg.connect(url))
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    with engine.connect() as migrating:
        config.attributes["connection"] = migrating
        command.upgrade(config, "head")
        migrating.commit()


def _revision(connection: psycopg.Connection[Any]) -> str | None:
    if not _fetch(connection, "select to_regclass('alembic_version') is not null"):
        return None
    revision = _fetch(connection, "select version_num from alembic_version")
    return None if revision is None else str(revision)


def _revisions() -> list[str]:
    """All that this Omnigate knows, oldest first: a file each, named by number."""
    return sorted(path.stem for path in (_FOLDER / "versions").glob("[0-9]*.py"))


def _fetch(connection: psycopg.Connection[Any], query: str, *parameters: object) -> Any:
    row = connection.execute(query, parameters or None).fetchone()
    return row[0] if row else None
