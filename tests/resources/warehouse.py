"""A warehouse, stores, a payment provider and a carrier that sign what they tell."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from httpx2 import Response
from standardwebhooks import Webhook

from gateway.domain.time import rfc3339
from tests.gate import Gate

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@dataclass
class Warehouse:
    gate: Gate

    async def tell(self, order_id: str, *, name: str = "msg_1", system: str = "wms", **changes: Any) -> Response:
        data = {
            "shipment_id": "shp_1",
            "reference": f"{order_id}:release_to_warehouse",
            "order_id": order_id,
            "shipped_at": rfc3339(self.gate.clock()),
            "lines": [{"line_id": "1", "sku": "LAMP-7", "quantity": 1}],
        }
        return await self._send("shipment.shipped", {**data, **changes}, name=name, system=system)

    async def tell_task(
        self, order_id: str, part: str, status: str, *, name: str = "msg_1", system: str = "store", **changes: Any
    ) -> Response:
        """How the store's task for that part of the order stands."""
        reference = f"{part}:release_to_store"
        at = rfc3339(self.gate.clock())
        data = {"task_id": "tsk_1", "reference": reference, "order_id": order_id, "at": at, **changes}
        return await self._send(f"task.{status}", data, name=name, system=system)

    async def tell_refund(self, reference: str, kind: str, *, name: str = "msg_1", system: str = "psp") -> Response:
        """What has become of a refund, by the payment provider."""
        amount = {"amount": 250, "currency": "GBP"}
        data = {"refund_id": "ref_1", "reference": reference, "amount": amount, "at": rfc3339(self.gate.clock())}
        return await self._send(kind, data, name=name, system=system)

    async def tell_scan(
        self, return_id: str, *, name: str = "msg_1", system: str = "carrier", **changes: Any
    ) -> Response:
        """A carrier has what comes back."""
        data = {"return_id": return_id, "scanned_at": rfc3339(self.gate.clock()), **changes}
        return await self._send("return.scanned", data, name=name, system=system)

    async def _send(self, kind: str, data: Mapping[str, Any], *, name: str, system: str) -> Response:
        now = self.gate.clock()
        body = orjson.dumps({"type": kind, "timestamp": rfc3339(now), "data": data})
        headers = {
            "content-type": "application/json",
            "webhook-id": name,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(SECRET).sign(name, now, body.decode()),
        }
        return await self.gate.http.post(f"/v1/callbacks/{system}", content=body, headers=headers)
