"""Who deals with what comes back on the Monday: a warehouse that counts, and operators who look, ask and say yes."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from gateway.cli.channel import Channel, Json
from gateway.cli.saturday_goods import MAIN
from gateway.cli.saturday_town import PATIENCE, POLL, Town, granted
from gateway.domain.identifiers import mint
from gateway.domain.time import system_clock
from gateway.errors import Unavailable
from gateway.partners.operators import OperatorRegistry
from gateway.partners.registry import Credentials, Registry
from gateway.store.pool import Database

WAREHOUSE, SUPPORT, APPROVER = "monday-warehouse", "monday-support", "monday-approver"
# Support may approve, too: of what others asked for.
ROLES = {SUPPORT: frozenset({"support", "approver"}), APPROVER: frozenset({"approver"})}


@dataclass(frozen=True, slots=True)
class Desk:
    """Whatever is done about a return has its order's name, so that it is done once."""

    town: Town
    people: Mapping[str, Channel]

    def customer(self, order: str) -> Channel:
        return self.town.channels[self.town.placed_at[self.town.called(order)]]

    async def asked(self, order: str, pieces: int, *, by: Channel | None = None) -> str:
        """A return of so many pieces is authorised; the order's channel asks for it, or somebody else does."""
        line = {"line_id": "1", "quantity": pieces, "reason": "changed_mind"}
        body = {"order_id": self.town.called(order), "channel_return_id": f"monday-{order}", "lines": [line]}
        answer = await granted(by or self.customer(order), "/v1/returns", body)
        return str(answer["return_id"])

    async def received(self, order: str, return_id: str, pieces: int) -> None:
        line = {"line_id": "1", "received": pieces, "condition": "used"}
        body = {"receipt_id": f"GR-{order}", "node_id": MAIN, "lines": [line]}
        await granted(self.people[WAREHOUSE], f"/v1/returns/{return_id}/receipts", body)

    async def receive_unannounced(self, body: Json) -> None:
        await granted(self.people[WAREHOUSE], "/v1/returns/unannounced-receipts", body)

    async def inspected(self, order: str, return_id: str, good: int, broken: int = 0) -> None:
        """Good ones go on the shelf again, broken ones are thrown away and not paid back."""
        found = ((good, "accepted", "restock"), (broken, "rejected", "scrap"))
        lines = [
            {"line_id": "1", "quantity": pieces, "outcome": outcome, "disposition": disposition}
            for pieces, outcome, disposition in found
            if pieces
        ]
        body = {"inspection_id": f"QC-{order}", "node_id": MAIN, "lines": lines}
        await granted(self.people[WAREHOUSE], f"/v1/returns/{return_id}/inspections", body)

    async def came_back(self, order: str, return_id: str, good: int, broken: int = 0) -> None:
        await self.received(order, return_id, good + broken)
        await self.inspected(order, return_id, good, broken)

    async def closed(self, order: str, return_id: str) -> Json:
        """The return, once all of its money has gone back."""
        path = f"/v1/returns/{return_id}"
        deadline = time.monotonic() + PATIENCE
        while (seen := await self.customer(order).read(path))["status"] != "closed":
            if time.monotonic() > deadline:
                raise Unavailable(f"{return_id} is {seen['status']}, and not yet closed")
            await asyncio.sleep(POLL)
        return seen

    async def to_approve(self, amount: int) -> Json:
        """What waits for the approver's yes and is about so much money."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            listed = await self.people[APPROVER].read("/v1/approvals", mine="true", status="pending")
            for approval in listed["approvals"]:
                if approval["amount"]["amount"] == amount:
                    return dict(approval)
            await asyncio.sleep(POLL)
        raise Unavailable(f"nobody was asked to approve of {amount}")

    async def exception(self, subject: str) -> Json:
        """The one that is about this, as it stands."""
        listed = await self.people[SUPPORT].read("/v1/exceptions", subject=subject)
        if len(found := listed["exceptions"]) != 1:
            raise Unavailable(f"{len(found)} exceptions about {subject}, and not one")
        return dict(found[0])


@asynccontextmanager
async def desk_of(opened: Database, edge_url: str, town: Town) -> AsyncIterator[Desk]:
    """The warehouse is a partner that may count returns and nothing else."""
    async with AsyncExitStack() as stack:
        people = {}
        for name, known in [(WAREHOUSE, await _warehouse(opened)), *(await _operators(opened)).items()]:
            who = Channel(edge_url, client_id=known.client_id, client_secret=known.client_secret)
            people[name] = await stack.enter_async_context(who)
        yield Desk(town, people)


async def _warehouse(opened: Database) -> Credentials:
    registry, may = Registry(opened, clock=system_clock, mint=mint), frozenset({"returns:receive"})
    return await registry.add(
        WAREHOUSE, channels=frozenset({WAREHOUSE}), scopes=may, plan="internal", operator="demo", name=WAREHOUSE
    )


async def _operators(opened: Database) -> Mapping[str, Credentials]:
    registry = OperatorRegistry(opened, clock=system_clock, mint=mint)
    return {name: await registry.add(name, roles=roles, by="demo") for name, roles in ROLES.items()}
