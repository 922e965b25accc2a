"""Who acts on the Saturday: customers at their channels, staff in stores and warehouses; and what they see."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from uuid import uuid5

import httpx2
import orjson

from gateway.cli.cast import PATIENCE, awaited
from gateway.cli.channel import NAMESPACE, Ack, Channel, Json, Refusal
from gateway.cli.demo_books import AT_REST
from gateway.cli.saturday_orders import STORE, Want, body_of
from gateway.domain.time import system_clock
from gateway.errors import Unavailable

REST = 120.0  # seconds, from the last order, until all must rest


@dataclass(slots=True)
class Town:
    """Orders are placed and answered through the API; what back ends do is told to the sandbox."""

    channels: Mapping[str, Channel]
    sandbox: httpx2.AsyncClient
    acks: dict[str, Ack] = field(default_factory=dict)  # by order id
    placed_at: dict[str, str] = field(default_factory=dict)  # order id -> channel
    refused: list[Refusal] = field(default_factory=list)

    async def place(self, want: Want) -> str:
        """Raises `Unavailable` when the order is not taken."""
        answer = await self.channels[want.channel].place(body_of(want, system_clock()))
        if isinstance(answer, Refusal):
            self.refused.append(answer)
            raise Unavailable(f"{want.name} was refused: {answer.code}: {answer.detail}")
        self.acks[answer.order_id] = answer
        self.placed_at[answer.order_id] = want.channel
        return answer.order_id

    def called(self, name: str) -> str:
        """The order that its channel calls so. Raises `Unavailable` when it was never taken."""
        for order_id, ack in self.acks.items():
            if ack.channel_order_id == name:
                return order_id
        raise Unavailable(f"there is no order {name}")

    async def order(self, order_id: str) -> Json:
        return await self.channels[self.placed_at[order_id]].order(order_id)

    async def until(self, order_id: str, looks: Callable[[Json], bool], what: str, within: float = PATIENCE) -> Json:
        """The order as soon as it looks so."""
        return await awaited(
            partial(self.order, order_id),
            looks,
            lambda seen: f"{order_id} is {seen['status']}, and not yet {what}",
            within=within,
        )

    async def ended(self, order_id: str) -> Json:
        return await self.until(order_id, lambda seen: seen["status"] in AT_REST, "at rest", REST)

    async def answer_offer(self, order_id: str, how: str) -> Json:
        """The customer says `accept` or `decline` to what is offered instead."""
        seen = await self.until(order_id, lambda seen: bool(seen.get("offers")), "offered another way")
        offer: Json = seen["offers"][0]
        path = f"/v1/orders/{order_id}/offers/{offer['offer_id']}/{how}"
        await granted(self.channels[self.placed_at[order_id]], path, {})
        return offer

    async def fetched(self, order_id: str) -> None:
        """The customer comes with the code; the store's till hands the goods over, and its own system learns of it."""
        ready = await self.until(order_id, lambda seen: bool(_of_status(seen, "ready")), "ready to be fetched", REST)
        part, code = _of_status(ready, "ready"), await self._code(order_id)
        await granted(self.channels[STORE], f"/v1/orders/{order_id}/fulfilments/{part}/collect", {"code": code})
        aside = [each for each in await self.effects("store", order_id) if each["kind"] == "ready"]
        await self.tell("/store/_hand_over", {"task_id": aside[0]["id"]})

    async def _code(self, order_id: str) -> str:
        """From the message that the customer was sent."""

        async def codes() -> list[str]:
            sent = (await self.ask("/ledger/notifications/messages", order_id=order_id))["messages"]
            return [str(each["facts"]["code"]) for each in sent if each["kind"] == "ready_for_pickup"]

        return (await awaited(codes, bool, lambda _: f"the customer of {order_id} was sent no code"))[0]

    async def ask(self, path: str, **query: str | int) -> Json:
        """What the sandbox has in its books."""
        answer: Json = (await self.sandbox.get(path, params=query)).raise_for_status().json()
        return answer

    async def tell(self, path: str, body: Json) -> Json:
        """Have something happen at a back end."""
        answer: Json = (await self.sandbox.post(path, json=body)).raise_for_status().json()
        return answer

    async def effects(self, system: str, order_id: str) -> list[Json]:
        found: list[Json] = (await self.ask(f"/ledger/{system}/effects", order_id=order_id))["effects"]
        return found

    async def until_effects(self, system: str, order_id: str, kind: str, count: int) -> list[Json]:
        """The order's effects of that kind, once there are so many."""

        async def look() -> list[Json]:
            return [each for each in await self.effects(system, order_id) if each["kind"] == kind]

        missing = f"{order_id} has not {count} of {kind} in the ledger of {system}"
        return await awaited(look, lambda found: len(found) >= count, lambda _: missing)


async def granted(channel: Channel, path: str, body: Json) -> Json:
    """What was asked for, done once however often it is asked. Raises `Unavailable` when it is refused."""
    key = str(uuid5(NAMESPACE, f"{path} {orjson.dumps(body).decode()}"))
    answer = await channel.post(path, body, key=key)
    if isinstance(answer, Refusal):
        raise Unavailable(f"{path} was refused: {answer.code}: {answer.detail}")
    return answer


def _of_status(order: Json, status: str) -> str:
    """The part that stands so; empty: there is none."""
    return next((str(part["fulfilment_id"]) for part in order["fulfilments"] if part["status"] == status), "")
