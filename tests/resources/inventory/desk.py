"""A partner who reserves."""

from dataclasses import dataclass
from typing import Any, Self
from uuid import uuid4

from httpx2 import Response

from gateway.partners import SCOPES
from tests.gate import Gate

Json = dict[str, Any]
ADDRESS = "/v1/inventory/reservations"


def line(sku: str = "LAMP", quantity: int = 1, line_id: str = "1", **more: str) -> Json:
    return {"line_id": line_id, "sku": sku, "quantity": quantity, **more}


def wish(*lines: Json, kind: str = "soft", holder: str | None = None, **more: Any) -> Json:
    who = {"type": "cart", "id": holder or uuid4().hex}
    return {"kind": kind, "holder": who, "lines": list(lines or [line()]), **more}


@dataclass(frozen=True, slots=True)
class Desk:
    gate: Gate
    headers: dict[str, str]

    @classmethod
    async def open(cls, gate: Gate, name: str = "web", *, scopes: frozenset[str] = SCOPES) -> Self:
        return cls(gate, await gate.bearer(await gate.partner(name, scopes=scopes)))

    async def ask(self, body: Json, *, key: str | None = None) -> Response:
        return await self.gate.http.post(ADDRESS, json=body, headers=self.keyed(key))

    async def reserve(self, *lines: Json, **more: Any) -> Json:
        answer = await self.ask(wish(*lines, **more))
        assert answer.status_code == 201, answer.text
        made: Json = answer.json()
        return made

    async def get(self, path: str = "", **query: Any) -> Response:
        return await self.gate.http.get(f"{ADDRESS}{path}", params=query, headers=self.headers)

    async def read(self, made: Json) -> Json:
        answer = await self.get(f"/{made['reservation_id']}")
        assert answer.status_code == 200, answer.text
        told: Json = answer.json()
        return told

    async def change(self, made: Json, what: str, body: Json | None = None, **headers: str) -> Response:
        address = f"{ADDRESS}/{made['reservation_id']}/{what}"
        return await self.gate.http.post(address, json=body or {}, headers={**self.keyed(), **headers})

    async def changed(self, made: Json, what: str, body: Json | None = None) -> Json:
        answer = await self.change(made, what, body)
        assert answer.status_code == 200, answer.text
        told: Json = answer.json()
        return told

    def keyed(self, key: str | None = None) -> dict[str, str]:
        return {**self.headers, "idempotency-key": key or str(uuid4())}

    async def passes(self, made: Json) -> None:
        """The reservation's time passes, and nobody tidies up."""
        statements = [
            "update reservation_line set expires_at = clock_timestamp() where reservation_id = %s",
            "update reservation set expires_at = clock_timestamp() where reservation_id = %s",
        ]
        async with self.gate.database.transaction() as connection:
            for statement in statements:
                await connection.execute(statement.encode(), (made["reservation_id"],))

    async def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """What the database holds, for what no answer shows."""
        async with self.gate.database.connection() as connection:
            return await (await connection.execute(sql.encode(), values)).fetchall()


def states(lines: list[Json]) -> list[tuple[str, str, int, int, int]]:
    return [(each["sku"], each["node_id"], each["open"], each["consumed"], each["released"]) for each in lines]
