"""Who takes part in the demo's acts: partners and operators, each with a channel of its own, and their patience."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeVar

from gateway.cli.channel import Channel
from gateway.domain.identifiers import mint
from gateway.domain.time import system_clock
from gateway.errors import Unavailable
from gateway.partners.operators import OperatorRegistry
from gateway.partners.registry import Credentials, Registry
from gateway.store.pool import Database

POLL = 0.25
PATIENCE = 60.0  # seconds for what a scene waits for
Seen = TypeVar("Seen")


async def partner(opened: Database, name: str, scopes: frozenset[str], *, called: str = "") -> Credentials:
    """One with a channel of the same name."""
    registry = Registry(opened, clock=system_clock, mint=mint)
    return await registry.add(
        name, channels=frozenset({name}), scopes=scopes, plan="internal", operator="demo", name=called
    )


async def operators(opened: Database, roles: Mapping[str, frozenset[str]]) -> Mapping[str, Credentials]:
    registry = OperatorRegistry(opened, clock=system_clock, mint=mint)
    return {name: await registry.add(name, roles=each, by="demo") for name, each in roles.items()}


@asynccontextmanager
async def channels_of(edge_url: str, cast: Mapping[str, Credentials]) -> AsyncIterator[Mapping[str, Channel]]:
    async with AsyncExitStack() as stack:
        channels = {}
        for name, known in cast.items():
            channel = Channel(edge_url, client_id=known.client_id, client_secret=known.client_secret)
            channels[name] = await stack.enter_async_context(channel)
        yield channels


async def awaited(
    look: Callable[[], Awaitable[Seen]],
    is_so: Callable[[Seen], bool],
    amiss: Callable[[Seen], str],
    *,
    within: float = PATIENCE,
) -> Seen:
    """What is seen, as soon as it is so. Raises `Unavailable` with what is *amiss* when that takes too long."""
    deadline = time.monotonic() + within
    while not is_so(seen := await look()):
        if time.monotonic() > deadline:
            raise Unavailable(amiss(seen))
        await asyncio.sleep(POLL)
    return seen
