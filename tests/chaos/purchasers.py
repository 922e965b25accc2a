"""Buyers, each with an order until it is agreed to or given up: they change their minds, and take what is proposed or
do not, while its supplier plays its story."""

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import LiteralString
from uuid import uuid4

import psycopg

from tests.chaos.orderbook import OVER, Orderbook, Priced, Remembered, priced
from tests.chaos.reading import told
from tests.chaos.room import PATIENT
from tests.chaos.senders import Asker
from tests.proof.client import Json

SKUS = ("BULB-1", "CABLE-2", "SHADE-3")
WHY = "of what is needed something is different"
PAUSE = 0.3  # seconds between two looks at an order
SILENT = 2.5  # seconds after which a supplier that says nothing has to be asked
DAY_LATER: LiteralString = "update purchase set asked_at = asked_at - interval '25 hours' where po_id = %s"
WAKE: LiteralString = "select wake(purchase_id) from purchase where po_id = %s and state = 'open' order by revision"
Plays = tuple[str | Json, ...]
# What a supplier plays, and what the buyer has in mind. Where it waits, whoever changes their mind is in time.
STORIES: tuple[tuple[Plays, str], ...] = (
    (("confirm", "ship", "bill"), "keeps"),
    (({"play": "change", "percent": 1}, "ship", "bill"), "keeps"),  # as little is taken as it is
    (("delay", "confirm", "ship", "bill"), "keeps"),
    (("confirm", "ship", {"play": "bill", "over": 3}), "keeps"),
    (("delay", "confirm", "ship", "bill_twice"), "revises"),
    (("delay", "confirm", "ship", "bill"), "cancels"),
    (({"play": "change", "quantity": -9}, "ship", "bill_twice"), "keeps"),  # and this a buyer decides about
    (("confirm", "ship", {"play": "bill", "percent": 9}), "keeps"),
    (({"play": "reject"}, "ship", "bill"), "keeps"),
    (("confirm", {"play": "ship", "short": 4}, "bill"), "keeps"),
    (({"play": "change", "percent": 8}, "ship", "bill"), "keeps"),
    (("confirm", "ship", "bill_twice"), "revises"),
    (("delay", "confirm", "ship", "bill"), "keeps"),
    (("confirm", "ship", "bill"), "cancels"),
    (("confirm",), "ends"),  # and never delivers
)
BILLS = {"bill": 1, "bill_twice": 2}


@dataclass(slots=True)
class Purchaser:
    """Of one order. *dice* say what is written, and when minds change."""

    orderbook: Orderbook
    supplier_id: str
    buyer: Asker
    dice: random.Random
    done: Counter[str]
    po_id: str = ""
    mind: str = "keeps"
    _written: dict[int, Priced] = field(default_factory=dict)
    _since: tuple[int, float] = (0, 0.0)  # since when this revision is waited for
    _asked: int = 0  # the last revision of which a day has passed

    async def lives(self, number: int) -> None:
        plays, self.mind = STORIES[number % len(STORIES)]
        await self._writes(f"PO-{number}", plays)
        deadline = time.monotonic() + PATIENT
        while True:
            seen = await told(self.dice.choice(self.buyer.channels), f"/v1/purchase-orders/{self.po_id}")
            if seen["status"] in OVER and (self.mind, seen["status"]) != ("ends", "confirmed"):
                return
            assert time.monotonic() < deadline, f"{self.po_id} is {seen['status']}"
            await self._goes_on(seen)
            await asyncio.sleep(PAUSE)

    async def _writes(self, po_number: str, plays: Plays) -> None:
        script = {"po_number": po_number, "plays": plays}
        (await self.orderbook.sandbox.post("/supplier/_plays", json=script)).raise_for_status()
        lines = self._lines()
        body = {"po_number": po_number, "supplier_id": self.supplier_id, "currency": "GBP", "lines": lines}
        answer = await self.buyer.says("/v1/purchase-orders", body, uuid4().hex)
        assert answer.status_code == 201, answer.text
        self.po_id = answer.json()["po_id"]
        self._written[1] = priced(lines)
        bills = sum(BILLS.get(play, 0) if isinstance(play, str) else play["play"] == "bill" for play in plays)
        self.orderbook.known[self.po_id] = Remembered(po_number, bills)

    def _lines(self) -> list[Json]:
        """Half of them cost more than a buyer may spend without asking."""
        return [
            {
                **{"line_id": str(place), "sku": sku, "quantity": self.dice.randrange(50, 90)},
                **{"unit_price": self.dice.randrange(3_000, 6_000), "requested_date": "2027-01-10"},
            }
            for place, sku in enumerate(self.dice.sample(SKUS, self.dice.choice((1, 2, 2))), 1)
        ]

    async def _goes_on(self, seen: Json) -> None:
        match seen["status"]:
            case "draft":
                await self._says("submit")
            case "pending_approval" | "approved":
                await self._issues()
            case "change_proposed":
                await self._decides(seen)
            case "declined" | "confirmed":
                await self._cancels_or_revises(seen)
            case "issued":
                await self._waits(seen)

    async def _issues(self) -> None:
        """Again and again, until others have agreed."""
        answer = await self._says("issue")
        if answer is not None:
            number = answer["issued_revision"]
            self.orderbook.known[self.po_id].issued[number] = self._written.get(number) or priced(answer["lines"])
            self._since = (number, time.monotonic())

    async def _waits(self, seen: Json) -> None:
        """Whoever changes their mind does so at once, or as soon as it has been sent."""
        waited = time.monotonic() - self._since[1]
        if self.mind in ("revises", "cancels") and waited > self.dice.choice((0.0, 0.5, 1.0)):
            await self._cancels_or_revises(seen)
        elif waited > 2 * SILENT:
            await self.orderbook.sandbox.post("/supplier/_go", json={"po_number": seen["po_number"]})
        elif waited > SILENT and self._asked != seen["revision"]:
            self._asked = seen["revision"]
            await self._a_day_passes()

    async def _decides(self, seen: Json) -> None:
        decision = self.dice.choice(("agree", "agree", "refuse"))
        path = f"confirmations/{seen['confirmation']['confirmation_id']}/decision"
        if await self._says(path, {"decision": decision, "reason": WHY}) is None:
            return
        self.done[f"proposals, {decision}"] += 1
        if decision == "refuse" and self.mind == "keeps":
            self.mind = self.dice.choice(("revises", "cancels"))  # its supplier has had its say

    async def _cancels_or_revises(self, seen: Json) -> None:
        """Once; unless its supplier was quicker. What it has agreed to meanwhile, stays."""
        mind, self.mind = self.mind, "keeps"
        if mind == "revises":
            lines = self._lines()
            answer = await self._says("revisions", {"lines": lines, "reason": WHY})
            if answer is not None:
                self._written[answer["revision"]] = priced(lines)
        elif await self._says("cancel", {"reason": WHY}, match=f'"{seen["version"]}"') is not None:
            self.orderbook.known[self.po_id].cancelled = True
        self.done[mind if mind != "keeps" else "cancels"] += 1

    async def _says(self, what: str, body: Json | None = None, *, match: str = "") -> Json | None:
        """What the order is like then; nothing, if that was not to be."""
        answer = await self.buyer.says(f"/v1/purchase-orders/{self.po_id}/{what}", body, uuid4().hex, match=match)
        found: Json = answer.json()
        return found if answer.is_success else None

    async def _a_day_passes(self) -> None:
        async with await psycopg.AsyncConnection.connect(self.orderbook.url, autocommit=True) as connection:
            await connection.execute(DAY_LATER, (self.po_id,))
            await connection.execute(WAKE, (self.po_id,))
        self.done["days passed"] += 1
