"""What every test may ask for: a throw-away PostgreSQL, in it a migrated database of its own, and what is logged."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
import structlog
from psycopg import sql

from gateway.store.embedded import Embedded, acquire
from gateway.store.migrate import migrate
from observability import logs
from tests.folders import throw_away


def pytest_collection_finish() -> None:
    """Tests and modules stay to the end: looking through them for rubbish took a third of the run."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def home() -> Iterator[Path]:
    """An empty data folder."""
    with throw_away() as folder:
        yield folder


@pytest.fixture
def lines() -> Iterator[BytesIO]:
    """Everything that is logged during the test, as it would be written."""
    stream = BytesIO()
    logs.configure(stream=stream)
    yield stream
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Embedded]:
    """The server of this test run."""
    with throw_away(in_memory=True) as folder, acquire(folder, durable=False) as server:
        yield server


@pytest.fixture(scope="session")
def template(cluster: Embedded) -> Iterator[str]:
    """The name of a migrated database, to be copied and never to be used."""
    with _database(cluster, "template0") as name:
        migrate(_url(cluster, name))
        yield name


@pytest.fixture
def database_url(cluster: Embedded, template: str) -> Iterator[str]:
    """A migrated database of this test alone."""
    with _database(cluster, template) as name:
        yield _url(cluster, name)


@pytest.fixture
def empty_database_url(cluster: Embedded) -> Iterator[str]:
    """A database of this test alone, not migrated."""
    with _database(cluster, "template0") as name:
        yield _url(cluster, name)


@contextmanager
def _database(cluster: Embedded, template: str) -> Iterator[str]:
    name = f"test_{uuid4().hex}"
    this, that = sql.Identifier(name), sql.Identifier(template)
    with psycopg.connect(cluster.url, autocommit=True) as connection:
        connection.execute(sql.SQL("create database {} template {} strategy file_copy").format(this, that))
        try:
            yield name
        finally:
            connection.execute(sql.SQL("drop database {} with (force)").format(this))


def _url(cluster: Embedded, name: str) -> str:
    return cluster.url.rsplit("/", 1)[0] + f"/{name}"
