"""
Tryton 8.2: an ERP that nobody here wrote, as a process of its own, reached over HTTP on the loopback only.

Its database is set up once (half a minute on SQLite, a minute and a half on PostgreSQL), kept in an ignored folder, and
copied for whoever asks. Whatever it is made from is part of its name, so that a change makes it anew.
"""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql

from adapters.sandbox import EXAMPLE_CATALOGUE
from gateway.cli.demo_orders import CHANNEL, articles
from gateway.store.embedded import acquire
from tests.peers.environment import PINS, alone, environment, free_port, serving
from tests.tools import TOOLS

SET_UP = PINS / "tryton_setup.py"
LOGIN, CLERK = "omnigate", "clerk"  # we, and whoever works there
PASSWORD = "nobody's secret"
SHOP = {
    "articles": [
        {"sku": sku, "gtin": gtin, "price": price, "on_hand": on_hand}
        for sku, (gtin, price, on_hand) in {
            **{each.sku: (each.gtin, str(each.price), each.on_hand) for each in articles()},
            **{each.sku: (each.gtin, "7.50", each.on_hand) for each in EXAMPLE_CATALOGUE},
        }.items()
    ],
    "channels": ["web-uk", CHANNEL],
    "suppliers": ["S-4711", "S-4712"],
    "taxes": ["0.19", "0.2", "0.25"],
    "logins": [LOGIN, CLERK],
    "password": PASSWORD,
}
SET_UP_PATIENCE = 900  # seconds

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tryton:
    """A server, who may log in there, and the ids of what its shop is made of, by name."""

    url: str
    database: str
    seed: Json
    log: Path
    login: str = LOGIN
    clerk: str = CLERK
    password: str = PASSWORD


@contextmanager
def tryton(folder: Path, *, queued: bool = False) -> Iterator[Tryton]:
    """On a copy of the set-up shop in SQLite; *folder* is this server's own. *queued*: what may wait is left to
    a worker of Tryton's, and there is none."""
    made = _on_sqlite()
    folder.mkdir(parents=True, exist_ok=True)
    for beside in ("-wal", "-shm"):  # it would be replayed into the copy
        (folder / f"shop.sqlite{beside}").unlink(missing_ok=True)
    shutil.copyfile(made / "shop.sqlite", folder / "shop.sqlite")
    conf = _configured(folder, "sqlite://", free_port(), queued=queued)
    with _served(conf, "shop", made / "seed.json") as server:
        yield server


@contextmanager
def tryton_on_postgresql(folder: Path) -> Iterator[Tryton]:
    """On a copy of the set-up shop in PostgreSQL, which answers 503 to those who are in each other's way."""
    folder.mkdir(parents=True, exist_ok=True)
    with acquire(TOOLS / "tryton-postgresql", durable=False) as cluster:
        uri = cluster.url.rsplit("/", 1)[0] + "/"
        made, template = _on_postgresql(cluster.url, uri)
        name = f"shop_{uuid4().hex}"
        with psycopg.connect(cluster.url, autocommit=True) as connection:
            _said(connection, "create database {} template {}", name, template)
            try:
                with _served(_configured(folder, uri, free_port()), name, made / "seed.json") as server:
                    yield server
            finally:
                _said(connection, "drop database {} with (force)", name)


@contextmanager
def _served(conf: Path, database: str, seed: Path) -> Iterator[Tryton]:
    listen = next(line for line in conf.read_text().splitlines() if line.startswith("listen"))
    url, log = f"http://{listen.removeprefix('listen = ')}", conf.with_name("trytond.log")
    programs = environment("tryton")  # its scripts name the Python of where they were made, and it may have been moved
    with serving([programs / "python", programs / "trytond", "-c", conf, "-d", database], url, log=log):
        yield Tryton(url, database, json.loads(seed.read_text()), log)


def _configured(folder: Path, uri: str, port: int = 0, *, queued: bool = False) -> Path:
    conf = folder / "trytond.conf"
    conf.write_text(
        f"[database]\nuri = {uri.replace('%', '%%')}\npath = {folder}\n"
        f"[web]\nlisten = 127.0.0.1:{port}\nroot =\n"
        f"[queue]\nworker = {queued}\n"
        "[session]\nmax_attempt = 50\ntimeout = 28800\n"
    )
    return conf


def _on_sqlite() -> Path:
    home = TOOLS / f"tryton-shop-{_made_from()}"
    with alone("tryton-shop"):
        if not (home / "seed.json").exists():
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir()
            (home / "shop.sqlite").touch()  # Tryton sets up a database that it can find
            _set_up(home, "sqlite://", "shop")
            with sqlite3.connect(home / "shop.sqlite") as connection:
                connection.execute("pragma wal_checkpoint(truncate)")
            (home / "seed.draft.json").rename(home / "seed.json")
    return home


def _on_postgresql(admin: str, uri: str) -> tuple[Path, str]:
    name = f"template_{_made_from()}"
    home = TOOLS / f"tryton-postgresql-{_made_from()}"
    with alone("tryton-shop-postgresql"):
        if not (home / "seed.json").exists():
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir()
            with psycopg.connect(admin, autocommit=True) as connection:
                _said(connection, "drop database if exists {} with (force)", name)
                _said(connection, "create database {} template template0 encoding 'UTF8'", name)
            _set_up(home, uri, name)
            (home / "seed.draft.json").rename(home / "seed.json")
    return home, name


def _set_up(home: Path, uri: str, database: str) -> None:
    conf, shop = _configured(home, uri), home / "shop.json"
    shop.write_text(json.dumps(SHOP))
    done = subprocess.run(
        [environment("tryton") / "python", SET_UP, conf, database, shop, home / "seed.draft.json"],
        env={**os.environ, "TRYTON_URI": uri},
        capture_output=True,
        text=True,
        check=False,
        timeout=SET_UP_PATIENCE,
    )
    assert done.returncode == 0, done.stderr[-2000:]


def _made_from() -> str:
    """Also of the year: its books are open for this one and the next."""
    pins = (PINS / "tryton.txt").read_text()
    year = str(datetime.now(UTC).year)
    parts = (pins, SET_UP.read_text(), json.dumps(SHOP), year)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _said(connection: "psycopg.Connection[Any]", text: str, *names: str) -> None:
    connection.execute(sql.SQL(text).format(*map(sql.Identifier, names)))
