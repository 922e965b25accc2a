"""An operator's client: sees what waits, and mends it over the API."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from uuid import uuid4

from httpx2 import Response
from psycopg.types.json import Jsonb

from tests.gate import Gate
from tests.resources.shop import Shop

Json = dict[str, Any]
PATH = "/v1/exceptions"
SEEN = "seen in the ERP, ticket 812"


@dataclass(frozen=True, slots=True)
class Duty:
    """One operator with a token."""

    gate: Gate
    name: str
    headers: Mapping[str, str]

    @classmethod
    async def open(cls, gate: Gate, name: str = "olga", *roles: str) -> Self:
        return cls(gate, name, await gate.bearer(await gate.operator(name, *roles)))

    async def see(self, exception_id: str) -> Response:
        return await self.gate.http.get(f"{PATH}/{exception_id}", headers=self.headers)

    async def listed(self, **filters: str | int) -> Json:
        answer = await self.gate.http.get(PATH, params=filters, headers=self.headers)
        assert answer.status_code == 200, answer.text
        page: Json = answer.json()
        return page

    async def act(self, exception_id: str, action: str, *, key: str = "", match: str = "", **more: str) -> Response:
        headers = {**self.headers, "idempotency-key": key or uuid4().hex, **({"if-match": match} if match else {})}
        body = {"action": action, "evidence": SEEN, **more}
        return await self.gate.http.post(f"{PATH}/{exception_id}/actions", json=body, headers=headers)

    async def act_on_all(self, action: str, *, key: str = "", **body: Any) -> Response:
        headers = {**self.headers, "idempotency-key": key or uuid4().hex}
        cause = {"class": "integration/timeout", "code": "deadline_passed"}
        sent = {**cause, "action": action, "evidence": SEEN, **body}
        return await self.gate.http.post(f"{PATH}/actions", json=sent, headers=headers)


async def parked(shop: Shop, code: str = "deadline_passed", *, outcome: str | None = None) -> tuple[str, str]:
    """A run that waits for an operator, and its exception."""
    order_id = (await shop.place())["order_id"]
    cause = {"code": code, "step": "book_in_erp", "detail": "the ERP was down"}
    async with shop.gate.database.connection() as connection:
        await connection.execute(
            "update run set state = 'parked', cause = %s, outcome = %s where run_id = %s",
            (Jsonb(cause), outcome, order_id),
        )
    return order_id, f"xcp_{order_id[4:]}"
