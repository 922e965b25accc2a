"""Goods that come back to a shop: asked for, received and looked at, and what becomes of their money."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any, LiteralString
from uuid import uuid4

from httpx2 import Response

from tests.journeys.shop import PATIENCE, Shop, order
from tests.resources.warehouse import SECRET, Warehouse

Json = dict[str, Any]


@dataclass
class Returns:
    """What comes back of one order of lamps at 2.50 each."""

    shop: Shop
    order_id: str = ""
    return_id: str = ""

    async def sold(self, quantity: int) -> str:
        self.order_id = await self.shop.placed(order(quantity=quantity))
        assert (await self.shop.until(self.order_id))["status"] == "completed"
        return self.order_id

    async def asked(self, quantity: int, *, by: dict[str, str] | None = None) -> str:
        """A return of so many is authorised; the channel asks for it, or an operator does."""
        answer = await self.asks(quantity, by=by)
        assert answer.is_success, answer.text
        self.return_id = answer.json()["return_id"]
        return self.return_id

    async def asks(self, quantity: int, *, by: dict[str, str] | None = None) -> Response:
        lines = [{"line_id": "1", "quantity": quantity, "reason": "changed_mind"}]
        body = {"order_id": self.order_id, "channel_return_id": uuid4().hex, "lines": lines}
        return await self._posted("/v1/returns", body, by or self.shop.headers)

    async def came(self, quantity: int, *, return_id: str = "") -> None:
        """So many are received."""
        lines = [{"line_id": "1", "received": quantity, "condition": "used"}]
        body = {"receipt_id": uuid4().hex, "node_id": "main", "lines": lines}
        await self._sent(f"/{return_id or self.return_id}/receipts", body)

    async def found(self, accepted: int, rejected: int = 0, *, return_id: str = "") -> None:
        """They were looked at."""
        lines = [
            {"line_id": "1", "quantity": many, "outcome": outcome, "disposition": "scrap"}
            for outcome, many in (("accepted", accepted), ("rejected", rejected))
            if many
        ]
        body = {"inspection_id": uuid4().hex, "node_id": "main", "lines": lines}
        await self._sent(f"/{return_id or self.return_id}/inspections", body)

    async def cancelled(self) -> None:
        await self._sent(f"/{self.return_id}/cancel", {})

    async def scanned(self) -> None:
        """A carrier has it, which nobody knew."""
        assert await self.tells_of_scan() == "recorded"

    async def tells_of_scan(self) -> str:
        """A carrier says that it has it; what became of that."""
        await self.shop.gate.secrets.put("callback:carrier", SECRET.encode())
        answer = await Warehouse(self.shop.gate).tell_scan(self.return_id, name=uuid4().hex)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["status"])

    async def _sent(self, path: str, body: Json) -> Response:
        answer = await self._posted(f"/v1/returns{path}", body, self.shop.headers)
        assert answer.is_success, answer.text
        return answer

    async def _posted(self, path: str, body: Json, who: dict[str, str]) -> Response:
        headers = {**who, "idempotency-key": uuid4().hex}
        return await self.shop.gate.http.post(path, json=body, headers=headers)

    async def seen(self, return_id: str = "") -> Json:
        path = f"/v1/returns/{return_id or self.return_id}"
        answer = await self.shop.gate.http.get(path, headers=self.shop.headers)
        assert answer.status_code == 200, answer.text
        read: Json = answer.json()
        return read

    async def events(self) -> list[tuple[str, Json]]:
        """What the return's partner is told of it: kind and data, without gaps. The feed tells what was written while
        others were at work when these have ended, and not always in the order of its sequence."""
        end = monotonic() + PATIENCE
        while True:
            answer = await self.shop.gate.http.get("/v1/events?page_size=200", headers=self.shop.headers)
            assert answer.status_code == 200, answer.text
            read = [each for each in answer.json()["events"] if each["subject"] == self.return_id]
            told = sorted(read, key=lambda each: int(each["sequence"]))
            if [int(each["sequence"]) for each in told] == list(range(1, await self._happened() + 1)):
                return [(each["type"].split(".")[3], each["data"]) for each in told]
            assert monotonic() < end, told
            await asyncio.sleep(0.1)

    async def _happened(self) -> int:
        async with self.shop.gate.database.connection() as connection:
            cursor = await connection.execute("select count(*) from event where subject = %s", (self.return_id,))
            [(count,)] = await cursor.fetchall()
        return int(count)

    async def refunds(self, return_id: str = "") -> list[tuple[str, int, int]]:
        """Status, amount and tranche of each."""
        told = (await self.seen(return_id)).get("refunds", [])
        return [(each["status"], each["amount"]["amount"], each["tranche"]) for each in told]

    async def until_status(self, status: str, *, return_id: str = "") -> Json:
        await self.until(lambda: self._is(status, return_id), f"the return is {status}")
        return await self.seen(return_id)

    async def _is(self, status: str, return_id: str) -> bool:
        return bool((await self.seen(return_id))["status"] == status)

    async def until_refunds(self, *states: str) -> None:
        """Until its refunds stand so, in their order."""

        async def so() -> bool:
            return [status for status, *_ in await self.refunds()] == list(states)

        await self.until(so, f"refunds are {states}")

    async def until(self, holds: Callable[[], Any], what: str) -> None:
        end = monotonic() + PATIENCE
        while not await holds():
            assert monotonic() < end, f"never: {what}; {await self.seen()}"
            await asyncio.sleep(0.05)

    async def rows(self, statement: LiteralString, *values: object) -> list[tuple[Any, ...]]:
        async with self.shop.gate.database.connection() as connection:
            return await (await connection.execute(statement, values)).fetchall()

    async def has(self, statement: LiteralString, count: int) -> bool:
        return await self.rows(statement) == [(count,)]

    async def money(self) -> tuple[int, int]:
        """Given back, and on its way, by our own ledger."""
        [(refunded, in_flight)] = await self.rows(
            "select refunded, in_flight from payment where order_id = %s", self.order_id
        )
        return refunded, in_flight

    async def paid(self, system: str = "psp", kind: str = "refund") -> list[int]:
        """The amounts that the system's own ledger has of that kind."""
        effects = await self.shop.ledger(system, self.order_id)
        return [effect["amount"]["amount"] for effect in effects if effect["kind"] == kind]

    async def operator(self, name: str, *roles: str) -> dict[str, str]:
        return await self.shop.gate.bearer(await self.shop.gate.operator(name, *roles))

    async def exceptions(self, who: dict[str, str]) -> list[Json]:
        """Those that are open."""
        answer = await self.shop.gate.http.get("/v1/exceptions", params={"state": "open"}, headers=who)
        assert answer.status_code == 200, answer.text
        listed: list[Json] = answer.json()["exceptions"]
        return listed

    async def mend(self, who: dict[str, str], seen: Json, action: str, **more: str) -> None:
        """An operator does so about it."""
        headers = {**who, "if-match": f'"{seen["version"]}"'}
        body = {"action": action, "evidence": "seen in the books", **more}
        answer = await self._posted(f"/v1/exceptions/{seen['exception_id']}/actions", body, headers)
        assert answer.is_success, answer.text

    async def decides(self, verdict: str) -> None:
        """The approver's word about what waits for it."""
        answer = await self.decided(verdict, await self.operator("ann", "approver"))
        assert answer.is_success, answer.text

    async def decided(self, verdict: str, who: dict[str, str]) -> Response:
        [(approval_id, content)] = await self.rows(
            "select approval_id, content_hash from approval where state = 'pending'"
        )
        body = {"reason": "seen the parcel", "content_hash": content}
        return await self._posted(f"/v1/approvals/{approval_id}/{verdict}", body, who)
