"""Several partners at one edge, and an open load of theirs."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gateway.domain.identifiers import mint
from gateway.domain.time import system_clock
from gateway.partners.registry import Credentials, Registry
from gateway.store.pool import Database
from tests.benchmarks.gate import Gate, token_of
from tests.benchmarks.processes import asked, python

CONNECTIONS = 400  # of the generator; fewer than the edge takes

Stream = dict[str, Any]


class Crowd:
    """Partners of one plan, each with a token and a channel of its own."""

    def __init__(self, gate: Gate, names: tuple[str, ...], *, plan: str) -> None:
        self.gate = gate
        self._first = 10_000_000
        credentials = asyncio.run(_registered(gate.database, names, plan=plan))
        self.tokens = {name: token_of(f"http://127.0.0.1:{gate.port}", each) for name, each in credentials.items()}

    def stream(self, name: str, partner: str, rate: float, *, kind: str = "order") -> Stream:
        self._first += 1_000_000  # order numbers and keys of no other run
        token, channel = self.tokens[partner], f"{partner}-uk"
        return {
            "name": name, "rate": rate, "kind": kind, "token": token, "channel": channel, "first": self._first
        }  # fmt: skip

    def load(self, *streams: Stream, seconds: float) -> dict[str, Any]:
        plan = {"port": self.gate.port, "streams": streams, "seconds": seconds, "connections": CONNECTIONS}
        seen: dict[str, Any] = asked(*python("tests.benchmarks.open_load"), told=plan, within=seconds + 90)
        return seen

    def memory(self) -> Mapping[str, float]:
        """MiB of the edge: now, and at its highest."""
        lines = Path(f"/proc/{self.gate.edge.pid}/status").read_text().splitlines()
        found = dict(line.split(":", 1) for line in lines)
        return {name: int(found[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM")}


async def _registered(url: str, names: tuple[str, ...], *, plan: str) -> dict[str, Credentials]:
    database = Database(url, connections=2, name="omnigate-bench")
    await database.open()
    try:
        registry = Registry(database, clock=system_clock, mint=mint)
        scopes = frozenset({"orders:read", "orders:write"})
        return {
            name: await registry.add(
                name, channels=frozenset({f"{name}-uk"}), scopes=scopes, plan=plan, operator="bench"
            )
            for name in names
        }
    finally:
        await database.close()
