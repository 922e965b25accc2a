"""Partners of suppliers, and what they are told of these."""

from typing import Any

from tests.gate import Gate
from tests.resources.supplied import SCOPES, Buyers, supplying

SUPPLIER, OTHER = "sup_01JDB7Z2M4X8Q5T3W9Y6N1K0RC", "sup_01JDB7Z2M4X8Q5T3W9Y6N1K0RD"
OLD, OLDER = "po_01JDB7Z2M4X8Q5T3W9Y6N1K0RC", "po_01JDB7Z2M4X8Q5T3W9Y6N1K0RD"


async def follower(gate: Gate, name: str, supplier_id: str, po_id: str) -> Buyers:
    headers = await gate.bearer(await gate.partner(name, scopes=SCOPES | {"events:read"}))
    await supplying(gate.database, name, supplier_id=supplier_id, po_id=po_id)
    return Buyers(gate, headers)


async def told(partner: Buyers) -> list[tuple[str, str, dict[str, Any]]]:
    answer = await partner.gate.http.get("/v1/events", headers=dict(partner.headers))
    assert answer.status_code == 200, answer.text
    return [(each["subject"], each["type"].split(".")[3], each["data"]) for each in answer.json()["events"]]
