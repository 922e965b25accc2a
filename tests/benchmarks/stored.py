"""Databases with orders in them: copies of one that was really accepted, of several partners, over a long time."""

import asyncio
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from cryptography.fernet import Fernet
from psycopg import sql

from gateway.domain.identifiers import mint
from gateway.domain.time import system_clock
from gateway.partners.registry import Credentials, Registry
from gateway.store.embedded import acquire
from gateway.store.migrate import migrate
from gateway.store.pool import Database
from tests.benchmarks.gate import token_of
from tests.benchmarks.order import CHANNEL
from tests.benchmarks.processes import free_port, omnigate, running

RARE_CHANNEL = "bench-rare"
SPARSE = 100  # orders that a filter finds which finds few, in every database
_AT_ONCE = 100_000


@dataclass(frozen=True, slots=True)
class Store:
    """One database, and an edge over it."""

    size: int
    own: int  # orders of the partner that asks
    long_ago: str  # two fifths of the orders were placed later
    url: str
    port: int
    credentials: Credentials
    edge: subprocess.Popen[bytes]

    def token(self) -> str:
        """A new one: filling takes longer than a token lives."""
        return token_of(f"http://127.0.0.1:{self.port}", self.credentials)

    def backends(self) -> list[int]:
        """The processes of PostgreSQL that serve this edge."""
        with psycopg.connect(self.url) as connection:
            return [row[0] for row in connection.execute(_BACKENDS).fetchall()]

    def fill(self) -> None:
        """After the first order has been placed."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("set synchronous_commit = off")
            connection.execute(_OTHERS)
            for last in range(self.size, 0, -_AT_ONCE):
                first = max(1, last - _AT_ONCE + 1)
                values = {"last": last, "first": first, "apart": self.size // SPARSE}
                connection.execute(_COPIES, {**values, "channel": CHANNEL, "rare": RARE_CHANNEL})
            connection.execute("vacuum (analyze)")


@contextmanager
def stores(home: Path, sizes: Sequence[int]) -> Iterator[list[Store]]:
    """Empty ones, in one cluster, so that what else happens on the machine happens to all of them."""
    with ExitStack() as stack:
        server = stack.enter_context(acquire(home))
        with psycopg.connect(server.url, autocommit=True) as connection:
            for size in sizes:
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(f"stored_{size}")))
        yield [stack.enter_context(_store(server.url, home, size)) for size in sizes]


@contextmanager
def _store(server: str, home: Path, size: int) -> Iterator[Store]:
    url = f"{server.rsplit('/', 1)[0]}/stored_{size}"
    migrate(url)
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    env = {"OMNIGATE_HOME": str(home), "OMNIGATE_PORT": str(port), "DATABASE_URL": url}
    env["OMNIGATE_SECRET_KEY"] = Fernet.generate_key().decode()
    log = home / f"serve-{size}.log"
    with running(*omnigate("serve"), env=env, log=log, ready=f"{address}/readyz") as edge:
        long_ago = datetime.fromtimestamp(datetime.now(UTC).timestamp() - size * 2 // 5 * 60, UTC)
        yield Store(
            size,
            own=size * 4 // 5,
            long_ago=long_ago.strftime("%Y-%m-%dT%H:%M:%SZ"),
            url=url,
            port=port,
            credentials=asyncio.run(_registered(url)),
            edge=edge,
        )


async def _registered(url: str) -> Credentials:
    database = Database(url, connections=2, name="omnigate-bench")
    await database.open()
    try:
        registry = Registry(database, clock=system_clock, mint=mint)
        named = {"channels": frozenset({CHANNEL, RARE_CHANNEL}), "scopes": frozenset({"orders:read", "orders:write"})}
        return await registry.add("bench", **named, plan="internal", operator="bench")
    finally:
        await database.close()


_BACKENDS = """
select pid from pg_stat_activity
 where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()
"""

_OTHERS = """
with names as (select 'other-' || n as name from generate_series(0, 3) n),
     added as (insert into partner (partner_id, name, client_id, secret_hash, scopes, plan)
               select name, name, name, '', '{}', 'standard' from names)
insert into channel select name, name from names
"""

# Number 1 is the newest, and one was placed a minute. Every fifth is another partner's. Of what the workflow would have
# left there is only the status: no accept and no list looks at the rest.
_COPIES = """
with number as materialized (
    select n, 'ord_' || lpad((1000000000 - n)::text, 26, '0') as order_id, 'n' || n as named,
           case when n %% 5 = 0 then 'other-' || n / 5 %% 4 else 'bench' end as partner_id,
           case when n %% 5 = 0 then 'other-' || n / 5 %% 4 when n %% %(apart)s = 2 then %(rare)s else %(channel)s end
               as channel_id,
           case when n %% %(apart)s = 1 then 'rejected' when n <= 20 then 'received' else 'completed' end as status,
           now() - n * interval '1 minute' as moment
      from generate_series(%(last)s::bigint, %(first)s::bigint, -1) n
), model as (
    select o.*, p.document as personal, k.fingerprint, k.headers, k.body, e.type, e.data, r.saga,
           r.version as saga_version, r.traceparent, a.actor, a.subject as who, a.action, a.decisions, a.facts
      from orders o join personal_data p using (personal_id) join idempotency k on k.resource_id = o.order_id
      join event e on e.subject = o.order_id join run r on r.run_id = o.order_id
      join audit a on a.resource = o.order_id
     order by o.order_id desc limit 1
), kept as (
    insert into personal_data select 'per_' || n, personal, moment from number, model
), keyed as (
    insert into idempotency
    select number.partner_id, 'stored-' || lpad(n::text, 12, '0'), fingerprint, 202, headers, body, number.order_id,
           'req_' || n, model.trace_id, moment, now() + interval '3 days'
      from number, model
), happened as (
    insert into event (event_id, subject, sequence, type, occurred_at, trace_id, data)
    select 'evt_' || n, number.order_id, 1, type, moment, model.trace_id, data from number, model
), audited as (
    insert into audit
    select 'aud_' || n, moment, actor, who, number.partner_id, action, number.order_id, 'req_' || n, model.trace_id,
           decisions, facts
      from number, model
), ran as (
    insert into run (run_id, saga, version, state, outcome, traceparent, created_at, updated_at)
    select number.order_id, saga, saga_version, 'ended', number.status, traceparent, moment, moment from number, model
)
insert into orders (order_id, partner_id, channel_id, channel_order_id, content_hash, status, currency, grand_total,
                    placed_at, document, personal_id, receipt, receipt_headers, trace_id, received_at, updated_at)
select number.order_id, number.partner_id, number.channel_id, named, content_hash, number.status, currency, grand_total,
       moment, document, 'per_' || n, receipt, receipt_headers, model.trace_id, moment, moment
  from number, model
"""
