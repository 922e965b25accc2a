"""What customers do whose goods are fetched: they answer offers or do not, come with their code or never, or cancel."""

import asyncio
import random
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import LiteralString

import psycopg
from httpx2 import HTTPError, Response

from tests.chaos.gather import FETCHED, told
from tests.chaos.ledgers import messages
from tests.chaos.room import PATIENT
from tests.chaos.weeks import Weeks
from tests.proof.client import END_STATES, Acked, Channel, Json, order
from tests.proof.processes import until
from tests.proof.rig import Rig

PAUSE = 0.25  # seconds between two looks at an order
FORGETFUL = 0.05  # of looks: their money's hold is almost over by then
SILENT = 4.0  # seconds after which a store has not heard, so that the hours pass in which it might
OVER: Mapping[str, LiteralString] = {
    "step": "update step set begun_at = begun_at - interval '30 days' where run_id = %s and state = 'intended'"
    " and name in ('await_acceptance', 'await_collection')",
    "pickup": "update pickup set expires_at = clock_timestamp() where fulfilment_id = %s",
    "offer": "update offer set expires_at = clock_timestamp() where order_id = %s and state = 'open'",
    "wake": "select wake(%s)",
}


@dataclass(slots=True)
class Customer:
    """Of one order. What happens is decided by *dice*, whenever it happens."""

    rig: Rig
    channel: Channel
    acked: Acked
    dice: random.Random
    weeks: Weeks | None = None  # if any pass, in which their money's hold comes to its end
    _seen: dict[tuple[str, str], float] = field(default_factory=dict)  # a part and how it stands -> since when
    _done: set[str] = field(default_factory=set)  # parts and offers that were decided about
    _codes: set[str] = field(default_factory=set)

    async def lives(self) -> None:
        """Until the order has ended."""
        deadline = time.monotonic() + PATIENT
        while True:
            order = await told(self.channel, f"/v1/orders/{self.acked.order_id}")
            if order["status"] in END_STATES:
                return
            assert time.monotonic() < deadline, f"{self.acked.order_id} is {order['status']}"
            for offer in order.get("offers", ()):
                if self._first(offer["offer_id"]):
                    await self._answers(offer["offer_id"])
            for part in order["fulfilments"]:
                await self._looks_after(part)
            if self.weeks is not None and self.dice.random() < FORGETFUL:
                await self.weeks.pass_for(self.acked.order_id)
            await asyncio.sleep(PAUSE)

    def _first(self, name: str) -> bool:
        """Is this not decided about yet?"""
        known = name in self._done
        self._done.add(name)
        return not known

    async def _looks_after(self, part: Json) -> None:
        name, status = part["fulfilment_id"], part["status"]
        since = self._seen.setdefault((name, status), time.monotonic())
        if status == "released" and time.monotonic() - since > SILENT and self._first(f"{name} is silent"):
            await self._passes(name, "step")
        if status == "ready" and part["method"] in FETCHED and self._first(name):
            await self._comes(name)

    async def _answers(self, offer: str) -> None:
        how = self.dice.choice(("accept", "accept", "decline", ""))
        if how:
            await self._told_until({}, f"offers/{offer}/{how}")
        else:
            await self._passes(self.acked.order_id, "offer")

    async def _comes(self, part: str) -> None:
        """With the code; with a wrong one first; never; or as somebody at home cancels."""
        code = await self.code()
        match self.dice.choice(("right", "right", "right", "wrong", "never", "cancelled")):
            case "never":
                return await self._passes(part, "step", "pickup")
            case "wrong":
                await self.fetches(part, f"{(int(code) + 1) % 10**6:06d}")
            case "cancelled":
                await asyncio.gather(self.cancels(), self.fetches(part, code))
                return None
        await self.fetches(part, code)
        if self.dice.random() < 0.2:  # and comes again
            await self.fetches(part, code)
        return None

    async def code(self) -> str:
        """The newest of which nothing was made yet: where another part is ready, another code is on its way."""
        found: list[str] = []

        async def has_come() -> bool:
            came = await messages(self.rig.sandbox, self.acked.order_id)
            found.extend(each.code for each in came if each.code is not None and each.code not in self._codes)
            return bool(found)

        await until(has_come, what=f"{self.acked.order_id} has a code", within=PATIENT, pause=PAUSE)
        self._codes.add(found[0])
        return found[0]

    async def fetches(self, part: str, code: str) -> None:
        """The till asks; if it may, the goods go over the counter, and the store's own books say so."""
        answer = await self._told_until({"code": code}, f"fulfilments/{part}/collect")
        if not answer.is_success:
            return
        asked = {"order_id": self.acked.order_id}
        ledger = (await self.rig.sandbox.get("/ledger/store/effects", params=asked)).raise_for_status().json()
        mine = [each for each in ledger["effects"] if (each["key"] or "").partition(":")[0] == part]
        task = next(each["id"] for each in mine if each["kind"] == "task")
        await self.rig.sandbox.post("/store/_hand_over", json={"task_id": task})  # a second time it says no

    async def cancels(self) -> None:
        await self._told_until({"reason": "bought elsewhere"}, "cancel")

    async def _told_until(self, body: Json, about: str) -> Response:
        """Asked under one key until there is an answer; too late is one, too."""
        key, answers = f"{self.dice.getrandbits(64):016x}-{self.acked.order_id}", list[Response]()

        async def answered() -> bool:
            with suppress(HTTPError):
                answer = await self.channel.post(body, key, to=f"/v1/orders/{self.acked.order_id}/{about}")
                answers.extend([answer] if answer.is_success or not answer.json()["retryable"] else [])
            return bool(answers)

        await until(answered, what=f"{about} of {self.acked.order_id} is answered", within=PATIENT, pause=PAUSE)
        return answers[0]

    async def _passes(self, about: str, *what: str) -> None:
        """Hours or days, in which nobody does anything."""
        url = self.rig.environment["DATABASE_URL"]
        connection = await psycopg.AsyncConnection.connect(url, autocommit=True)
        async with connection:
            for name in (*what, "wake"):
                await connection.execute(OVER[name], (about,))


def fetched_from(store: str, number: int, *, sku: str, method: str = "bopis", sent: bool = False) -> Json:
    """*sent*: it may be sent instead, for there is an address."""
    body = order(number=number, wanted={sku: 1 + number % 3})
    (group,) = body["delivery_groups"]
    address = {"address": group["address"]} if sent else {}
    body["delivery_groups"] = [{"id": "1", "method": method, "pickup": {"node_id": store}, **address}]
    body["customer"]["contact"] = {"email": f"buyer-{number}@example.com"}
    return body
