"""A gate that is fed: what sources and people send, and the worker's part done at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import orjson
from httpx2 import Response

from gateway.domain.identifiers import mint
from gateway.domain.inventory import InventoryPolicy
from gateway.domain.time import rfc3339
from gateway.store import applying
from gateway.store.views import Hearing
from tests.gate import Gate

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Feeding:
    """The warehouse is the truth at `main`; *headers* are of whoever sends."""

    gate: Gate
    headers: dict[str, str]

    @classmethod
    async def open(cls, gate: Gate, name: str = "web", **scopes: Any) -> "Feeding":
        return cls(gate, await gate.bearer(await gate.partner(name, **scopes)))

    def at(self, minutes: float) -> str:
        return rfc3339(self.gate.clock() + timedelta(minutes=minutes))

    async def as_another(self, name: str, *scopes: str) -> "Feeding":
        return replace(self, headers=await self.gate.bearer(await self.gate.partner(name, scopes=frozenset(scopes))))

    async def post(self, path: str, body: Json | None = None, *, key: str | None = None) -> Response:
        headers = {**self.headers, "idempotency-key": key or str(uuid4())}
        return await self.gate.http.post(f"/v1/inventory{path}", json=body, headers=headers)

    async def put(self, path: str, body: Json, **headers: str) -> Response:
        return await self.gate.http.put(f"/v1/inventory{path}", json=body, headers={**self.headers, **headers})

    async def get(self, path: str) -> Response:
        return await self.gate.http.get(f"/v1/inventory{path}", headers=self.headers)

    async def tell(self, *deltas: Json, source: str = "wms") -> list[Json]:
        said = [{"node_id": "main", "reason": "receipt", "occurred_at": self.at(0), **delta} for delta in deltas]
        answer = await self.post(f"/sources/{source}/deltas", {"deltas": said})
        assert answer.status_code == 200, answer.text
        results: list[Json] = answer.json()["results"]
        return results

    async def begin(self, rows: int, *, source: str = "wms", ago: float = 0, **changed: Any) -> str:
        body = {"reference": str(uuid4()), "scope": "full", "nodes": ["main"], "as_of": self.at(-ago), "rows": rows}
        answer = await self.post(f"/sources/{source}/snapshots", {**body, **changed})
        assert answer.status_code == 201, answer.text
        snapshot_id: str = answer.json()["snapshot_id"]
        return snapshot_id

    async def chunk(self, snapshot_id: str, number: int, lines: Sequence[Json | bytes]) -> Response:
        raw = b"\n".join(line if isinstance(line, bytes) else orjson.dumps(line) for line in lines)
        headers = {**self.headers, "content-type": "application/x-ndjson"}
        address = f"/v1/inventory/snapshots/{snapshot_id}/chunks/{number}"
        return await self.gate.http.put(address, content=raw, headers=headers)

    async def finish(self, snapshot_id: str) -> Response:
        return await self.post(f"/snapshots/{snapshot_id}/finish")

    async def load(self, lines: Sequence[Json | bytes], **changed: Any) -> Json:
        """A whole snapshot, as the source sends it and as a worker applies it."""
        snapshot_id = await self.begin(len(lines), **changed)
        await self.chunk(snapshot_id, 1, lines)
        assert (await self.finish(snapshot_id)).status_code == 202
        await self.work()
        told: Json = (await self.get(f"/snapshots/{snapshot_id}")).json()
        return told

    async def work(self, batch: int = 2) -> int:
        """All that a worker would do. Returns how many batches that took."""
        batches = 0
        while held := await applying.turn(self.gate.database, "worker", seconds=60):
            hearing = Hearing(self.gate.clock(), mint, InventoryPolicy())
            await applying.go_on(self.gate.database, held, hearing, batch=batch)
            batches += 1
        return batches

    async def stock(self, name: str = "on_hand") -> Json:
        positions = (await self.get("/positions")).json()["positions"]
        return {each["sku"]: each[name] for each in positions}

    async def exceptions(self) -> list[tuple[str, str]]:
        async with self.gate.database.connection() as connection:
            cursor = await connection.execute("select code, state from exception order by opened_at, exception_id")
            return [(code, state) for code, state in await cursor.fetchall()]


def row(sku: str, on_hand: int, **more: Any) -> Json:
    return {"sku": sku, "node_id": "main", "on_hand": on_hand, **more}
