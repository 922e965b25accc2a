"""Suppliers, and who acts for them, over HTTP or as rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from uuid import uuid4

from httpx2 import Response

from gateway.store.pool import Database, Joined
from tests.gate import Gate

Json = dict[str, Any]
SCOPES = frozenset({"suppliers:read", "suppliers:write"})
WHY = "its test orders came right"


def supplier_body(code: str, **more: Any) -> Json:
    return {"code": code[:35], "name": f"Works {code}"[:200], "currency": "GBP", **more}


_SUPPLYING = """
insert into supplier (supplier_id, code, content_hash, document, name, partner_id, currency, capabilities, status,
                      made_by, trace_id, created_at, updated_at)
values (%(id)s, %(id)s, '', '{}', 'canary-' || %(partner)s, %(partner)s, 'GBP', '{}', 'active', 'operator:tess', '',
        now(), now())
"""


async def supplying(database: Database | Joined, partner: str, *, supplier_id: str) -> None:
    """An active supplier that this partner acts for."""
    async with database.transaction() as connection:
        await connection.execute(_SUPPLYING, {"id": supplier_id, "partner": partner})


@dataclass(frozen=True, slots=True)
class Buyers:
    """Whoever buys, approves or delivers, by their token."""

    gate: Gate
    headers: Mapping[str, str]

    @classmethod
    async def operator(cls, gate: Gate, name: str, *roles: str) -> Self:
        return cls(gate, await gate.bearer(await gate.operator(name, *roles)))

    @classmethod
    async def partner(cls, gate: Gate, name: str) -> Self:
        return cls(gate, await gate.bearer(await gate.partner(name, scopes=SCOPES)))

    async def post(self, path: str, body: Json | None = None, *, key: str = "", match: str = "") -> Response:
        more = {"if-match": match} if match else {}
        headers = {**self.headers, "idempotency-key": key or str(uuid4()), **more}
        return await self.gate.http.post(f"/v1/suppliers{path}", json=body, headers=headers)

    async def get(self, path: str = "", **more: str) -> Response:
        return await self.gate.http.get(f"/v1/suppliers{path}", headers={**self.headers, **more})

    async def make(self, code: str, **more: Any) -> str:
        """A prospect."""
        made = await self.post("", supplier_body(code, **more))
        assert made.status_code == 201, made.text
        supplier_id: str = made.json()["supplier_id"]
        return supplier_id

    async def move(self, supplier_id: str, *statuses: str) -> Response:
        for status in statuses:
            answer = await self.post(f"/{supplier_id}/status", {"status": status, "reason": WHY})
        return answer

    async def approve(self, supplier_id: str) -> Response:
        return await self.post(f"/{supplier_id}/approve", {"reason": WHY})
