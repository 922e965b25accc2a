"""Whoever has to do with goods that come back, over HTTP: the channel asks, a warehouse counts, operators say yes."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from httpx2 import Response

from tests.proof.client import Channel, Json
from tests.proof.retail import Back

NODE = "main"


@dataclass(frozen=True, slots=True)
class Returner:
    """Everything that it does about a return has the same natural keys for ever; its request keys are of a *run*."""

    channel: Channel
    orders: Mapping[str, str]  # invoice -> order id

    async def ask(self, back: Back, *, run: str) -> Response:
        lines = [
            {"line_id": line_id, "quantity": pieces, "reason": "changed_mind"}
            for line_id, pieces in back.pieces.items()
        ]
        body = {"order_id": self.orders[back.invoice], "channel_return_id": back.name, "lines": lines}
        return await self._post("/v1/returns", body, f"{run}/ask/{back.name}")

    async def bring(self, back: Back, *, run: str) -> list[Response]:
        """It is asked for, comes, and is found as good as new."""
        asked = await self.ask(back, run=run)
        assert asked.status_code == 201, asked.text
        at, pieces = f"/v1/returns/{asked.json()['return_id']}", back.pieces.items()
        came: list[Json] = [{"line_id": line, "received": many, "condition": "new"} for line, many in pieces]
        good = {"outcome": "accepted", "disposition": "restock"}
        looked: list[Json] = [{"line_id": line, "quantity": many, **good} for line, many in pieces]
        receipt = {"receipt_id": back.name, "node_id": NODE, "lines": came}
        inspection = {"inspection_id": back.name, "node_id": NODE, "lines": looked}
        return [
            asked,
            await self._post(f"{at}/receipts", receipt, f"{run}/receive/{back.name}"),
            await self._post(f"{at}/inspections", inspection, f"{run}/inspect/{back.name}"),
        ]

    async def _post(self, path: str, body: Json, name: str) -> Response:
        return await self.channel.post(body, str(uuid5(NAMESPACE_URL, name)), to=path)

    async def returns(self) -> dict[str, Json]:
        """By their names, as they stand."""
        listed = await self._get("/v1/returns")
        return {seen["channel_return_id"]: seen for seen in listed["returns"]}

    async def shelves(self) -> Counter[str]:
        """SKU -> pieces on hand."""
        found, token = Counter[str](), None
        while token != "":
            page = await self._get("/v1/inventory/positions", **({"page_token": token} if token else {}))
            found.update({place["sku"]: place["on_hand"] for place in page["positions"]})
            token = page["next_page_token"]
        return found

    async def _get(self, path: str, **more: str) -> Json:
        answer = await self.channel.http.get(path, params={"page_size": "200", **more}, headers=self.channel.headers())
        assert answer.status_code == 200, answer.text
        told: Json = answer.json()
        return told


async def approve(operator: Channel) -> int:
    """Says yes to everything that waits for this operator; how many."""
    waiting = {"mine": "true", "status": "pending"}
    listed = await operator.http.get("/v1/approvals", params=waiting, headers=operator.headers())
    assert listed.status_code == 200, listed.text
    seen = listed.json()["approvals"]
    for each in seen:
        yes = {"reason": "the goods are back", "content_hash": each["content_hash"]}
        key = str(uuid5(NAMESPACE_URL, f"{each['approval_id']}/{operator.token}"))
        answer = await operator.post(yes, key, to=f"/v1/approvals/{each['approval_id']}/approve")
        assert answer.status_code == 200, answer.text
    return len(seen)
