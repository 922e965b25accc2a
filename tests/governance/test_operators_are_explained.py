"""What `explain` says of an operator's call, the front door does with it: whatever the role."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from gateway.domain.access import Matter
from gateway.governance.explain import Case, explain
from gateway.partners import ROLES
from gateway.partners.registry import operator_of
from gateway.store import operators
from tests.gate import open_gate
from tests.house import house

ABSENT = "01JDB7Z2M4X8Q5T3W9Y6N1K0RC"
DEED = {"action": "retry", "evidence": "seen in the ERP"}
HOLD = {"type": "fraud", "reason": "the risk desk wants to look"}
YES = {"reason": "the goods are back", "content_hash": "0" * 64}
CALLS: dict[str, tuple[str, str, dict[str, Any] | None]] = {
    "list_orders": ("GET", "/v1/orders", None),
    "get_order": ("GET", f"/v1/orders/ord_{ABSENT}", None),
    "cancel_order": ("POST", f"/v1/orders/ord_{ABSENT}/cancel", {}),
    "list_order_holds": ("GET", f"/v1/orders/ord_{ABSENT}/holds", None),
    "place_order_hold": ("POST", f"/v1/orders/ord_{ABSENT}/holds", HOLD),
    "decline_order_offer": ("POST", f"/v1/orders/ord_{ABSENT}/offers/off_{ABSENT}/decline", None),
    "collect_fulfilment": ("POST", f"/v1/orders/ord_{ABSENT}/fulfilments/ful_{ABSENT}/collect", {"code": "402519"}),
    "list_exceptions": ("GET", "/v1/exceptions", None),
    "get_exception": ("GET", f"/v1/exceptions/xcp_{ABSENT}", None),
    "act_on_exception": ("POST", f"/v1/exceptions/xcp_{ABSENT}/actions", DEED),
    "list_approvals": ("GET", "/v1/approvals", None),
    "approve_approval": ("POST", f"/v1/approvals/apr_{ABSENT}/approve", YES),
}


@pytest.mark.parametrize("role", sorted(ROLES))
async def test_the_front_door_does_what_explain_says(role: str, database_url: str, tmp_path: Path) -> None:
    bundle = house()
    async with open_gate(database_url, tmp_path, bundle=bundle) as gate:
        bearer = await gate.bearer(await gate.operator("olga", role))
        (olga,) = [each for each in await operators.everyone(gate.database) if each.operator_id == "olga"]
        principal = operator_of(olga, olga.roles)
        for name, (method, path, body) in CALLS.items():
            case = Case(principal, bundle.contracts.operations[name], Matter(), status=olga.status)
            told = explain(bundle, case)

            answer = await gate.http.request(
                method, path, json=body, headers={**bearer, "idempotency-key": uuid4().hex}
            )

            if told.refusal is None:
                assert answer.status_code in (told.status, 404), (name, answer.text)  # 404: there is none
            else:
                assert (answer.status_code, answer.json()["detail"]) == (told.status, told.refusal.detail), name
