"""One crash: an order in a shop of its own, a worker that dies on it, a second one that finishes, and the audit."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.proof.books import Promised, effects, faults
from tests.proof.branches import Branch, Street
from tests.proof.client import order
from tests.proof.processes import until
from tests.proof.victims import Nursery, Shot, Victim, answers, attach, marks

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Story:
    """What happens to an order, and how it must end wherever its worker dies."""

    name: str
    end: str
    requests: Sequence[str]  # to the back ends, of a worker that nobody kills
    rules: Sequence[Json] = ()
    cancelled: bool = False  # its channel changes its mind once the warehouse has it, or the worker is dead


@dataclass(frozen=True, slots=True)
class Crash:
    aimed: Shot
    hit: bool
    done: tuple[str, ...]  # committed and sent before the worker died
    faults: tuple[str, ...]
    answers: tuple[Shot, ...] = ()  # the receiving calls that follow each of those


@dataclass(slots=True)
class Grid:
    """Where crashes happen."""

    street: Street
    nursery: Nursery
    strace: str
    folder: Path
    story: Story
    _names: "itertools.count[int]" = field(default_factory=itertools.count)

    async def crash(self, aimed: Shot) -> Crash:
        name = f"{self.story.name}-{next(self._names)}"
        trace, log = self.folder / f"{name}.trace", self.folder / f"{name}.log"
        async with self.street.branch() as shop:
            pid = await self.nursery.worker(shop.url, log)
            victim = await attach(self.strace, pid, aimed, trace=trace)
            order_id = await shop.place(order(number=4))
            await self._until_over(shop, victim, order_id)
            hit = victim.was_shot()
            await victim.spare()
            await shop.finish(within=60)
            found = await self._audit(shop, order_id)
        log.unlink()
        told = Crash(aimed, hit, tuple(marks(trace)), tuple(found), tuple(answers(trace)))
        trace.unlink()
        return told

    async def _until_over(self, shop: Branch, victim: Victim, order_id: str) -> None:
        async def over() -> bool:
            return not victim.alive or await shop.is_at_rest()

        async def cancellable() -> bool:
            return not victim.alive or await shop.channel.status(order_id) == "processing"

        if self.story.cancelled:
            await until(cancellable, what="the warehouse has it", within=60)
            answer = await shop.channel.cancel(order_id)
            assert answer.status_code == 202, answer.text
        await until(over, what="the worker is dead or has nothing left to do", within=60)

    async def _audit(self, shop: Branch, order_id: str) -> list[str]:
        body = shop.channel.acked[0].body
        told = Promised(body, await shop.channel.look(order_id))
        found, status = faults(await effects(self.street.rig.sandbox, order_id=order_id), [told]), told.status
        if status != self.story.end:
            found.append(f"{order_id} has ended as {status}")
        if await shop.row("select count(*) from run where state = 'parked'") != (0,):
            found.append(f"{order_id} is parked")
        claimed = sum(line["quantity"] for line in body["lines"]) if status == "completed" else 0
        if await shop.row("select sum(reserved) from stock_position") != (claimed,):
            found.append(f"{order_id} ({status}) does not leave {claimed} reserved")
        return found
