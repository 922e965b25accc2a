"""
The books of all systems: one SQLite file that survives the death of the process.

State, effect, attempt and stored answer of a call are one transaction. Everything here is synchronous and the process
has one connection and one thread, so that a transaction is atomic towards every other call without a lock.
"""

import hashlib
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from adapters.sandbox.answers import Call, Effect, Refusal
from adapters.sandbox.schema import OLDER, SCHEMA

LOCK_PATIENCE = 2.0  # seconds; a predecessor that is still draining lets go of the file within them
ATTEMPT = """
INSERT INTO attempts (sequence, system, operation, key, reference, order_id, request_id, traceparent, received_at,
                      status, fault, applied, replayed)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (sequence) DO UPDATE SET order_id = excluded.order_id, status = excluded.status,
                                     applied = excluded.applied, replayed = excluded.replayed
"""
EFFECT = """
INSERT INTO effects (system, kind, subject, key, reference, order_id, amount, currency, lines, data, at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
STORE_ANSWER = "INSERT OR REPLACE INTO answers (system, key, fingerprint, status, body, at) VALUES (?, ?, ?, ?, ?, ?)"


class LedgerError(Exception):
    """The ledger cannot be opened."""


@dataclass(frozen=True, slots=True)
class Stored:
    """The answer a key has had."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of an attempt; `status` is None when no answer was given."""

    status: int | None
    fault: str | None
    applied: bool = False
    replayed: bool = False
    order_id: str | None = None


class Ledger:
    """One connection to the books."""

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        self.now = clock
        try:
            self._db = _open(path)
        except sqlite3.OperationalError as error:
            raise LedgerError(f"the ledger {path} cannot be opened ({error}); is another sandbox using it?") from error
        except (sqlite3.DatabaseError, OSError) as error:
            raise LedgerError(f"the ledger {path} cannot be used: {error}") from error

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def run(self, statement: str, *values: object) -> int:
        """Execute one statement; answers the row id of what was inserted."""
        return self._db.execute(statement, values).lastrowid or 0

    def rows(self, statement: str, *values: object) -> list[sqlite3.Row]:
        return self._db.execute(statement, values).fetchall()

    def row(self, statement: str, *values: object) -> sqlite3.Row | None:
        found: sqlite3.Row | None = self._db.execute(statement, values).fetchone()
        return found

    def value(self, statement: str, *values: object) -> Any:
        found = self.row(statement, *values)
        return found[0] if found else None

    def note(self, call: Call, verdict: Verdict, *, sequence: int | None = None) -> int:
        """Write an attempt down, or complete the one noted before under *sequence*."""
        body = call.body or {}
        reference, named = body.get("reference"), body.get("order_id") or body.get("metadata[order_id]")
        order_id = verdict.order_id or named or self._order_of(call)
        who = (call.system, call.operation, call.key, _plain(reference), _plain(order_id))
        when = (call.request_id, call.traceparent, call.received_at)
        outcome = (verdict.status, verdict.fault, verdict.applied, verdict.replayed)
        return self.run(ATTEMPT, sequence, *who, *when, *outcome)

    def _order_of(self, call: Call) -> str | None:
        """The order an attempt is about, when it does not say so but names something booked for one."""
        body = call.body or {}
        known = call.subject or _plain(body.get("sales_order") or body.get("purchase"))
        if known:
            found = self.value("SELECT order_id FROM effects WHERE subject = ? LIMIT 1", known)
        else:
            key = call.key or call.query.get("key")
            found = self.value("SELECT order_id FROM effects WHERE key = ? LIMIT 1", key) if key else None
        return _plain(found)

    def book(self, call: Call | None, effect: Effect, *, system: str) -> None:
        lines = orjson.dumps(effect.lines) if effect.lines is not None else None
        data = orjson.dumps(effect.data) if effect.data is not None else None
        named = (effect.kind, effect.subject, call.key if call else effect.key, effect.reference, effect.order_id)
        self.run(EFFECT, system, *named, effect.amount, effect.currency, lines, data, self.now())

    def stored_answer(self, call: Call, *, kept_for: float) -> Stored | None:
        """The answer this key has had, unless it is older than *kept_for* seconds."""
        known = self.row(
            "SELECT fingerprint, status, body, at FROM answers WHERE system = ? AND key = ?", call.system, call.key
        )
        if known is None or known["at"] < self.now() - kept_for:
            return None
        if known["fingerprint"] != fingerprint(call):
            raise Refusal(409, "key_reused", "this Idempotency-Key was used for another request")
        return Stored(known["status"], known["body"])

    def store_answer(self, call: Call, status: int, body: bytes) -> None:
        self.run(STORE_ANSWER, call.system, call.key, fingerprint(call), status, body, self.now())


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(path, isolation_level=None, timeout=LOCK_PATIENCE, check_same_thread=False)
    database.row_factory = sqlite3.Row
    try:
        # One owner at a time, also across processes: a second sandbox on the same file would ship everything twice.
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.executescript(f"BEGIN IMMEDIATE; {SCHEMA} COMMIT;")  # in one: each by itself takes ten times as long
        for sign, mend in OLDER:
            if database.execute(sign).fetchone():
                database.executescript(mend)
    except sqlite3.DatabaseError:
        database.close()
        raise
    return database


def fingerprint(call: Call) -> bytes:
    body = orjson.dumps(call.body, option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(call.path.encode() + b"\n" + body, digest_size=16).digest()


def moment(seconds: float) -> str:
    """A point in time as RFC 3339 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _plain(value: object) -> str | None:
    return value if isinstance(value, str) else None
