"""The engine's schema, taken from the installed package, with the index and the settings that it lacks."""

from typing import Any

import absurdctl
import psycopg
from psycopg import sql

from gateway.errors import Unavailable

QUEUE = "sagas"
VERSION: str = absurdctl.ABSURD_SCHEMA_TARGET_VERSION

# every change of state rewrites rows, and the defaults of autovacuum come too late for that
_AUTOVACUUM = {
    "autovacuum_vacuum_scale_factor": "0.01",
    "autovacuum_vacuum_threshold": "1000",
    "autovacuum_analyze_scale_factor": "0.02",
    "autovacuum_vacuum_cost_delay": "0",
}
_INDEXES = {
    # without it a claim sorts every ready run: 100,000 of them cost 100 ms instead of 1
    "r_sagas_ready": (
        "create index r_sagas_ready on absurd.r_sagas (available_at, run_id) where state in ('pending', 'sleeping')"
    ),
    # the few tasks that were given up, among millions that ended
    "t_sagas_failed": "create index t_sagas_failed on absurd.t_sagas (task_id) where state = 'failed'",
}
_TABLES = [f"{kind}_{QUEUE}" for kind in "trwce"]


def install_engine(connection: psycopg.Connection[Any]) -> list[str]:
    """Brings the engine up to date in one transaction and tells what that took. The caller holds the lock."""
    with connection.transaction():
        return [*_schema(connection), *_queue(connection), *_index(connection), *_settings(connection)]


def engine_version(connection: psycopg.Connection[Any]) -> str | None:
    if not _one(connection, "select to_regprocedure('absurd.get_schema_version()') is not null"):
        return None
    return str(_one(connection, "select absurd.get_schema_version()"))


def missing(connection: psycopg.Connection[Any]) -> list[str]:
    """What `install_engine` would still have to make in a database that has the engine's version."""
    absent = [] if _has_queue(connection) else [f"queue {QUEUE}"]
    absent += [f"index {name}" for name in _absent_indexes(connection)]
    return absent + [f"settings of {table}" for table in _unsettled(connection)]


def is_newer(version: str) -> bool:
    return bool(absurdctl.compare_versions(version, VERSION) > 0)


def _schema(connection: psycopg.Connection[Any]) -> list[str]:
    have = engine_version(connection)
    if have is None:
        connection.execute(absurdctl.BUNDLED_SCHEMA_SQL, prepare=False)
        return [f"engine {VERSION} installed"]
    path = absurdctl.resolve_migration_path(have, VERSION, absurdctl.discover_bundled_migrations())
    if path is None:
        raise Unavailable(f"the database's engine is {have}, this Omnigate knows {VERSION}; run a newer Omnigate")
    for migration in path:
        connection.execute(migration["sql"], prepare=False)
    return [f"engine {have} -> {VERSION}"] if path else []


def _queue(connection: psycopg.Connection[Any]) -> list[str]:
    if _has_queue(connection):
        return []
    connection.execute("select absurd.create_queue(%s)", [QUEUE])
    return [f"queue {QUEUE} created"]


def _index(connection: psycopg.Connection[Any]) -> list[str]:
    absent = _absent_indexes(connection)
    for name in absent:
        connection.execute(_INDEXES[name])
    return [f"index {name} created" for name in absent]


def _absent_indexes(connection: psycopg.Connection[Any]) -> list[str]:
    return [name for name in _INDEXES if not _one(connection, "select to_regclass(%s) is not null", f"absurd.{name}")]


def _settings(connection: psycopg.Connection[Any]) -> list[str]:
    tables = _unsettled(connection)
    options = sql.SQL(", ").join(sql.SQL(f"{name} = {value}") for name, value in _AUTOVACUUM.items())
    for table in tables:
        connection.execute(sql.SQL("alter table {} set ({})").format(sql.Identifier("absurd", table), options))
    return [f"autovacuum of {', '.join(tables)} set"] if tables else []


def _has_queue(connection: psycopg.Connection[Any]) -> bool:
    return bool(_one(connection, "select exists (select from absurd.queues where queue_name = %s)", QUEUE))


def _unsettled(connection: psycopg.Connection[Any]) -> list[str]:
    wanted = [f"{name}={value}" for name, value in _AUTOVACUUM.items()]
    rows = connection.execute(
        """select relname from pg_class
           where relnamespace = 'absurd'::regnamespace and relkind = 'r' and relname = any(%s)
             and not coalesce(reloptions, '{}') @> %s order by relname""",
        [_TABLES, wanted],
    )
    return [str(row[0]) for row in rows]


def _one(connection: psycopg.Connection[Any], query: str, *parameters: object) -> Any:
    row = connection.execute(query, parameters or None).fetchone()
    return row[0] if row else None
