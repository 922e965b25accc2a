"""A system's voice: signed callbacks, kept in the ledger and repeated until the receiver says 2xx."""

import asyncio
import hashlib
import hmac
import sqlite3
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from types import TracebackType
from typing import Literal, Self

import httpx2
from standardwebhooks import Webhook

from adapters.sandbox.ledger import Ledger
from adapters.sandbox.turns import in_turns

CONCURRENCY = 16
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
TIMEOUT = 5.0
Sign = Callable[[str, int, bytes], dict[str, str]]  # the headers that vouch for (id, moment, body)


def standard(secret: str) -> Sign:
    """As Standard Webhooks 1.0.0 says."""
    webhook = Webhook(secret)

    def sign(named: str, moment: int, body: bytes) -> dict[str, str]:
        signature = webhook.sign(named, datetime.fromtimestamp(moment, UTC), body.decode())
        return {"webhook-id": named, "webhook-timestamp": str(moment), "webhook-signature": signature}

    return sign


def stripes(secret: str) -> Sign:
    """As Stripe does."""

    def sign(named: str, moment: int, body: bytes) -> dict[str, str]:
        signature = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
        return {"stripe-signature": f"t={moment},v1={signature}"}

    return sign


class Callbacks:
    """Delivers what is due, at most CONCURRENCY at a time. Without an address everything is kept, nothing is sent."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        table: Literal["callbacks", "store_callbacks", "stripe_events", "psp_callbacks"],
        url: str | None,
        sign: Sign,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._ledger = ledger
        self._url = url
        self._sign = sign
        self._due = f"SELECT * FROM {table} WHERE state = 'pending' AND next_at <= ? ORDER BY next_at LIMIT ?"  # noqa: S608
        self._next = f"SELECT min(next_at) FROM {table} WHERE state = 'pending' AND next_at > ?"  # noqa: S608
        self._one = f"SELECT * FROM {table} WHERE id = ? AND state = 'pending'"  # noqa: S608
        self._told = f"UPDATE {table} SET state = 'delivered', attempts = ?, last_status = ?, delivered_at = ? WHERE sequence = ?"  # noqa: S608, E501
        self._later = f"UPDATE {table} SET attempts = ?, last_status = ?, next_at = ? WHERE sequence = ?"  # noqa: S608
        self._client = httpx2.AsyncClient(verify=authorities(), trust_env=False, timeout=TIMEOUT, transport=transport)
        self._wake = asyncio.Event()
        self._under_way: dict[str, asyncio.Task[None]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        deliveries = list(self._under_way.values())
        for delivery in deliveries:
            delivery.cancel()  # still pending in the ledger: sent again, under the same id, after the restart
        await asyncio.gather(*deliveries, return_exceptions=True)
        await self._client.aclose()

    def wake(self) -> None:
        self._wake.set()

    async def run(self) -> None:
        await in_turns(self._turn, self._wake)

    def _turn(self) -> float:
        now = self._ledger.now()
        self._start_what_is_due(now)
        return self._pause(now)

    def _pause(self, now: float) -> float:
        due = self._ledger.value(self._next, now)
        return LONGEST_PAUSE if due is None or self._url is None else min(LONGEST_PAUSE, due - now)

    def _start_what_is_due(self, now: float) -> None:
        if self._url is None:
            return
        for row in self._ledger.rows(self._due, now, CONCURRENCY + len(self._under_way)):
            if len(self._under_way) < CONCURRENCY:
                self._start(row)

    def _start(self, row: sqlite3.Row) -> asyncio.Task[None]:
        named = str(row["id"])
        if named not in self._under_way:
            self._under_way[named] = asyncio.create_task(self._deliver(row))
        return self._under_way[named]

    async def deliver_at_once(self, named: str, *, within: float) -> None:
        """Have one delivered before anything else happens, as far as that is done within *within* seconds."""
        row = self._ledger.row(self._one, named)
        if row is not None and self._url is not None:
            await asyncio.wait([self._start(row)], timeout=within)

    async def _deliver(self, row: sqlite3.Row) -> None:
        try:
            statuses = await asyncio.gather(*(self._send(row) for _ in range(row["copies"])))
            self._write_down(row, statuses)
        finally:
            del self._under_way[row["id"]]
            self._wake.set()

    async def _send(self, row: sqlite3.Row) -> int | None:
        assert self._url is not None
        body = bytes(row["body"])
        headers = {"content-type": "application/json", **self._sign(row["id"], int(self._ledger.now()), body)}
        if row["traceparent"]:
            headers["traceparent"] = row["traceparent"]
        try:
            return (await self._client.post(self._url, content=body, headers=headers)).status_code
        except Exception:  # whatever went wrong on the way, the receiver has not said 2xx
            return None

    def _write_down(self, row: sqlite3.Row, statuses: list[int | None]) -> None:
        now, attempts = self._ledger.now(), row["attempts"] + 1
        failed = [status for status in statuses if status is None or not 200 <= status < 300]
        if not failed:
            self._ledger.run(self._told, attempts, statuses[-1], now, row["sequence"])
            return
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(row["attempts"], 10))
        self._ledger.run(self._later, attempts, failed[0], now + pause, row["sequence"])


@cache
def authorities() -> ssl.SSLContext:
    """Whom to trust: the same for all voices, and 30 ms to read."""
    return httpx2.create_ssl_context(trust_env=False)
