"""The warehouse's hands: parcels leave a moment after their release, and each one that leaves is reported."""

import asyncio
import secrets

import orjson

from adapters.sandbox import shelves
from adapters.sandbox.answers import Effect, Json, Refusal, demand
from adapters.sandbox.callbacks import Callbacks
from adapters.sandbox.ledger import Ledger, moment
from adapters.sandbox.shelves import Cause
from adapters.sandbox.turns import in_turns
from adapters.sandbox.wms import find_shipment

BATCH = 100
IDLE = 30.0
CALLBACK = """
INSERT INTO callbacks (id, shipment, body, traceparent, state, copies, next_at) VALUES (?, ?, ?, ?, ?, ?, ?)
"""


class Shipping:
    """Ships what is due. Being held is remembered over a restart."""

    def __init__(self, ledger: Ledger, callbacks: Callbacks, *, ship_after: float) -> None:
        self._ledger = ledger
        self._callbacks = callbacks
        self._wake = asyncio.Event()
        self._ship_after = ship_after

    @property
    def held(self) -> bool:
        return bool(self._ledger.value("SELECT value = 'yes' FROM settings WHERE name = 'held'"))

    def hold(self, *, held: bool) -> None:
        value = "yes" if held else "no"
        self._ledger.run("INSERT OR REPLACE INTO settings (name, value) VALUES ('held', ?)", value)
        self.wake()

    def wake(self) -> None:
        self._wake.set()

    async def run(self) -> None:
        await in_turns(self._turn, self._wake)

    def _turn(self) -> float:
        self._ship_what_is_due()
        return self._pause()

    def _pause(self) -> float:
        oldest: float | None = self._ledger.value("SELECT min(released_at) FROM shipments WHERE status = 'released'")
        if self.held or oldest is None:
            return IDLE
        return min(IDLE, max(0.0, oldest + self._ship_after - self._ledger.now()))

    def _ship_what_is_due(self) -> None:
        if self.held:
            return
        due = self._ledger.rows(
            "SELECT * FROM shipments WHERE status = 'released' AND released_at <= ? ORDER BY released_at LIMIT ?",
            *(self._ledger.now() - self._ship_after, BATCH),
        )
        for row in due:
            with self._ledger.transaction():
                self._ship(dict(row))
        if due:
            self._callbacks.wake()

    def ship(self, named: str) -> str:
        """Ship one at once, held or not; answers its callback's id. What has left already is not shipped again."""
        with self._ledger.transaction():
            shipment = find_shipment(self._ledger, named)
            if shipment["status"] == "cancelled":
                raise Refusal(409, "cancelled", "the shipment is cancelled")
            if shipment["status"] == "released":
                self._ship(shipment)
        self._callbacks.wake()
        return str(self._ledger.value("SELECT id FROM callbacks WHERE shipment = ?", named))

    def _ship(self, shipment: Json) -> None:
        """Inside a transaction, on a row just read as released, with nothing awaited since: so no cancel is between."""
        ledger, now = self._ledger, self._ledger.now()
        lines = orjson.loads(shipment["lines"])
        ledger.run("UPDATE shipments SET status = 'shipped', shipped_at = ? WHERE id = ?", now, shipment["id"])
        shelves.take(ledger, shipment["node"], demand(lines), Cause("shipment", shipment["order_id"], now))
        left = Effect(
            kind="shipped",
            subject=shipment["id"],
            order_id=shipment["order_id"],
            reference=shipment["reference"],
            lines=lines,
            data={"node": shipment["node"]},
        )
        ledger.book(None, left, system="wms")
        state = "lost" if shipment["fault"] == "lost_callback" else "pending"
        named = (f"msg_{secrets.token_hex(12)}", shipment["id"], _message(shipment, lines, now))
        ledger.run(CALLBACK, *named, shipment["traceparent"], state, shipment["copies"], now + shipment["delay"])


def _message(shipment: Json, lines: list[Json], now: float) -> bytes:
    data = {
        "shipment_id": shipment["id"],
        "reference": shipment["reference"],
        "order_id": shipment["order_id"],
        "shipped_at": moment(now),
        "lines": lines,
    }
    return orjson.dumps({"type": "shipment.shipped", "timestamp": moment(now), "data": data})
