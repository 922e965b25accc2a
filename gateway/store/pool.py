"""The database, as the rest of the gateway sees it: a bounded pool whose failures are `Unavailable`."""

import asyncio
import select
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import orjson
import psycopg
from psycopg import AsyncConnection, Rollback
from psycopg.types.json import set_json_dumps, set_json_loads
from psycopg_pool import AsyncConnectionPool, PoolTimeout, TooManyRequests

from gateway.errors import Unavailable

set_json_loads(orjson.loads)  # documents are read far more often than anything else
set_json_dumps(orjson.dumps)

Connection = AsyncConnection[tuple[Any, ...]]
Reason = TypeVar("Reason")

_AWAY = "the database is away"


async def _check(connection: Connection) -> None:
    """Raises if the server has gone: its end of the socket says so, and only when it says anything is it asked."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        await AsyncConnectionPool.check_connection(connection)


class Line(AsyncConnection[tuple[Any, ...]]):
    """A connection whose attempt, once given up, is hung up. Left to the collector, the attempt stays half open at the
    server, which waits a minute for the rest of it, and whatever there needs every backend's word waits as long."""

    @classmethod
    async def connect(cls, *where: Any, **how: Any) -> Self:
        try:
            return await super().connect(*where, **how)
        except psycopg.OperationalError as error:
            cause: BaseException | None = error
            while cause is not None:
                traceback.clear_frames(cause.__traceback__)  # they hold the socket
                cause = cause.__context__
            raise


@dataclass(frozen=True, slots=True)
class Load:
    """How the pool fares: connections now, and since its beginning how often and how long one was waited for."""

    size: int
    most: int
    idle: int
    waiting: int
    requests: int
    waited: float  # seconds
    refused: int


async def all_or_nothing(connection: Connection, work: Callable[[], Awaitable[Reason | None]]) -> Reason | None:
    """What *work* writes stays, unless it returns a reason against it; inside the caller's transaction."""
    refused = None
    async with connection.transaction() as attempt:
        refused = await work()
        if refused is not None:
            raise Rollback(attempt)
    return refused


class Joined:
    """A transaction that is under way, for whoever would open one of their own."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        yield self._connection


class Database:
    """A pool of autocommit connections. A broken one is replaced; waiting for one is bounded."""

    def __init__(self, url: str, *, connections: int, name: str, patience: float = 1.0, reach: int = 10) -> None:
        """*patience*: seconds for which who asks waits for a connection. *reach*: seconds in which a server, busy as it
        may be, takes up a new one."""
        self.url = url
        self._pool = AsyncConnectionPool(
            url,
            connection_class=Line,
            min_size=2,
            max_size=connections,
            open=False,
            timeout=patience,
            max_waiting=connections * 16,
            reconnect_timeout=5.0,
            check=_check,
            kwargs={
                "autocommit": True,
                "connect_timeout": reach,
                "application_name": name,
                "options": "-c lock_timeout=2000 -c statement_timeout=10000 -c timezone=UTC",
            },
        )

    async def open(self, *, within: float = 0.0) -> None:
        """*within*: seconds for which a first connection is waited for, longer than a request may wait for one.
        Raises `Unavailable` when none has come by then."""
        await self._pool.open()
        if not within:
            return
        try:
            async with asyncio.timeout(within):
                await self._first()
        except TimeoutError as error:
            raise Unavailable(_AWAY) from error

    async def _first(self) -> None:
        """The pool gives up after a while; who asks again makes it try again."""
        while True:
            with suppress(PoolTimeout):
                async with self._pool.connection():
                    return

    async def close(self) -> None:
        await self._pool.close()

    def load(self) -> Load:
        told = self._pool.get_stats()
        now = (told["pool_size"], told["pool_max"], told["pool_available"], told.get("requests_waiting", 0))
        waited = told.get("requests_wait_ms", 0) / 1000
        return Load(*now, told.get("requests_num", 0), waited, told.get("requests_errors", 0))

    async def answers(self) -> None:
        """Raises `Unavailable` when the database does not answer."""
        async with self.connection() as connection:
            await connection.execute("select 1")

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection for a few statements. Raises `Unavailable` when the database is away or all are busy."""
        try:
            async with self._pool.connection() as connection:
                yield connection
        except (PoolTimeout, TooManyRequests) as error:
            raise Unavailable(_AWAY) from error
        except (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable):
            raise
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise Unavailable(_AWAY) from error

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        async with self.connection() as connection, connection.transaction():
            yield connection
