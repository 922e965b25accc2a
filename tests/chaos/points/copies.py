"""R4: each request two to twenty times at once, at two edges of which one dies now and then: one order, same bytes."""

import asyncio
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

from httpx2 import HTTPError

from tests.chaos.floor import Floor, open_floor
from tests.chaos.room import PATIENT, Room
from tests.proof.client import Channel, Json, order

LANES = 4
FEWEST, MOST = 2, 20
ALLOWED = {202, 409, 429, 503}  # 429: more at once than the plan allows
ODD = 25  # every so many keys: another body under the key, and none at all
SOON = 0.03  # seconds into the copies at which an edge dies


@dataclass(slots=True)
class Crowd:
    """Everybody who repeats themselves."""

    room: Room
    floor: Floor
    fatal: frozenset[int]  # keys amid whose copies an edge dies
    statuses: Counter[int] = field(default_factory=Counter)
    odd: Counter[int] = field(default_factory=Counter)
    copies: int = 0
    _dying: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def all(self) -> None:
        numbers = iter(range(self.room.size["keys"]))

        async def lane() -> None:
            for number in numbers:
                await self._one(number)

        async with asyncio.TaskGroup() as group:
            for _ in range(LANES):
                group.create_task(lane())

    async def _one(self, number: int) -> None:
        dice = self.room.dice(f"key {number}")
        body, key = order(f"once-{number}", number=number), f"copies-of-number-{number}"
        copies = dice.randint(FEWEST, MOST)
        self.copies += copies
        dying = [self._edge_dies(dice.randrange(2), dice.uniform(0, SOON))] if number in self.fatal else []
        await asyncio.gather(*(self._post(self._channel(copy), body, key) for copy in range(copies)), *dying)
        await self._finally(self._channel(number), body, key)
        if number % ODD == 0:
            await self._oddly(self._channel(number), number, key)

    def _channel(self, number: int) -> Channel:
        return self.floor.channels[number % 2]

    async def _edge_dies(self, which: int, after: float) -> None:
        await asyncio.sleep(after)
        async with self._dying:
            await self.floor.fleet.killed_and_back(self.floor.fleet.edges[which])

    async def _post(self, channel: Channel, body: Json, key: str) -> int | None:
        with suppress(HTTPError):
            answer = await channel.post(body, key)
            self.statuses[answer.status_code] += 1
            return answer.status_code
        return None

    async def _finally(self, channel: Channel, body: Json, key: str) -> None:
        """Whoever asks for long enough is told."""
        async with asyncio.timeout(PATIENT):
            while (status := await self._post(channel, body, key)) != 202:
                assert status is None or status in ALLOWED, f"{key} was answered {status}"
                await asyncio.sleep(0.2)

    async def _oddly(self, channel: Channel, number: int, key: str) -> None:
        """Told by the status: the key is another request's (422), or there is none (400)."""
        with suppress(HTTPError):
            self.odd[(await channel.post(order(f"other-{number}", number=number + 1), key)).status_code] += 1
        with suppress(HTTPError):
            keyless = await channel.http.post("/v1/orders", json=order(number=number), headers=channel.headers())
            self.odd[keyless.status_code] += 1


async def copies(room: Room) -> None:
    async with open_floor(room) as floor:
        fatal = frozenset(room.dice("kills").sample(range(room.size["keys"]), room.size["kills"]))
        crowd = Crowd(room, floor, fatal)
        await crowd.all()
        last_fault = time.time()
        evidence = await room.judge(floor.gathering, last_fault=last_fault)
        keys = room.size["keys"]
        room.hold(len(evidence.orders) == keys, f"{len(evidence.orders)} orders came of {keys} keys")
        room.hold(set(crowd.statuses) <= ALLOWED, f"copies were answered {dict(crowd.statuses)}")
        room.hold(set(crowd.odd) <= {400, 422, 429, 503}, f"odd requests were answered {dict(crowd.odd)}")
        room.counts |= {"keys": keys, "copies": crowd.copies, "kills": floor.fleet.kills}
        room.counts |= {f"answers {status}": count for status, count in sorted(crowd.statuses.items())}
        room.counts |= {f"odd {status}": count for status, count in sorted(crowd.odd.items())}
