"""A gate with stock behind it, and a partner who asks about it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from httpx2 import Response

from gateway.domain.stock import StockLevel
from gateway.store import stock
from tests.gate import Gate

Json = dict[str, Any]
NORTH: Json = {"type": "dc", "name": "The north", "timezone": "Europe/London", "source_id": "wms"}


@dataclass(frozen=True, slots=True)
class Stocked:
    gate: Gate
    headers: dict[str, str]

    @classmethod
    async def open(cls, gate: Gate, name: str = "web") -> "Stocked":
        return cls(gate, await gate.bearer(await gate.partner(name)))

    async def counted(self, *, node: str = "main", ago: float = 0, **on_hand: int) -> None:
        """The warehouse counted, so many seconds ago."""
        as_of = self.gate.clock() - timedelta(seconds=ago)
        levels = [StockLevel(sku, None, pieces, as_of, node) for sku, pieces in on_hand.items()]
        async with self.gate.database.transaction() as connection:
            await stock.count(connection, levels)

    async def ordered(self, order_id: str, **demand: int) -> None:
        async with self.gate.database.transaction() as connection:
            assert await stock.reserve(connection, order_id, demand) == []

    async def shipped(self, order_id: str, at: datetime) -> None:
        async with self.gate.database.transaction() as connection:
            await stock.ship(connection, order_id, at)

    async def node(self, node_id: str, **changed: Any) -> Response:
        return await self.put(node_id, {**NORTH, **changed})

    async def put(self, node_id: str, body: Json, **headers: str) -> Response:
        return await self.gate.http.put(
            f"/v1/inventory/nodes/{node_id}", json=body, headers={**self.headers, **headers}
        )

    async def ask(self, *lines: Json) -> Json:
        answer = await self.asked(*lines)
        assert answer.status_code == 200, answer.text
        told: Json = answer.json()
        return told

    async def asked(self, *lines: Json) -> Response:
        address = "/v1/inventory/availability:query"
        return await self.gate.http.post(address, json={"lines": list(lines)}, headers=self.headers)

    async def get(self, path: str, **headers: str) -> Response:
        return await self.gate.http.get(f"/v1/inventory{path}", headers={**self.headers, **headers})

    async def keep_back(self, *lines: Json, key: str | None = None) -> Response:
        headers = {**self.headers, "idempotency-key": key or str(uuid4())}
        return await self.gate.http.post("/v1/inventory/safety-stock", json={"lines": list(lines)}, headers=headers)

    async def sql(self, statement: str, *values: object) -> None:
        async with self.gate.database.connection() as connection:
            await connection.execute(statement.encode(), values)


def terms(node: Json) -> dict[str, int]:
    """Those that are not nothing."""
    return {term["name"]: term["quantity"] for term in node["terms"] if term["quantity"]}
