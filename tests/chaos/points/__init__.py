"""
The points of chaos, each a run of its own: what is done to an installation, how often, and how long it may take.

    kills R1 · crash_points R2 · answers R3 · copies R4 · restarts R5 · starts and pauses R7 · poison and deploy R9 ·
    shelves S1 · parts O1 · stores O2 · goods_back F1 · bought P1
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from tests.chaos.points.answers import answers
from tests.chaos.points.bought import bought
from tests.chaos.points.copies import copies
from tests.chaos.points.crash_points import crash_points
from tests.chaos.points.deploy import deploy
from tests.chaos.points.goods_back import goods_back
from tests.chaos.points.kills import kills
from tests.chaos.points.parts import parts
from tests.chaos.points.pauses import pauses
from tests.chaos.points.poison import poison
from tests.chaos.points.restarts import restarts
from tests.chaos.points.shelves import shelves
from tests.chaos.points.starts import starts
from tests.chaos.points.stores import stores
from tests.chaos.room import Room

__all__ = ["POINTS", "Point"]


@dataclass(frozen=True, slots=True)
class Point:
    """`bound`: seconds after which a run is given up as hung, quick and full."""

    title: str
    run: Callable[[Room], Awaitable[None]]
    quick: Mapping[str, int]
    full: Mapping[str, int]
    bound: tuple[float, float] = (900.0, 5400.0)


POINTS = {
    "r1": Point("random kills", kills, {"kills": 60, "orders": 1500}, {"kills": 1000, "orders": 20_000}),
    "r2": Point("crash points", crash_points, {"stories": 1, "syncs": 6}, {"stories": 3, "syncs": 30}),
    "r3": Point("ambiguous answers", answers, {"orders": 500}, {"orders": 10_000}),
    "r4": Point("idempotent HTTP", copies, {"keys": 500, "kills": 6}, {"keys": 10_000, "kills": 60}),
    "r5": Point("restarts of PostgreSQL", restarts, {"restarts": 3}, {"restarts": 20}),
    "r7a": Point("one owner: starts", starts, {"starts": 300}, {"starts": 5000}),
    "r7b": Point("one owner: pauses", pauses, {"pauses": 5}, {"pauses": 100}),
    "r9a": Point("poison", poison, {"orders": 100}, {"orders": 500}),
    "r9b": Point("deploy", deploy, {"orders": 100}, {"orders": 500}),
    "s1": Point("stock", shelves, {"kills": 12, "wishes": 600}, {"kills": 200, "wishes": 10_000}),
    "o1": Point("orders in parts", parts, {"kills": 12, "orders": 240}, {"kills": 200, "orders": 4000}),
    "o2": Point("stores, offers, backorders", stores, {"kills": 12, "orders": 180}, {"kills": 200, "orders": 4000}),
    "f1": Point("returns and refunds", goods_back, {"kills": 8, "orders": 60}, {"kills": 200, "orders": 4000}),
    "p1": Point("purchase orders", bought, {"kills": 4, "orders": 15}, {"kills": 200, "orders": 2000}),
}
