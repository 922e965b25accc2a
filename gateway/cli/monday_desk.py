"""Who deals with what comes back on the Monday: a warehouse that counts, and operators who look, ask and say yes."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from gateway.cli.cast import awaited, channels_of, operators, partner
from gateway.cli.channel import Channel, Json
from gateway.cli.saturday_goods import MAIN
from gateway.cli.saturday_town import Town, granted
from gateway.errors import Unavailable
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
        return await awaited(
            partial(self.customer(order).read, f"/v1/returns/{return_id}"),
            lambda seen: bool(seen["status"] == "closed"),
            lambda seen: f"{return_id} is {seen['status']}, and not yet closed",
        )

    async def to_approve(self, amount: int) -> Json:
        """What waits for the approver's yes and is about so much money."""

        async def asked() -> list[Json]:
            listed = await self.people[APPROVER].read("/v1/approvals", mine="true", status="pending")
            return [each for each in listed["approvals"] if each["amount"]["amount"] == amount]

        return (await awaited(asked, bool, lambda _: f"nobody was asked to approve of {amount}"))[0]

    async def exception(self, subject: str) -> Json:
        """The one that is about this, as it stands."""
        listed = await self.people[SUPPORT].read("/v1/exceptions", subject=subject)
        if len(found := listed["exceptions"]) != 1:
            raise Unavailable(f"{len(found)} exceptions about {subject}, and not one")
        return dict(found[0])


@asynccontextmanager
async def desk_of(opened: Database, edge_url: str, town: Town) -> AsyncIterator[Desk]:
    """The warehouse is a partner that may count returns and nothing else."""
    warehouse = await partner(opened, WAREHOUSE, frozenset({"returns:receive"}))
    async with channels_of(edge_url, {WAREHOUSE: warehouse, **await operators(opened, ROLES)}) as people:
        yield Desk(town, people)
