"""An installation to measure: the edge on an embedded, durable PostgreSQL, and a partner whose budget never ends."""

import asyncio
import base64
import json
import subprocess
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from gateway.domain.identifiers import mint
from gateway.domain.time import system_clock
from gateway.partners.registry import Credentials, Registry
from gateway.store.embedded import acquire
from gateway.store.migrate import migrate
from gateway.store.pool import Database
from tests.benchmarks.order import CHANNEL
from tests.benchmarks.processes import folder, free_port, load, omnigate, redis, running


@dataclass(frozen=True, slots=True)
class Gate:
    home: Path
    port: int
    token: str
    edge: subprocess.Popen[bytes]
    env: dict[str, str]
    database: str
    redis: int  # its process
    credentials: Credentials

    def one(self, query: str, *parameters: object) -> tuple[object, ...]:
        with psycopg.connect(self.database) as connection:
            row = connection.execute(query, parameters).fetchone()
            assert row is not None, "every question has one answer"
            return tuple(row)

    def renewed(self) -> str:
        """A new token: the first one ends after fifteen minutes."""
        return token_of(f"http://127.0.0.1:{self.port}", self.credentials)

    def place(self, count: int) -> list[str]:
        """So many orders, by the front door; their ids."""
        load(self.port, self.token, connections=4, first=900_000_000, count=count)
        with psycopg.connect(self.database) as connection:
            return [row[0] for row in connection.execute("select order_id from orders order by order_id")]


@contextmanager
def installation(*, profile: Path | None = None, serve: Sequence[str] = (), **more: str) -> Iterator[Gate]:
    """*serve*: another command in place of `omnigate serve`, which starts it and looks on. *more*: its environment."""
    with ExitStack() as stack:
        home = stack.enter_context(folder())
        server = stack.enter_context(acquire(home))
        migrate(server.url)
        port, back_ends = free_port(), free_port()
        counters = stack.enter_context(redis(home))
        env = {"OMNIGATE_HOME": str(home), "OMNIGATE_PORT": str(port), "SANDBOX_PORT": str(back_ends)}
        env["REDIS_URL"] = counters.url  # quotas are counted there: every stage as with several edges
        env |= {f"OMNIGATE_{name}_URL": f"http://127.0.0.1:{back_ends}/{path}" for name, path in _SYSTEMS} | more
        url = f"http://127.0.0.1:{port}"
        command = serve or omnigate("serve", profile=profile)
        edge = stack.enter_context(running(*command, env=env, log=home / "serve.log", ready=f"{url}/readyz"))
        credentials = asyncio.run(_registered(server.url))
        yield Gate(home, port, token_of(url, credentials), edge, env, server.url, counters.pid, credentials)


_SYSTEMS = (("PAYMENTS", "psp"), ("ERP", "erp"), ("WMS", "wms"))


async def _registered(url: str) -> Credentials:
    database = Database(url, connections=2, name="omnigate-bench")
    await database.open()
    try:
        registry = Registry(database, clock=system_clock, mint=mint)
        scopes = frozenset({"orders:read", "orders:write", "inventory:read", "inventory:reserve"})
        return await registry.add(
            "bench", channels=frozenset({CHANNEL}), scopes=scopes, plan="internal", operator="bench"
        )
    finally:
        await database.close()


def token_of(url: str, credentials: Credentials) -> str:
    secret = base64.b64encode(f"{credentials.client_id}:{credentials.client_secret}".encode()).decode()
    request = urllib.request.Request(
        f"{url}/oauth/token",
        data=b"grant_type=client_credentials",
        headers={"authorization": f"Basic {secret}", "content-type": "application/x-www-form-urlencoded"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(json.load(answer)["access_token"])
