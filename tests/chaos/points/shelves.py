"""
S1: few goods are wished for by many, held, given back, shipped or left to expire, and reported by their source, late,
twice and out of order, while edges and workers die by SIGKILL.

What is true is known here alone: what lay there, what came in, what left. In the end nothing was promised that was not
there, and what is said to be available is what is there and promised to nobody.
"""

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import orjson
import psycopg
from httpx2 import HTTPError, Response

from tests.chaos.floor import Floor, open_floor
from tests.chaos.room import PATIENT, Room
from tests.proof.client import Channel
from tests.proof.processes import until

Json = dict[str, Any]

NODE, SOURCE = "shelf", "till"
NODE_BODY = {"type": "store", "name": "The shelf", "timezone": "UTC", "source_id": SOURCE}
SKUS = ("HOT-1", "HOT-2", "HOT-3", "HOT-4")
START = 30  # pieces of each
SHOPPERS = 12
PACE = 1.0  # seconds between two kills
SOON = 2  # seconds that a soft reservation lasts
NAMES = UUID("5b7b0c8e-6a52-4f0d-9a52-3d8f4f1f5a10")


@dataclass(slots=True)
class Truth:
    """What really happened, as events of (moment, SKU, pieces), and what we were promised."""

    moved: list[tuple[datetime, str, int]] = field(default_factory=list)
    held: Counter[str] = field(default_factory=Counter)  # firm and open
    outcomes: Counter[str] = field(default_factory=Counter)

    def happens(self, sku: str, pieces: int) -> datetime:
        moment = datetime.now(UTC)
        self.moved.append((moment, sku, pieces))
        return moment

    def there(self, sku: str, until: datetime | None = None) -> int:
        return START + sum(pieces for at, name, pieces in self.moved if name == sku and (until is None or at <= until))


async def shelves(room: Room) -> None:
    async with open_floor(room) as floor:
        caller, truth = Caller(floor), Truth()
        await opened(caller)
        shopping = [asyncio.create_task(_shop(caller, truth, room, one)) for one in range(SHOPPERS)]
        telling = asyncio.create_task(_tell(caller, truth, room.dice("source")))
        dice = room.dice("kills")
        for _ in range(room.size["kills"]):
            await asyncio.sleep(PACE * (0.5 + dice.random()))
            await floor.fleet.killed_and_back(dice.choice(floor.fleet.places))
        await asyncio.gather(*shopping)
        telling.cancel()
        await reported(caller, truth, "last")
        await _judged(room, floor, caller, truth)


@dataclass(slots=True)
class Caller:
    """Asks one edge after the other, until somebody answers for good."""

    floor: Floor
    asked: int = 0

    async def send(self, method: str, path: str, name: str, body: Json | None = None, **more: Any) -> Response:
        """*name*: of the request, from which its key follows."""
        deadline = time.monotonic() + PATIENT
        while True:
            channel = self._channel()
            headers = channel.headers(str(uuid5(NAMES, name)))
            if "content" in more:
                headers["content-type"] = "application/x-ndjson"
            try:
                answer = await channel.http.request(method, f"/v1/inventory{path}", headers=headers, json=body, **more)
            except HTTPError:
                answer = None
            if answer is not None and not _comes_again(answer):
                return answer
            assert time.monotonic() < deadline, f"{name}: no answer for good"
            await asyncio.sleep(0.2)

    def _channel(self) -> Channel:
        self.asked += 1
        return self.floor.channels[self.asked % len(self.floor.channels)]


def _comes_again(answer: Response) -> bool:
    return answer.status_code >= 400 and bool(answer.json()["retryable"])


async def opened(caller: Caller) -> None:
    """A shelf, whose till is believed, with the first goods on it."""
    made = [
        await caller.send("PUT", f"/sources/{SOURCE}", "source", {"semantics": "physical", "partner_id": "web"}),
        await caller.send("PUT", f"/nodes/{NODE}", "node", NODE_BODY),
    ]
    assert [each.status_code for each in made] == [200, 200], [each.text for each in made]
    await reported(caller, Truth(), "first")


async def _shop(caller: Caller, truth: Truth, room: Room, one: int) -> None:
    dice = room.dice(f"shopper {one}")
    for number in range(room.size["wishes"] // SHOPPERS):
        await _wish(caller, truth, room, dice, name=f"{one}-{number}")


async def _wish(caller: Caller, truth: Truth, room: Room, dice: random.Random, *, name: str) -> None:
    wanted = {sku: dice.randint(1, 3) for sku in dice.sample(SKUS, dice.randint(1, 2))}
    kind, fate = dice.choice((("soft", "left"), ("soft", "release"), ("firm", "release"), ("firm", "consume")))
    lines = [{"line_id": sku, "sku": sku, "quantity": pieces, "node_id": NODE} for sku, pieces in wanted.items()]
    body = {"kind": kind, "holder": {"type": "cart", "id": name}, "lines": lines}
    if kind == "soft":
        body["ttl_seconds"] = SOON
    answer = await _twice(caller, room, dice, "POST", "/reservations", f"wish {name}", body)
    truth.outcomes["reserved" if answer.status_code == 201 else answer.json()["code"]] += 1
    if answer.status_code != 201:
        return
    held = wanted if kind == "firm" else {}
    truth.held.update(held)
    path = f"/reservations/{answer.json()['reservation_id']}"
    if fate == "consume":
        moment = max(truth.happens(sku, -pieces) for sku, pieces in wanted.items())
        left = {"occurred_at": moment.isoformat()}
        answer = await _twice(caller, room, dice, "POST", f"{path}/consume", f"consume {name}", left)
        room.hold(answer.status_code == 200, f"{name} was not consumed: {answer.text[:300]}")
    elif fate == "release":
        answer = await _twice(caller, room, dice, "POST", f"{path}/release", f"release {name}", {})
        over = kind == "soft" and answer.status_code == 409 and answer.json()["code"] == "reservation_expired"
        room.hold(answer.status_code == 200 or over, f"{name} was not released: {answer.text[:300]}")
    truth.held.subtract(held)
    truth.outcomes[f"{kind}, {fate}"] += 1


async def _twice(
    caller: Caller, room: Room, dice: random.Random, method: str, path: str, name: str, body: Json
) -> Response:
    """Now and then two copies at the same moment: refusals are not kept, and whoever is let in has the same answer."""
    copies = 2 if dice.random() < 0.3 else 1
    answers = await asyncio.gather(*(caller.send(method, path, name, body) for _ in range(copies)))
    done = [answer for answer in answers if answer.status_code < 400]
    different = {answer.content for answer in done}
    room.hold(len(different) < 2, f"{name}: two answers to one key, {different}")
    return (done or answers)[0]


async def _tell(caller: Caller, truth: Truth, dice: random.Random) -> None:
    """Goods that come in, told late, twice and out of order, and counts of a while ago: as long as it is let."""
    untold: list[Json] = []
    for number in range(10**6):
        await asyncio.sleep(0.2 + dice.random() * 0.4)
        if dice.random() < 0.3:
            sku, pieces = dice.choice(SKUS), dice.randint(1, 4)
            moment = truth.happens(sku, pieces)
            untold.append(_delta(f"in-{number}", sku, pieces, moment))
        if untold and dice.random() < 0.5:
            told = dice.sample(untold, dice.randint(1, len(untold)))
            await caller.send("POST", f"/sources/{SOURCE}/deltas", f"deltas {number}", {"deltas": told})
            untold = [each for each in untold if each not in told or dice.random() < 0.3]
        if dice.random() < 0.15:
            await reported(caller, truth, f"count-{number}", ago=dice.random() * 2)


def _delta(name: str, sku: str, pieces: int, moment: datetime) -> Json:
    told = {"event_id": name, "sku": sku, "node_id": NODE, "delta": pieces, "reason": "receipt"}
    return {**told, "occurred_at": moment.isoformat()}


async def reported(caller: Caller, truth: Truth, name: str, *, ago: float = 0.0) -> None:
    """A count of everything, as it was *ago* seconds ago, until it has been taken over."""
    as_of = datetime.now(UTC) - timedelta(seconds=ago)
    rows = [{"sku": sku, "node_id": NODE, "on_hand": truth.there(sku, as_of)} for sku in SKUS]
    body = {"reference": name, "scope": "full", "nodes": [NODE], "as_of": as_of.isoformat(), "rows": len(rows)}
    begun = await caller.send("POST", f"/sources/{SOURCE}/snapshots", f"snapshot {name}", body)
    assert begun.status_code == 201, begun.text
    path = f"/snapshots/{begun.json()['snapshot_id']}"
    lines = b"".join(orjson.dumps(row) + b"\n" for row in rows)
    sent = await caller.send("PUT", f"{path}/chunks/1", f"chunk {name}", content=lines)
    assert sent.status_code == 200, sent.text
    finished = await caller.send("POST", f"{path}/finish", f"finish {name}")
    assert finished.status_code == 202, finished.text

    async def taken() -> bool:
        return (await caller.send("GET", path, f"look {name}")).json()["state"] in ("applied", "superseded")

    await until(taken, what=f"the snapshot {name} is taken over", within=PATIENT, pause=0.1)


async def _judged(room: Room, floor: Floor, caller: Caller, truth: Truth) -> None:
    lines = [{"sku": sku, "node_id": NODE} for sku in SKUS]
    deadline = time.monotonic() + 60
    while True:  # until the last soft reservation is over
        told = (await caller.send("POST", "/availability:query", "last", {"lines": lines})).json()
        seen = {item["sku"]: sum(term["quantity"] for term in item["nodes"][0]["terms"]) for item in told["items"]}
        free = {sku: truth.there(sku) - truth.held[sku] for sku in SKUS}
        if seen == free or time.monotonic() > deadline:
            break
        await asyncio.sleep(0.5)
    room.hold(seen == free, f"available is {seen}, and there is {free}")
    for sku in SKUS:
        least = min(truth.there(sku, at) for at, name, _ in truth.moved if name == sku)
        room.hold(least >= 0, f"{sku} was sold {-least} times more often than it was there")
    async with await psycopg.AsyncConnection.connect(floor.rig.environment["DATABASE_URL"]) as connection:
        for what, question in _QUESTIONS.items():
            row = await (await connection.execute(question.encode())).fetchone()
            room.hold(row == (0,), f"{what}: {row}")
    room.counts |= {"kills": floor.fleet.kills, "moves": len(truth.moved), **truth.outcomes}


_QUESTIONS = {
    "positions whose firm promises are not what their lines come to": """
        select count(*) from stock_position p join node n using (node_id)
          join stock_claims((select array_agg(sku) from stock_position),
                            (select array_agg(node_id) from stock_position)) c
            on (c.sku, c.node_id, c.condition, c.source_id) = (p.sku, p.node_id, p.condition, n.source_id)
         where c.claims <> p.reserved""",
    "positions whose soft promises are not what their lines come to": """
        select count(*) from stock_position p where p.reserved_soft <> (
            select coalesce(sum(open), 0) from reservation_line l where l.expires_at is not null
               and (l.sku, l.node_id, l.condition) = (p.sku, p.node_id, p.condition))""",
    "reservations that took what was not there": """
        select count(*) from stock_change where cause = 'reservation' and available < 0""",
}
