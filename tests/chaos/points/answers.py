"""R3: one call to back ends in ten is done and not told, some never arrive; the warehouse calls twice, late, never."""

import time

from tests.chaos.floor import Buyers, open_floor
from tests.chaos.proxy import AMBIGUOUS, BEFORE, SLOW, Fault
from tests.chaos.room import Room

TENTH = 0.10 / len(AMBIGUOUS)
RARE = 0.02 / (len(BEFORE) + len(SLOW))
CHANCES: dict[Fault, float] = {**dict.fromkeys(AMBIGUOUS, TENTH), **dict.fromkeys((*BEFORE, *SLOW), RARE)}
CALLBACKS = (("duplicate_callback", 0.2), ("late_callback", 0.1), ("lost_callback", 0.01))


async def answers(room: Room) -> None:
    async with open_floor(room, spoiled=True) as floor:
        assert floor.proxy is not None
        floor.proxy.chances = CHANCES
        rules = [
            {"system": "wms", "operation": "create_shipment", "kind": kind, "probability": chance}
            for kind, chance in CALLBACKS
        ]
        await floor.faults(*rules, seed=room.seed)
        await Buyers(floor, room.size["orders"], allowed=room.size["orders"]).shop()
        await floor.gathering.rest(within=1800)
        floor.proxy.chances = {}
        injected = (await floor.rig.sandbox.get("/faults")).json()["injected"]
        await floor.faults()
        last_fault = time.time()
        await room.judge(floor.gathering, last_fault=last_fault)
        struck = floor.proxy.counts()
        room.counts |= {"calls": floor.proxy.calls, "spoiled": struck.total(), **struck, **injected}
        room.hold(all(struck[fault] for fault in AMBIGUOUS), "a kind of ambiguous answer was never given")
