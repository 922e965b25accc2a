"""The matrix of who may do what: callers x scopes or roles x operations x whose, and what we expect, by hand."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tests.gate import Gate
from tests.resources.asked import ABSENT, ASKED, Owner

Json = dict[str, Any]

SCOPES = ("orders:read", "orders:write", "orders:import_history", "operations")
STOCK = ("inventory:read", "inventory:reserve", "inventory:commit", "inventory:feed")
SUPPLIERS = ("suppliers:read", "suppliers:write")
RETURNS = ("returns:read", "returns:write", "returns:receive")
ALL = frozenset({*SCOPES, *STOCK, *RETURNS, *SUPPLIERS, "stores", "events:read"})
ROLES = [ALL, *(frozenset({scope}) for scope in sorted(ALL)), *(ALL - {scope} for scope in SCOPES)]
OPERATORS = ("viewer", "support", "inventory_controller", "finance", "approver")
OPERATORS += ("buyer", "receiver", "accounts_payable", "platform", "admin")
WHOSE = ("own", "foreign", "absent")

# Which scope reaches how far.
READ, WRITE = {"operations": "all", "orders:read": "own"}, {"orders:write": "own"}
SEE, GOVERN = {"inventory:read": "all"}, {"operations": "all"}
HOLD, COMMIT = {"inventory:reserve": "own", "inventory:commit": "own"}, {"inventory:commit": "own"}
FEED = {"operations": "all", "inventory:feed": "own"}
FOLLOW, SEND_BACK = {"operations": "all", "returns:read": "own"}, {"returns:write": "own"}
COUNT = {"returns:receive": "all"}
COUNTS = ("receive_return", "inspect_return", "receive_unannounced")
RETURNED = ("check_return_eligibility", "list_returns", "get_return")
FEEDS = ["list_sources", "get_source", "report_deltas", "report_inbound", "begin_snapshot", "get_snapshot"]
FEEDS += ["put_snapshot_chunk", "finish_snapshot"]
SUPPLY, TELL = {"suppliers:read": "own"}, {"suppliers:write": "own"}
NOBODY: Mapping[str, str] = {}
ORDERED = ("list_purchase_orders", "get_purchase_order", "get_purchase_order_revision")
DELIVERED = ("list_shipping_notices", "get_shipping_notice", "list_goods_receipts", "get_goods_receipt")
SENDING = ("announce_shipment", "cancel_shipping_notice")
ORDERING = ("revise_purchase_order", "submit_purchase_order", "issue_purchase_order", "cancel_purchase_order")
ORDERING += ("decide_confirmation",)
INVOICED = ("list_supplier_invoices", "get_supplier_invoice")
PAYING = tuple(f"{word}_supplier_invoice" for word in ("release", "approve", "dispute", "reject"))
BUYING = ("create_supplier", "link_supplier", "move_supplier", "create_purchase_order", *ORDERING)
REACH: Mapping[str, Mapping[str, str]] = {
    "get_order": READ,
    "list_orders": READ,
    "list_order_events": READ,
    **dict.fromkeys(("list_order_decisions", "list_order_holds"), GOVERN),
    "place_order_hold": {},
    "release_order_hold": {},
    **dict.fromkeys(("accept_order_offer", "decline_order_offer"), WRITE),
    "collect_fulfilment": {"stores": "all"},
    **dict.fromkeys(RETURNED, FOLLOW),
    **dict.fromkeys(("request_return", "cancel_return"), SEND_BACK),
    **dict.fromkeys(COUNTS, COUNT),
    **dict.fromkeys(("list_suppliers", "get_supplier", *ORDERED, *DELIVERED, *INVOICED), SUPPLY),
    **dict.fromkeys(("set_supplier_capabilities", "confirm_purchase_order", "submit_supplier_invoice", *SENDING), TELL),
    **dict.fromkeys((*BUYING, *PAYING, "approve_supplier", "receive_goods"), NOBODY),
    "place_order": WRITE,
    "cancel_order": WRITE,
    "query_availability": SEE,
    "list_inventory_changes": SEE,
    "list_events": {"events:read": "own"},
    "list_nodes": SEE,
    "get_node": SEE,
    "list_positions": GOVERN,
    "set_safety_stock": GOVERN,
    "put_node": GOVERN,
    "reserve_stock": HOLD,
    "list_reservations": HOLD | GOVERN,
    "get_reservation": HOLD | GOVERN,
    "release_reservation": HOLD,
    "extend_reservation": HOLD,
    "consume_reservation": COMMIT,
    **dict.fromkeys(("list_adjustments", "adjust_stock", "get_adjustment", "decide_adjustment"), GOVERN),
    **dict.fromkeys(("put_source", "decide_snapshot"), GOVERN),
    **dict.fromkeys(FEEDS, FEED),
    "list_exceptions": {},
    "get_exception": {},
    "act_on_exception": {},
    "act_on_exceptions": {},
    "list_approvals": {},
    "get_approval": {},
    "approve_approval": {},
    "reject_approval": {},
}
PURCHASERS = ("buyer", "receiver", "accounts_payable")
# Which roles of operators may do it, to whatever there is.
ON_DUTY, MENDERS = frozenset(OPERATORS), frozenset(OPERATORS) - {"viewer", *PURCHASERS}
HEEDERS = MENDERS | set(PURCHASERS)
GOVERNORS = frozenset({"inventory_controller", "platform", "admin"})
DUTIES: Mapping[str, frozenset[str]] = {
    "get_order": ON_DUTY,
    "list_orders": ON_DUTY,
    "list_order_events": ON_DUTY,
    **dict.fromkeys(("list_order_decisions", "list_order_holds"), ON_DUTY),
    **dict.fromkeys(("place_order_hold", "release_order_hold"), MENDERS),
    **dict.fromkeys(("accept_order_offer", "decline_order_offer", "collect_fulfilment"), MENDERS),
    **dict.fromkeys(RETURNED, ON_DUTY),
    **dict.fromkeys(("request_return", "cancel_return", *COUNTS), MENDERS),
    **dict.fromkeys(("list_suppliers", "get_supplier", *ORDERED, *DELIVERED, *INVOICED), ON_DUTY),
    **dict.fromkeys((*BUYING, *SENDING), frozenset({"buyer", "admin"})),
    **dict.fromkeys(("set_supplier_capabilities", "confirm_purchase_order"), frozenset({"buyer", "admin"})),
    "receive_goods": frozenset({"receiver", "admin"}),
    **dict.fromkeys((*PAYING, "submit_supplier_invoice"), frozenset({"accounts_payable", "admin"})),
    "approve_supplier": frozenset({"approver", "admin"}),
    "query_availability": ON_DUTY,
    "list_inventory_changes": ON_DUTY,
    "list_nodes": ON_DUTY,
    "get_node": ON_DUTY,
    "list_positions": ON_DUTY,
    "list_reservations": ON_DUTY,
    "get_reservation": ON_DUTY,
    "set_safety_stock": GOVERNORS,
    "put_node": GOVERNORS,
    **dict.fromkeys(("list_adjustments", "get_adjustment"), ON_DUTY),
    **dict.fromkeys(("adjust_stock", "decide_adjustment", "put_source", "decide_snapshot"), GOVERNORS),
    **dict.fromkeys(FEEDS, GOVERNORS),
    "list_exceptions": ON_DUTY,
    "get_exception": ON_DUTY,
    "act_on_exception": HEEDERS,
    "act_on_exceptions": HEEDERS,
    **dict.fromkeys(("list_approvals", "get_approval"), ON_DUTY),
    **dict.fromkeys(("approve_approval", "reject_approval"), MENDERS),
}
EVERYBODY = {
    "list_signing_keys",
    "describe_authorization_server",
    "list_problems",
    "show_problem",
    "report_liveness",
    "report_readiness",
}
# Other credentials than a partner's token.
NO_BEARER = {
    "receive_callback",
    "receive_store_callback",
    "receive_payment_callback",
    "receive_carrier_callback",
    "receive_stripe_event",
    "issue_token",
}


@dataclass(frozen=True, slots=True)
class Cell:
    operation: str
    method: str
    owner: Owner
    role: frozenset[str]
    whose: str
    target: Owner
    suspended: bool
    operator: bool = False  # who belongs to nobody: own and foreign are the same to it

    @property
    def reach(self) -> str | None:
        """As far as the widest scope of the role goes."""
        if self.operator:
            return "all" if self.role & DUTIES.get(self.operation, frozenset()) else None
        scopes = REACH.get(self.operation, {})
        found = {scopes[scope] for scope in self.role if scope in scopes}
        return "all" if "all" in found else "own" if found else None

    def expected(self) -> int:
        if self.operation in EVERYBODY:
            return 200
        if self.operation in NO_BEARER or self.suspended:
            return 401
        if self.reach is None:
            return 403
        return _GRANTED[self.operation](self.whose == "own" or (self.reach == "all" and self.whose == "foreign"))


_GRANTED: Mapping[str, Callable[[bool], int]] = {
    **dict.fromkeys(("get_order", "list_order_events"), lambda within: 200 if within else 404),
    **dict.fromkeys(("list_order_decisions", "list_order_holds"), lambda within: 200 if within else 404),
    "place_order_hold": lambda within: 201 if within else 404,
    "release_order_hold": lambda within: 200 if within else 404,
    **dict.fromkeys(("accept_order_offer", "collect_fulfilment"), lambda within: 200 if within else 404),
    "decline_order_offer": lambda within: 409 if within else 404,  # it has been accepted before
    **dict.fromkeys(("check_return_eligibility", "get_return"), lambda within: 200 if within else 404),
    "list_returns": lambda within: 200,
    "request_return": lambda within: 409 if within else 404,  # nothing of it has left
    "cancel_return": lambda within: 200 if within else 404,  # it has been cancelled before
    "receive_return": lambda within: 201 if within else 404,  # so that what comes waits for a person
    "inspect_return": lambda within: 409 if within else 404,
    "receive_unannounced": lambda within: 201,
    "list_suppliers": lambda within: 200,
    "create_supplier": lambda within: 201,
    **dict.fromkeys(("get_supplier", "set_supplier_capabilities"), lambda within: 200 if within else 404),
    "link_supplier": lambda within: 409 if within else 404,  # somebody acts for it, and it is active
    "move_supplier": lambda within: 409 if within else 404,
    "approve_supplier": lambda within: 200 if within else 404,
    "list_purchase_orders": lambda within: 200,
    **dict.fromkeys((DELIVERED[0], DELIVERED[2]), lambda within: 200),
    **dict.fromkeys((DELIVERED[1], DELIVERED[3]), lambda within: 200 if within else 404),
    **dict.fromkeys(("announce_shipment", "receive_goods"), lambda within: 409 if within else 404),  # it is cancelled
    "cancel_shipping_notice": lambda within: 409 if within else 404,  # it has arrived
    **dict.fromkeys(ORDERED[1:], lambda within: 200 if within else 404),
    "create_purchase_order": lambda within: 201 if within else 422,
    "decide_confirmation": lambda within: 404,  # there is no such confirmation
    "confirm_purchase_order": lambda within: 409 if within else 404,
    **dict.fromkeys(ORDERING[:-1], lambda within: 409 if within else 404),  # it has been cancelled
    "list_supplier_invoices": lambda within: 200,
    "get_supplier_invoice": lambda within: 200 if within else 404,
    "submit_supplier_invoice": lambda within: 201 if within else 422,
    **dict.fromkeys(PAYING, lambda within: 409 if within else 404),  # it has been rejected
    "list_orders": lambda within: 200,  # what is out of reach is not in the list
    "cancel_order": lambda within: 202 if within else 404,
    "place_order": lambda within: 202 if within else 403,
    # What is everybody's: stock and where it lies.
    "query_availability": lambda within: 200,
    "list_inventory_changes": lambda within: 200,
    "list_events": lambda within: 200,  # of its own only
    "list_nodes": lambda within: 200,
    "get_node": lambda within: 200,
    "list_positions": lambda within: 200,
    "set_safety_stock": lambda within: 422,  # there is no such position
    "put_node": lambda within: 200,
    "reserve_stock": lambda within: 201 if within else 422,  # an order can be named by its partner only
    "list_reservations": lambda within: 200,
    "get_reservation": lambda within: 200 if within else 404,
    "release_reservation": lambda within: 200 if within else 404,
    "extend_reservation": lambda within: 409 if within else 404,  # it has been released before
    "consume_reservation": lambda within: 200 if within else 404,
    "list_exceptions": lambda within: 200,
    "get_exception": lambda within: 200 if within else 404,
    "act_on_exception": lambda within: 409 if within else 404,  # asked for what none of them offers
    "act_on_exceptions": lambda within: 200,  # about a class of which there are none
    "list_approvals": lambda within: 200,
    "get_approval": lambda within: 200 if within else 404,
    "approve_approval": lambda within: 409 if within else 404,  # what was seen is something else
    "reject_approval": lambda within: 409 if within else 404,
    "list_adjustments": lambda within: 200,
    "adjust_stock": lambda within: 201,
    # There is no such correction, and no such snapshot.
    **dict.fromkeys(("get_adjustment", "decide_adjustment", "decide_snapshot"), lambda within: 404),
    "put_source": lambda within: 422,  # there is no such partner
    # What is a partner's own: the source that bears its name.
    "list_sources": lambda within: 200,
    **dict.fromkeys(FEEDS[1:4], lambda within: 200 if within else 404),
    **dict.fromkeys(FEEDS[5:7], lambda within: 200 if within else 404),
    "begin_snapshot": lambda within: 201 if within else 404,
    "finish_snapshot": lambda within: 202 if within else 404,
}


def cells(gate: Gate, owners: Mapping[str, Owner], *, suspended: str) -> Iterator[Cell]:
    """Every operation of every contract; GET also as HEAD."""
    first, *rest = owners
    others = dict(zip(owners, [*rest, first], strict=True))
    for operation in gate.bundle.contracts.operations.values():
        for method in (operation.method, *(("HEAD",) if operation.method == "GET" else ())):
            for name, owner in owners.items():
                targets = dict(zip(WHOSE, (owner, owners[others[name]], ABSENT), strict=True))
                for role in ROLES if name == first else ROLES[:2]:  # the others are there to be somebody else
                    for whose, target in targets.items():
                        yield Cell(operation.id, method, owner, role, whose, target, suspended=name == suspended)
            for whose, target in targets.items():
                for duty in (*OPERATORS, suspended):
                    role, out = frozenset({duty}), duty == suspended
                    yield Cell(operation.id, method, owner, role, whose, target, suspended=out, operator=True)


def request_of(cell: Cell, token: str, *, now: str) -> Json:
    address, sent = ASKED[cell.operation](cell.target, now)
    headers = {"authorization": f"Bearer {token}", "idempotency-key": str(uuid4()), **sent.get("headers", {})}
    return {"method": cell.method, "url": address, **sent, "headers": headers}
