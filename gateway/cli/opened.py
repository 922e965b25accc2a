"""The database of a command: the embedded one of the data folder, or the one that DATABASE_URL names."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from gateway.errors import Misconfigured
from gateway.settings import Settings
from gateway.store import embedded, migrate
from gateway.store.pool import Database


@contextmanager
def database_url(settings: Settings) -> Iterator[str]:
    """A migrated database. The embedded one migrates by itself; your own is refused until `omnigate migrate` ran."""
    if settings.database_url is not None:
        url = settings.database_url.get_secret_value()
        if (fault := migrate.check(url)) is not None:
            raise Misconfigured(fault)
        yield url
        return
    with embedded.acquire(settings.home) as server:
        migrate.migrate(server.url)
        yield server.url


@contextmanager
def running_database(settings: Settings) -> Iterator[str | None]:
    """The database if it runs already and is of this version; nothing is started, migrated or waited for."""
    if settings.database_url is not None:
        url = settings.database_url.get_secret_value()
        yield url if migrate.check(url) is None else None
    elif embedded.runs(settings.home):
        with embedded.acquire(settings.home) as server:
            yield server.url if migrate.check(server.url) is None else None
    else:
        yield None


@asynccontextmanager
async def database(url: str, *, name: str, connections: int = 2) -> AsyncIterator[Database]:
    pool = Database(url, connections=connections, name=name)
    await pool.open()
    try:
        yield pool
    finally:
        await pool.close()
