"""How each operation is called about something of somebody's: its address, and what else is sent."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tests.resources.billed import INVOICES
from tests.resources.delivered import came, goods_body, notice_body, pallet, piece
from tests.resources.offers import CODE
from tests.resources.returned import inspection, receipt, wished
from tests.resources.shop import order_body
from tests.resources.supplied import confirmation, purchase_body, purchase_lines, supplier_body

Json = dict[str, Any]

NDJSON = "application/x-ndjson"


@dataclass(frozen=True, slots=True)
class Owner:
    """A partner, and what is its own."""

    name: str
    order_id: str
    channel_order_id: str
    reservation_id: str
    snapshot_id: str

    @property
    def channel(self) -> str:
        return f"{self.name}-uk"

    @property
    def exception_id(self) -> str:
        """Of its order, which waits for an operator."""
        return f"xcp_{self.order_id[4:]}"

    @property
    def hold_id(self) -> str:
        """What keeps its order."""
        return f"hld_{self.order_id[4:]}"

    @property
    def offer_id(self) -> str:
        """What its customer is asked."""
        return f"off_{self.order_id[4:]}"

    @property
    def return_id(self) -> str:
        """What shall come back of its order."""
        return f"ret_{self.order_id[4:]}"

    @property
    def supplier_id(self) -> str:
        """The one that it acts for."""
        return f"sup_{self.order_id[4:]}"

    @property
    def po_id(self) -> str:
        """What was ordered of this supplier."""
        return f"po_{self.order_id[4:]}"

    @property
    def invoice_id(self) -> str:
        """What this supplier bills."""
        return f"inv_{self.order_id[4:]}"

    @property
    def asn_id(self) -> str:
        """What is on its way of it."""
        return f"asn_{self.order_id[4:]}"

    @property
    def grn_id(self) -> str:
        """What of it came."""
        return f"grn_{self.order_id[4:]}"

    @property
    def approval_id(self) -> str:
        """Of a refund of its order."""
        return f"apr_{self.order_id[4:]}"

    @property
    def fulfilment_id(self) -> str:
        """What its customer can fetch."""
        return f"ful_{self.order_id[4:]}"


_ULID = "01JDB7Z2M4X8Q5T3W9Y6N1K0RC"
ABSENT = Owner("nobody", f"ord_{_ULID}", "no-such-number", f"rsv_{_ULID}", f"snp_{_ULID}")


_KEPT: Json = {"sku": "LAMP", "node_id": "main", "safety_stock": 1}
_NODE: Json = {"type": "dc", "name": "The north", "timezone": "Europe/London"}


def reservation_body(order_id: str, line_id: str, *, attempt: int) -> Json:
    holder = {"type": "order", "id": order_id, "attempt": attempt}
    return {"kind": "soft", "holder": holder, "lines": [{"line_id": line_id, "sku": "VASE", "quantity": 1}]}


def _reservation(of: Owner) -> str:
    return f"/v1/inventory/reservations/{of.reservation_id}"


def _reserve(of: Owner, now: str) -> tuple[str, Json]:
    return "/v1/inventory/reservations", {"json": reservation_body(of.order_id, "1", attempt=2)}


_SHADE: Json = {"sku": "SHADE", "node_id": "main"}
_SOURCE: Json = {"semantics": "physical", "partner_id": "nobody"}
_CORRECTION: Json = {**_SHADE, "reference": "r-1", "delta": 1, "reason": "found"}
_ASIDE = f"/v1/inventory/snapshots/snp_{_ULID}/decision"
_ADJUSTMENT = f"/v1/inventory/adjustments/adj_{_ULID}"
CHUNK: Json = {"content": b'{"sku": "SHADE", "node_id": "main", "on_hand": 1}', "headers": {"content-type": NDJSON}}


def snapshot(of: Owner, now: str, **changed: Any) -> tuple[str, Json]:
    said = {"reference": str(uuid4()), "scope": "partial", "nodes": ["main"], "as_of": now, "rows": 1, **changed}
    return f"/v1/inventory/sources/{of.name}/snapshots", {"json": said}


def _delta(now: str) -> Json:
    return {**_SHADE, "event_id": "e-1", "delta": 1, "reason": "receipt", "occurred_at": now}


def _expected(now: str) -> Json:
    line = {**_SHADE, "document": "PO-1", "document_line": "1", "quantity": 1, "eta": now, "confidence": 1}
    return {"lines": [line]}


_CALLBACK: Json = {"type": "shipment.shipped", "timestamp": "2026-11-23T10:12:00.000Z", "data": {}}
_STEP: Json = {**_CALLBACK, "type": "task.ready"}
_REFUNDED: Json = {
    "type": "refund.succeeded",
    "timestamp": "2030-01-01T00:00:00.000Z",
    "data": {
        "refund_id": "ref_1",
        "reference": "rfd_01JDB7Z2M4X8Q5T3W9Y6N1K0RC:refund",
        "amount": {"amount": 250, "currency": "GBP"},
        "at": "2030-01-01T00:00:00.000Z",
    },
}
_SCANNED: Json = {
    "type": "return.scanned",
    "timestamp": "2030-01-01T00:00:00.000Z",
    "data": {"return_id": f"ret_{_ULID}", "scanned_at": "2030-01-01T00:00:00.000Z"},
}
_EVENT: Json = {"id": "evt_1", "type": "payment_intent.succeeded", "data": {"object": {}}}
_DEED = {"action": "reroute", "evidence": "seen in the ERP"}
_DEEDS = {**_DEED, "class": "integration/throttled", "code": "unheard_of"}
_CAME: Json = {"sku": "LAMP", "quantity": 1, "condition": "used"}
_HOLD = {"type": "fraud", "reason": "the risk desk wants to look"}
_WHY = {"reason": "its test orders came right"}
_RELEASE = {"reason": "the risk desk has looked"}
_YES = {"reason": "the goods are back", "content_hash": "0" * 64}
_FORM = {"content": "grant_type=client_credentials", "headers": {"content-type": "application/x-www-form-urlencoded"}}

# How each operation is called for the target: its address, and what else is sent.
ASKED: Mapping[str, Callable[[Owner, str], tuple[str, Json]]] = {
    "get_order": lambda of, now: (f"/v1/orders/{of.order_id}", {}),
    "list_order_events": lambda of, now: (f"/v1/orders/{of.order_id}/events", {}),
    "list_order_decisions": lambda of, now: (f"/v1/orders/{of.order_id}/decisions", {}),
    "list_order_holds": lambda of, now: (f"/v1/orders/{of.order_id}/holds", {}),
    "place_order_hold": lambda of, now: (f"/v1/orders/{of.order_id}/holds", {"json": _HOLD}),
    "release_order_hold": lambda of, now: (f"/v1/orders/{of.order_id}/holds/{of.hold_id}/release", {"json": _RELEASE}),
    "accept_order_offer": lambda of, now: (f"/v1/orders/{of.order_id}/offers/{of.offer_id}/accept", {}),
    "decline_order_offer": lambda of, now: (f"/v1/orders/{of.order_id}/offers/{of.offer_id}/decline", {}),
    "collect_fulfilment": lambda of, now: (
        f"/v1/orders/{of.order_id}/fulfilments/{of.fulfilment_id}/collect",
        {"json": {"code": CODE}},
    ),
    "check_return_eligibility": lambda of, now: ("/v1/returns/eligibility", {"json": {"order_id": of.order_id}}),
    "request_return": lambda of, now: (
        "/v1/returns",
        {"json": wished(of.order_id, uuid4().hex, ("1", 1, "changed_mind"))},
    ),
    "list_returns": lambda of, now: (f"/v1/returns?order_id={of.order_id}", {}),
    "get_return": lambda of, now: (f"/v1/returns/{of.return_id}", {}),
    "cancel_return": lambda of, now: (f"/v1/returns/{of.return_id}/cancel", {}),
    "receive_return": lambda of, now: (
        f"/v1/returns/{of.return_id}/receipts",
        {"json": receipt(uuid4().hex, ("1", 1))},
    ),
    "inspect_return": lambda of, now: (
        f"/v1/returns/{of.return_id}/inspections",
        {"json": inspection(uuid4().hex, ("1", 1, "accepted", "restock"))},
    ),
    "receive_unannounced": lambda of, now: (
        "/v1/returns/unannounced-receipts",
        {"json": {"receipt_id": uuid4().hex, "node_id": "main", "lines": [_CAME]}},
    ),
    "create_supplier": lambda of, now: ("/v1/suppliers", {"json": supplier_body(uuid4().hex)}),
    "list_suppliers": lambda of, now: ("/v1/suppliers", {}),
    "get_supplier": lambda of, now: (f"/v1/suppliers/{of.supplier_id}", {}),
    "set_supplier_capabilities": lambda of, now: (
        f"/v1/suppliers/{of.supplier_id}/capabilities",
        {"json": {"capabilities": {"api": True}}},
    ),
    "link_supplier": lambda of, now: (f"/v1/suppliers/{of.supplier_id}/partner", {"json": {"partner_id": "other"}}),
    "move_supplier": lambda of, now: (
        f"/v1/suppliers/{of.supplier_id}/status",
        {"json": {**_WHY, "status": "certified"}},
    ),
    "approve_supplier": lambda of, now: (f"/v1/suppliers/{of.supplier_id}/approve", {"json": _WHY}),
    "create_purchase_order": lambda of, now: (
        "/v1/purchase-orders",
        {"json": purchase_body(of.supplier_id, uuid4().hex)},
    ),
    "list_purchase_orders": lambda of, now: ("/v1/purchase-orders", {}),
    "get_purchase_order": lambda of, now: (f"/v1/purchase-orders/{of.po_id}", {}),
    "get_purchase_order_revision": lambda of, now: (f"/v1/purchase-orders/{of.po_id}/revisions/1", {}),
    "revise_purchase_order": lambda of, now: (
        f"/v1/purchase-orders/{of.po_id}/revisions",
        {"json": {**_WHY, "lines": purchase_lines(7)}},
    ),
    "submit_purchase_order": lambda of, now: (f"/v1/purchase-orders/{of.po_id}/submit", {}),
    "issue_purchase_order": lambda of, now: (f"/v1/purchase-orders/{of.po_id}/issue", {}),
    "confirm_purchase_order": lambda of, now: (
        f"/v1/purchase-orders/{of.po_id}/confirmations",
        {"json": confirmation("C-1", {"line_id": "1", "status": "accepted"})},
    ),
    "decide_confirmation": lambda of, now: (
        f"/v1/purchase-orders/{of.po_id}/confirmations/poc_{_ULID}/decision",
        {"json": {**_WHY, "decision": "agree"}},
    ),
    **INVOICES,
    "cancel_purchase_order": lambda of, now: (f"/v1/purchase-orders/{of.po_id}/cancel", {"json": _WHY}),
    "announce_shipment": lambda of, now: (
        f"/v1/purchase-orders/{of.po_id}/shipping-notices",
        {"json": notice_body(uuid4().hex, pallet(1, [piece(1)]))},
    ),
    "receive_goods": lambda of, now: (
        f"/v1/purchase-orders/{of.po_id}/receipts",
        {"json": goods_body(uuid4().hex, came(1))},
    ),
    "list_shipping_notices": lambda of, now: ("/v1/shipping-notices", {}),
    "get_shipping_notice": lambda of, now: (f"/v1/shipping-notices/{of.asn_id}", {}),
    "cancel_shipping_notice": lambda of, now: (f"/v1/shipping-notices/{of.asn_id}/cancel", {"json": _WHY}),
    "list_goods_receipts": lambda of, now: ("/v1/goods-receipts", {}),
    "get_goods_receipt": lambda of, now: (f"/v1/goods-receipts/{of.grn_id}", {}),
    "list_orders": lambda of, now: (f"/v1/orders?channel_order_id={of.channel_order_id}", {}),
    "cancel_order": lambda of, now: (f"/v1/orders/{of.order_id}/cancel", {"json": {}}),
    "place_order": lambda of, now: ("/v1/orders", {"json": order_body(channel=of.channel, placed_at=now)}),
    "query_availability": lambda of, now: ("/v1/inventory/availability:query", {"json": {"lines": [{"sku": "LAMP"}]}}),
    "list_inventory_changes": lambda of, now: ("/v1/inventory/changes?after=latest", {}),
    "list_events": lambda of, now: ("/v1/events?after=latest", {}),
    "list_nodes": lambda of, now: ("/v1/inventory/nodes", {}),
    "get_node": lambda of, now: ("/v1/inventory/nodes/main", {}),
    "list_positions": lambda of, now: ("/v1/inventory/positions", {}),
    "set_safety_stock": lambda of, now: ("/v1/inventory/safety-stock", {"json": {"lines": [_KEPT]}}),
    "put_node": lambda of, now: ("/v1/inventory/nodes/dc-north", {"json": _NODE}),
    "reserve_stock": _reserve,
    "list_reservations": lambda of, now: (
        f"/v1/inventory/reservations?holder_type=order&holder_id={of.order_id}",
        {},
    ),
    "get_reservation": lambda of, now: (_reservation(of), {}),
    "release_reservation": lambda of, now: (f"{_reservation(of)}/release", {"json": {}}),
    "extend_reservation": lambda of, now: (f"{_reservation(of)}/extend", {"json": {}}),
    "consume_reservation": lambda of, now: (f"{_reservation(of)}/consume", {"json": {}}),
    "list_exceptions": lambda of, now: (f"/v1/exceptions?subject={of.order_id}", {}),
    "get_exception": lambda of, now: (f"/v1/exceptions/{of.exception_id}", {}),
    "act_on_exception": lambda of, now: (f"/v1/exceptions/{of.exception_id}/actions", {"json": _DEED}),
    "act_on_exceptions": lambda of, now: ("/v1/exceptions/actions", {"json": _DEEDS}),
    "list_approvals": lambda of, now: (f"/v1/approvals?subject={of.order_id}", {}),
    "get_approval": lambda of, now: (f"/v1/approvals/{of.approval_id}", {}),
    "approve_approval": lambda of, now: (f"/v1/approvals/{of.approval_id}/approve", {"json": _YES}),
    "reject_approval": lambda of, now: (f"/v1/approvals/{of.approval_id}/reject", {"json": _YES}),
    "list_sources": lambda of, now: ("/v1/inventory/sources", {}),
    "get_source": lambda of, now: (f"/v1/inventory/sources/{of.name}", {}),
    "put_source": lambda of, now: ("/v1/inventory/sources/new", {"json": _SOURCE}),
    "report_deltas": lambda of, now: (f"/v1/inventory/sources/{of.name}/deltas", {"json": {"deltas": [_delta(now)]}}),
    "report_inbound": lambda of, now: (f"/v1/inventory/sources/{of.name}/inbound", {"json": _expected(now)}),
    "begin_snapshot": snapshot,
    "get_snapshot": lambda of, now: (f"/v1/inventory/snapshots/{of.snapshot_id}", {}),
    "put_snapshot_chunk": lambda of, now: (f"/v1/inventory/snapshots/{of.snapshot_id}/chunks/1", CHUNK),
    "finish_snapshot": lambda of, now: (f"/v1/inventory/snapshots/{of.snapshot_id}/finish", {}),
    "decide_snapshot": lambda of, now: (_ASIDE, {"json": {"decision": "believe"}}),
    "list_adjustments": lambda of, now: ("/v1/inventory/adjustments", {}),
    "adjust_stock": lambda of, now: ("/v1/inventory/adjustments", {"json": _CORRECTION}),
    "get_adjustment": lambda of, now: (_ADJUSTMENT, {}),
    "decide_adjustment": lambda of, now: (f"{_ADJUSTMENT}/decision", {"json": {"decision": "reject"}}),
    "receive_callback": lambda of, now: ("/v1/callbacks/wms", {"json": _CALLBACK}),
    "receive_store_callback": lambda of, now: ("/v1/callbacks/store", {"json": _STEP}),
    "receive_payment_callback": lambda of, now: ("/v1/callbacks/psp", {"json": _REFUNDED}),
    "receive_carrier_callback": lambda of, now: ("/v1/callbacks/carrier", {"json": _SCANNED}),
    "receive_stripe_event": lambda of, now: ("/v1/callbacks/stripe", {"json": _EVENT}),
    "issue_token": lambda of, now: ("/oauth/token", _FORM),
    "list_signing_keys": lambda of, now: ("/.well-known/jwks.json", {}),
    "describe_authorization_server": lambda of, now: ("/.well-known/oauth-authorization-server", {}),
    "list_problems": lambda of, now: ("/problems", {}),
    "show_problem": lambda of, now: ("/problems/not_found", {}),
    "report_liveness": lambda of, now: ("/healthz", {}),
    "report_readiness": lambda of, now: ("/readyz", {}),
}
