"""The Saturday's ordinary trade: orders that nothing happens to, and those that come in while the ERP is away."""

import asyncio
import time
from collections.abc import Sequence
from functools import partial

from gateway.cli.saturday_orders import Want, trade
from gateway.cli.saturday_scenes import Came, Scene
from gateway.cli.saturday_town import Town

IN_THE_MORNING = 24  # orders
PER_SECOND = 2.0
AWAY = 30.0  # seconds
NO_ERP = [
    {"system": "erp", "operation": operation, "kind": "error_before", "every": 1} for operation in ("*", "*reads")
]


def morning(seed: int) -> Scene:
    wants = trade(IN_THE_MORNING, seed=seed, called="morning")

    async def play(town: Town) -> Came:
        return Came(await _served(town, wants, await _placed(town, wants)))

    return Scene("ordinary orders", f"completed {len(wants)}", play)


def outage(seed: int) -> Scene:
    wants = trade(int(AWAY * PER_SECOND), seed=seed, called="outage")
    return Scene("ordered while the ERP was away", f"completed {len(wants)}", partial(_without_erp, wants=wants))


async def _without_erp(town: Town, wants: Sequence[Want]) -> Came:
    """For half a minute every call of the ERP fails. Orders are accepted all the while, and served when it is back."""
    await town.tell("/faults", {"rules": NO_ERP})
    try:
        begun = time.monotonic()
        orders = await _placed(town, wants)
        away = time.monotonic() - begun
        struck = sum(rule["struck"] for rule in (await town.ask("/faults"))["rules"])
    finally:
        await town.tell("/faults", {"rules": []})
    slowest = max(town.acks[order_id].seconds for order_id in orders) * 1000
    note = f"{away:.0f} s, {struck} of its calls failed, the slowest order was accepted in {slowest:.0f} ms"
    return Came(await _served(town, wants, orders), note=note)


async def _placed(town: Town, wants: Sequence[Want]) -> list[str]:
    """At an even pace, as customers would."""
    async with asyncio.TaskGroup() as group:
        placing = []
        for want in wants:
            placing.append(group.create_task(town.place(want)))
            await asyncio.sleep(1 / PER_SECOND)
    return [each.result() for each in placing]


async def _served(town: Town, wants: Sequence[Want], orders: Sequence[str]) -> str:
    """Once all have ended, and what was to be fetched has been."""
    to_fetch = [order_id for want, order_id in zip(wants, orders, strict=True) if want.store]
    await asyncio.gather(*(town.fetched(order_id) for order_id in to_fetch))
    ends = [(await town.ended(order_id))["status"] for order_id in orders]
    return ", ".join(f"{end} {ends.count(end)}" for end in sorted(set(ends)))
