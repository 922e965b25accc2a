"""Asks an edge until it answers, and through all pages of an answer."""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Any

from httpx2 import HTTPError

from tests.proof.client import Channel
from tests.proof.processes import until

Json = dict[str, Any]


async def listed(channel: Channel, statuses: Sequence[str] = ()) -> AsyncIterator[Json]:
    """Every order that the channel's partner may read."""
    asked: list[tuple[str, str]] = [("page_size", "200"), *(("status", status) for status in statuses)]
    async for order in pages(channel, "/v1/orders", "orders", asked):
        yield order


async def happened(channel: Channel, order_id: str) -> AsyncIterator[Json]:
    async for event in pages(channel, f"/v1/orders/{order_id}/events", "events", [("page_size", "200")]):
        yield event


async def told(channel: Channel, path: str, query: Sequence[tuple[str, str]] = ()) -> Json:
    """What is answered with 200, however often a busy edge has to be asked for it."""
    found: list[Json] = []

    async def answered() -> bool:
        with suppress(HTTPError):
            answer = await channel.http.get(path, params=list(query), headers=channel.headers())
            found.extend([answer.json()] if answer.status_code == 200 else [])
        return bool(found)

    await until(answered, what=f"{path} is answered with 200", within=60, pause=0.2)
    return found[0]


async def pages(channel: Channel, path: str, name: str, asked: list[tuple[str, str]]) -> AsyncIterator[Json]:
    token = ""
    while True:
        query = [*asked, ("page_token", token)] if token else asked
        page = await told(channel, path, query)
        for each in page[name]:
            yield each
        token = page["next_page_token"]
        if not token:
            return
