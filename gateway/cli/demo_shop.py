"""The demo's busy quarter of an hour, in seconds: orders come in, workers are killed, and everything comes to rest."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gateway.cli.channel import Ack, Channel, Refusal
from gateway.cli.demo_books import AT_REST, Ending
from gateway.cli.demo_fleet import Fleet, pause, resume
from gateway.cli.demo_orders import CHANNEL, Wish
from gateway.domain.identifiers import mint
from gateway.domain.time import system_clock
from gateway.partners.operators import BOOTSTRAP, OperatorRegistry
from gateway.partners.registry import Credentials, Registry
from gateway.store.in_flight import effects_in_flight
from gateway.store.pool import Database

PER_SECOND = 30.0  # orders, as they come in
LOOK = 0.02  # seconds between looks for something in flight
POLL = 0.5
PATIENCE = 120.0  # seconds from the last order until all must rest


async def its_partner(opened: Database) -> Credentials:
    """Who places the demo's orders."""
    return await Registry(opened, clock=system_clock, mint=mint).add(
        "demo",
        channels=frozenset({CHANNEL}),
        scopes=frozenset({"orders:read", "orders:write"}),
        plan="internal",
        operator="demo",
        name="The demo's web shop",
    )


async def its_operator(opened: Database) -> Credentials:
    """Who may mend what is left of the demo."""
    registry = OperatorRegistry(opened, clock=system_clock, mint=mint)
    return await registry.add("demo", roles=frozenset({"admin"}), by=BOOTSTRAP)


@dataclass(frozen=True, slots=True)
class Kill:
    worker: str
    in_flight: int  # effects that were under way at that moment


@dataclass(slots=True)
class Day:
    """What the client knows, growing: nothing here comes from Omnigate's database but the count behind each kill."""

    wanted: int
    acks: dict[str, Ack] = field(default_factory=dict)  # by order id
    refused: list[Refusal] = field(default_factory=list)
    disagreed: list[str] = field(default_factory=list)  # orders that, sent twice, were answered in two ways
    repeated: int = 0
    kills: list[Kill] = field(default_factory=list)
    statuses: Mapping[str, str] = field(default_factory=dict)
    all_sent: bool = False

    @property
    def resting(self) -> int:
        return sum(self.statuses.get(order_id) in AT_REST for order_id in self.acks)

    @property
    def over(self) -> bool:
        return self.all_sent and self.resting == len(self.acks)


Told = Callable[[], None]


async def place_all(
    edge: Channel, wishes: Sequence[Wish], day: Day, told: Told, *, per_second: float = PER_SECOND
) -> None:
    """Send the orders at an even pace, as customers would; cancels follow their orders."""
    async with asyncio.TaskGroup() as group:
        for wish in wishes:
            group.create_task(_place(edge, wish, day, told))
            await asyncio.sleep(1 / per_second)
    day.all_sent = True


async def _place(edge: Channel, wish: Wish, day: Day, told: Told) -> None:
    answers = await asyncio.gather(*(edge.place(wish.body) for _ in range(1 + wish.twice)))
    day.repeated += wish.twice
    told()
    acks = [answer for answer in answers if isinstance(answer, Ack)]
    day.refused += [answer for answer in answers if isinstance(answer, Refusal)]
    day.acks |= {ack.order_id: ack for ack in acks}
    if len({(ack.order_id, ack.digest) for ack in acks}) > 1:
        day.disagreed.append(str(wish.body["channel_order_id"]))
    if wish.cancel_after is not None and acks:
        await asyncio.sleep(wish.cancel_after)
        await edge.cancel(acks[0].order_id, "changed my mind")  # a no is an answer: it was too late


async def kill_workers(fleet: Fleet, database: Database, workers: Sequence[str], day: Day, kills: int) -> None:
    """One after the other, spread over the orders, each in the middle of an effect; another takes its place."""
    for number in range(kills):
        due = day.wanted * (number + 1) // (kills + 1)
        name = workers[number % len(workers)]
        while not day.over:
            if len(day.acks) >= due and (in_flight := await _caught(fleet, database, name)):
                await fleet.replace(name)
                day.kills.append(Kill(name, in_flight))
                break
            await asyncio.sleep(LOOK)


async def _caught(fleet: Fleet, database: Database, name: str) -> int:
    """Stop the worker and look whether an effect of its is under way; if none is, let it go on."""
    member = fleet.members[name]
    if not await effects_in_flight(database, member.process.pid):
        return 0
    pause(member)
    if in_flight := await effects_in_flight(database, member.process.pid):
        return in_flight
    resume(member)
    return 0


async def watch(edge: Channel, fleet: Fleet, day: Day, told: Told, *, patience: float = PATIENCE) -> None:
    """Follow the orders until all of them rest, or patience ends: what moves after that is lost."""
    deadline = time.monotonic() + patience
    while not day.over and time.monotonic() < deadline:
        if not day.all_sent:
            deadline = time.monotonic() + patience
        fleet.watch()
        day.statuses = {order["order_id"]: order["status"] async for order in edge.orders()}
        told()
        await asyncio.sleep(POLL)


async def endings(edge: Channel, day: Day) -> list[Ending]:
    """How each acknowledged order ended, read one by one by the channel that placed them."""
    orders = await asyncio.gather(*(edge.order(order_id) for order_id in day.acks))
    return [
        Ending(
            order_id=order["order_id"],
            status=order["status"],
            total=order["totals"]["grand_total"]["amount"],
            reason=order.get("reason", {}).get("code", ""),
            seconds=_seconds(order["received_at"], order["updated_at"]),
        )
        for order in orders
    ]


def _seconds(begun: str, ended: str) -> float:
    return (datetime.fromisoformat(ended) - datetime.fromisoformat(begun)).total_seconds()
