"""R5: PostgreSQL is stopped as by a power cut and started again, while orders come in."""

import asyncio
import time
from collections.abc import Sequence

from httpx2 import Response

from tests.chaos.floor import Buyers, Floor, open_floor
from tests.chaos.room import Room
from tests.proof.processes import until
from tests.proof.server import Server

BETWEEN, AWAY = 1.0, (0.2, 3.0)  # seconds


async def restarts(room: Room) -> None:
    server = Server(room.home / "server")
    await server.start()
    try:
        async with open_floor(room, url=server.url, edges=1) as floor:
            endless = 10**9
            buyers = Buyers(floor, endless, allowed=endless)
            shopping = asyncio.create_task(buyers.shop())
            recoveries = [await _restart(room, floor, server, number) for number in range(room.size["restarts"])]
            last_fault = time.time()
            await asyncio.sleep(BETWEEN)
            buyers.count = 0
            await shopping
            await room.judge(floor.gathering, last_fault=last_fault)
            room.counts |= {"restarts": len(recoveries), "first success after, s": round(max(recoveries), 1)}
            _refused(room, floor.web.channel.refused)
    finally:
        server.stop()


async def _restart(room: Room, floor: Floor, server: Server, number: int) -> float:
    """Seconds from when PostgreSQL answered again to the next acknowledgement."""
    await asyncio.sleep(BETWEEN + room.dice(f"moment {number}").random())
    server.stop()
    await asyncio.sleep(room.dice(f"away {number}").uniform(*AWAY))
    await server.start()
    up, before = time.monotonic(), len(floor.acked)

    async def again() -> bool:
        return len(floor.acked) > before

    await until(again, what="orders are acknowledged again", within=120)
    return time.monotonic() - up


def _refused(room: Room, answers: Sequence[Response]) -> None:
    slowest = max((answer.elapsed.total_seconds() for answer in answers), default=0.0)
    room.counts |= {"answers 503": len(answers), "slowest 503, s": round(slowest, 2)}
    for answer in answers:
        clear = answer.status_code in (409, 503) and int(answer.headers["retry-after"]) >= 1
        room.hold(clear, f"refused with {answer.status_code} {dict(answer.headers)}")
