"""The database, as the rest of the gateway sees it: a bounded pool whose failures are `Unavailable`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool, PoolTimeout, TooManyRequests

from gateway.errors import Unavailable

Connection = AsyncConnection[tuple[Any, ...]]

_AWAY = "the database is away"


class Database:
    """A pool of autocommit connections. A broken one is replaced; waiting for one is bounded."""

    def __init__(self, url: str, *, connections: int, name: str, patience: float = 1.0) -> None:
        self.url = url
        self._pool = AsyncConnectionPool(
            url,
            min_size=2,
            max_size=connections,
            open=False,
            timeout=patience,
            max_waiting=connections * 16,
            reconnect_timeout=5.0,
            check=AsyncConnectionPool.check_connection,
            kwargs={
                "autocommit": True,
                "connect_timeout": 2,
                "application_name": name,
                "options": "-c lock_timeout=2000 -c statement_timeout=10000 -c timezone=UTC",
            },
        )

    async def open(self) -> None:
        await self._pool.open()

    async def close(self) -> None:
        await self._pool.close()

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
