"""A warehouse that signs what it tells."""

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
        now = self.gate.clock()
        data = {
            "shipment_id": "shp_1",
            "reference": f"{order_id}:release_to_warehouse",
            "order_id": order_id,
            "shipped_at": rfc3339(now),
            "lines": [{"line_id": "1", "sku": "LAMP-7", "quantity": 1}],
        }
        body = orjson.dumps({"type": "shipment.shipped", "timestamp": rfc3339(now), "data": {**data, **changes}})
        headers = {
            "content-type": "application/json",
            "webhook-id": name,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(SECRET).sign(name, now, body.decode()),
        }
        return await self.gate.http.post(f"/v1/callbacks/{system}", content=body, headers=headers)
