"""The Saturday's ordinary trade: orders that nothing happens to, and those that come in while the ERP is away."""

import asyncio
import time
from collections.abc import Sequence

from gateway.cli.saturday_orders import Want, trade
from gateway.cli.saturday_scenes import Scene
from gateway.cli.saturday_town import Town

IN_THE_MORNING = 24  # orders
PER_SECOND = 2.0
AWAY = 30.0  # seconds
NO_ERP = [
    {"system": "erp", "operation": operation, "kind": "error_before", "every": 1} for operation in ("*", "*reads")
]


async def morning(town: Town, seed: int) -> Scene:
    wants = trade(IN_THE_MORNING, seed=seed, called="morning")
    orders = await _placed(town, wants)
    return Scene("ordinary orders", f"completed {len(wants)}", await _served(town, wants, orders))


async def erp_away(town: Town, seed: int) -> Scene:
    """For half a minute every call of the ERP fails. Orders are accepted all the while, and served when it is back."""
    wants = trade(int(AWAY * PER_SECOND), seed=seed, called="outage")
    await town.tell("/faults", {"rules": NO_ERP})
    try:
        begun = time.monotonic()
        orders = await _placed(town, wants)
        away = time.monotonic() - begun
        struck = sum(rule["struck"] for rule in (await town.ask("/faults"))["rules"])
    finally:
        await town.tell("/faults", {"rules": []})
    served, slowest = await _served(town, wants, orders), max(town.acks[order].seconds for order in orders)
    title = f"orders taken while the ERP was away: {away:.0f} s, {struck} calls failed, slowest answer {slowest:.1f} s"
    return Scene(title, f"completed {len(wants)}", served)


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
