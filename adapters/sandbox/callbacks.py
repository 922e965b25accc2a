"""The warehouse's voice: signed callbacks, kept in the ledger and repeated until the receiver says 2xx."""

import asyncio
import sqlite3
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import httpx2
from standardwebhooks import Webhook

from adapters.sandbox.ledger import Ledger

CONCURRENCY = 16
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
TIMEOUT = 5.0
DUE = "SELECT * FROM callbacks WHERE state = 'pending' AND next_at <= ? ORDER BY next_at LIMIT ?"
NEXT = "SELECT min(next_at) FROM callbacks WHERE state = 'pending' AND next_at > ?"


class Callbacks:
    """Delivers what is due, at most CONCURRENCY at a time. Without an address everything is kept, nothing is sent."""

    def __init__(
        self, ledger: Ledger, *, url: str | None, secret: str, transport: httpx2.AsyncBaseTransport | None = None
    ) -> None:
        self._ledger = ledger
        self._url = url
        self._signer = Webhook(secret)
        self._client = httpx2.AsyncClient(trust_env=False, timeout=TIMEOUT, transport=transport)
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
        while True:
            self._wake.clear()
            now = self._ledger.now()
            self._start_what_is_due(now)
            try:
                async with asyncio.timeout(self._pause(now)):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def _pause(self, now: float) -> float:
        due = self._ledger.value(NEXT, now)
        return LONGEST_PAUSE if due is None or self._url is None else min(LONGEST_PAUSE, due - now)

    def _start_what_is_due(self, now: float) -> None:
        if self._url is None:
            return
        for row in self._ledger.rows(DUE, now, CONCURRENCY + len(self._under_way)):
            if len(self._under_way) < CONCURRENCY:
                self._start(row)

    def _start(self, row: sqlite3.Row) -> asyncio.Task[None]:
        named = str(row["id"])
        if named not in self._under_way:
            self._under_way[named] = asyncio.create_task(self._deliver(row))
        return self._under_way[named]

    async def deliver_at_once(self, named: str, *, within: float) -> None:
        """Have one delivered before anything else happens, as far as that is done within *within* seconds."""
        row = self._ledger.row("SELECT * FROM callbacks WHERE id = ? AND state = 'pending'", named)
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
        sent_at, body = datetime.fromtimestamp(int(self._ledger.now()), UTC), bytes(row["body"])
        headers = {
            "content-type": "application/json",
            "webhook-id": row["id"],
            "webhook-timestamp": str(int(sent_at.timestamp())),
            "webhook-signature": self._signer.sign(row["id"], sent_at, body.decode()),
        }
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
            self._ledger.run(
                "UPDATE callbacks SET state = 'delivered', attempts = ?, last_status = ?, delivered_at = ?"
                " WHERE sequence = ?",
                *(attempts, statuses[-1], now, row["sequence"]),
            )
            return
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(row["attempts"], 10))
        self._ledger.run(
            "UPDATE callbacks SET attempts = ?, last_status = ?, next_at = ? WHERE sequence = ?",
            *(attempts, failed[0], now + pause, row["sequence"]),
        )
