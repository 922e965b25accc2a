"""The demo's second act, a Saturday: four nodes, three channels, and whatever can happen to an order on the way."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx2

from gateway.cli.channel import Channel
from gateway.cli.demo_fleet import Fleet
from gateway.cli.saturday_goods import write_nodes
from gateway.cli.saturday_orders import CHANNELS, STORE
from gateway.cli.saturday_scenes import ALONE, TOGETHER, Play, Scene
from gateway.cli.saturday_town import Town
from gateway.cli.saturday_trade import erp_away, morning
from gateway.domain.identifiers import mint
from gateway.domain.time import system_clock
from gateway.errors import Unavailable
from gateway.partners.registry import Credentials, Registry
from gateway.store.pool import Database

SCOPES = frozenset({"orders:read", "orders:write", "inventory:read"})

Say = Callable[[str], None]


async def load_nodes(fleet: Fleet, folder: Path, operator: Credentials) -> None:
    """As the platform team does."""
    write_nodes(file := folder / "nodes.yaml")
    named = {"OMNIGATE_OPERATOR_ID": operator.client_id, "OMNIGATE_OPERATOR_SECRET": operator.client_secret}
    await fleet.run("nodes", "inventory", "nodes", "load", str(file), variables=named)


@asynccontextmanager
async def town(opened: Database, edge_url: str, sandbox: httpx2.AsyncClient) -> AsyncIterator[Town]:
    """Each channel is a partner of its own; the stores' may hand goods over."""
    registry = Registry(opened, clock=system_clock, mint=mint)
    async with AsyncExitStack() as stack:
        channels = {}
        for name in CHANNELS:
            scopes = SCOPES | {"stores"} if name == STORE else SCOPES
            known = await registry.add(
                name, channels=frozenset({name}), scopes=scopes, plan="internal", operator="demo", name=name
            )
            channel = Channel(edge_url, client_id=known.client_id, client_secret=known.client_secret)
            channels[name] = await stack.enter_async_context(channel)
        yield Town(channels, sandbox)


async def play(town: Town, fleet: Fleet, say: Say, *, seed: int) -> list[Scene]:
    """All of it; a scene that did not come to its end says so."""
    say("a Saturday: four nodes, three channels")
    await town.tell("/faults", {"seed": seed, "rules": []})
    plays: list[list[Play]] = [[*TOGETHER, lambda town: morning(town, seed)], *([each] for each in ALONE)]
    plays.append([lambda town: erp_away(town, seed)])
    scenes: list[Scene] = []
    for group in plays:
        fleet.watch()
        async with asyncio.TaskGroup() as together:
            playing = [together.create_task(_played(each, town, say)) for each in group]
        scenes += [each.result() for each in playing]
    return scenes


async def _played(scene: Play, town: Town, say: Say) -> Scene:
    try:
        played = await scene(town)
    except Unavailable as error:
        played = Scene(getattr(scene, "__name__", "trade"), "an end", error.detail)
    say(f"  {played.title}: {played.came}")
    return played
