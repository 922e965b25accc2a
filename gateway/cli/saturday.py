"""The demo's second act, a Saturday: four nodes, three channels, and whatever can happen to an order on the way."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2

from gateway.cli.cast import channels_of, partner
from gateway.cli.demo_fleet import Fleet
from gateway.cli.saturday_books import reckon
from gateway.cli.saturday_goods import write_nodes
from gateway.cli.saturday_orders import CHANNELS, STORE
from gateway.cli.saturday_reading import read
from gateway.cli.saturday_report import Saturday
from gateway.cli.saturday_scenes import ALONE, REROUTED, TOGETHER, Came, Scene, played
from gateway.cli.saturday_town import Town
from gateway.cli.saturday_trade import morning, outage
from gateway.partners.registry import Credentials
from gateway.store.pool import Database
from gateway.store.runs import runs

SCOPES = frozenset({"orders:read", "orders:write", "inventory:read", "returns:read", "returns:write"})

Say = Callable[[str], None]


async def load_nodes(fleet: Fleet, folder: Path, operator: Credentials) -> None:
    """As the platform team does."""
    write_nodes(file := folder / "nodes.yaml")
    named = {"OMNIGATE_OPERATOR_ID": operator.client_id, "OMNIGATE_OPERATOR_SECRET": operator.client_secret}
    await fleet.run("nodes", "inventory", "nodes", "load", str(file), variables=named)


@asynccontextmanager
async def town_of(opened: Database, edge_url: str, sandbox: httpx2.AsyncClient) -> AsyncIterator[Town]:
    """Each channel is a partner of its own; the stores' may hand goods over."""
    scopes = {name: SCOPES | {"stores"} if name == STORE else SCOPES for name in CHANNELS}
    cast = {name: await partner(opened, name, may) for name, may in scopes.items()}
    async with channels_of(edge_url, cast) as channels:
        yield Town(channels, sandbox)


async def play(
    town: Town, fleet: Fleet, opened: Database, say: Say, *, seed: int, earlier: Collection[str]
) -> Saturday:
    """Play it, and reckon. *earlier*: orders of the first act."""
    begun = time.monotonic()
    scenes = await _all_played(town, fleet, say, seed)
    seen, rerouted = await read(town, earlier), scenes[REROUTED].order_id
    return Saturday(
        scenes=scenes,
        seen=seen,
        findings=reckon(seen),
        parked=await runs(opened, parked=True, limit=1000),
        rerouted=rerouted,
        why=await fleet.run("why", "orders", "why", rerouted) if rerouted else "",
        seconds=time.monotonic() - begun,
    )


async def _all_played(town: Town, fleet: Fleet, say: Say, seed: int) -> Mapping[Scene, Came]:
    say("a Saturday: four nodes, three channels")
    await town.tell("/faults", {"seed": seed, "rules": []})
    groups: list[Sequence[Scene]] = [[*TOGETHER, morning(seed)], *([scene] for scene in ALONE), [outage(seed)]]
    came = dict[Scene, Came]()
    for group in groups:
        fleet.watch()
        async with asyncio.TaskGroup() as together:
            for scene in group:
                together.create_task(_one_played(scene, town, say, came))
    return came


async def _one_played(scene: Scene, town: Town, say: Say, came: dict[Scene, Came]) -> None:
    came[scene] = await played(scene, town)
    note = f" ({came[scene].note})" if came[scene].note else ""
    say(f"  {scene.title}: {came[scene].how}{note}")
