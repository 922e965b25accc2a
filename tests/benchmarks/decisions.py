"""P11 and P12: what it costs to hold one order against its contract, and to decide whether it may be placed."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from gateway.domain.operation import Operation
from gateway.domain.principal import Principal
from gateway.governance.access import Facts
from gateway.governance.bundle import Bundle, load_bundle
from gateway.governance.contracts import Contracts
from gateway.settings import ROOT
from tests.benchmarks.bare import Order
from tests.benchmarks.figures import Findings, Row, goal, middle, spread
from tests.benchmarks.order import CHANNEL, document, read_as

LINES = 10
_TIMES = 2000


def validation(*, rounds: int) -> Findings:
    """P11: request and answer of an order of ten lines, and Pydantic with the same document beside it."""
    contracts = _bundle().contracts
    order = document(lines=LINES)
    body, answer = orjson.dumps(order), orjson.dumps(read_as(order))
    taken = _by_turns(
        {
            "placed": lambda: _placed(contracts, body),
            "read": lambda: _read(contracts, answer),
            "pydantic": lambda: Order.model_validate_json(body).model_dump_json(exclude_unset=True),
        },
        rounds,
    )
    placed = middle(taken["placed"])
    rows = [
        Row(f"P11 Pydantic reads and writes an order of {LINES} lines", spread(taken["pydantic"], "µs")),
        Row(f"P11 contract: an order of {LINES} lines is placed, request and answer", spread(taken["placed"], "µs"),
            f"{placed / (middle(taken['pydantic']) or 1):.2f} of Pydantic", *goal(placed, "<= 30 µs", at_most=30)),
        Row(f"P11 contract: an order of {LINES} lines is read, request and answer", spread(taken["read"], "µs")),
    ]  # fmt: skip
    return Findings(rows, [f"P11: {_TIMES:,} times a round, from the bytes of the body; processor time of one thread."])


def policy(*, rounds: int) -> Findings:
    """P12: access and the budgets that the call draws from."""
    bundle = _bundle()
    scopes = frozenset({"orders:read", "orders:write"})
    caller = Principal("partner", "client", "bench", channels=frozenset({CHANNEL}), scopes=scopes, plan="internal")
    operation = bundle.contracts.operations["place_order"]
    taken = _by_turns({"decide": lambda: _decide(bundle, caller, operation)}, rounds)["decide"]
    row = Row(
        "P12 policy decision: access and budgets", spread(taken, "µs"), "", *goal(middle(taken), "<= 20 µs", at_most=20)
    )
    return Findings([row], [f"P12: {_TIMES:,} times a round; processor time of one thread."])


def _bundle() -> Bundle:
    return load_bundle(ROOT / "contracts" / "openapi", ROOT / "policies")


def _placed(contracts: Contracts, body: bytes) -> None:
    operation = contracts.operations["place_order"]
    contracts.check_request(
        operation, path_parameters={}, query=b"", headers=_SENT, content_type="application/json", body=body
    )
    contracts.check_answer(operation, 202, _GIVEN, _RECEIPT)


def _read(contracts: Contracts, answer: bytes) -> None:
    operation = contracts.operations["get_order"]
    contracts.check_request(operation, path_parameters=_ORDER, query=b"", headers=_SENT, content_type=None, body=b"")
    contracts.check_answer(operation, 200, _GIVEN, answer)


def _decide(bundle: Bundle, caller: Principal, operation: Operation) -> None:
    bundle.access.decide(Facts.of(caller, operation.action))
    bundle.quotas.buckets(caller, operation)


def _by_turns(what: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    """Microseconds of each, round by round."""
    taken: dict[str, list[float]] = {name: [] for name in what}
    for number in range(rounds + 1):
        for name, work in what.items():
            begun = time.process_time()
            for _ in range(_TIMES):
                work()
            if number:  # the first round warms up
                taken[name].append((time.process_time() - begun) * 1e6 / _TIMES)
    return taken


_ORDER = {"order_id": "ord_01JDB7Z2M4X8Q5T3W9Y6N1K0RC"}
_SENT = {
    "host": "127.0.0.1:8080",
    "authorization": "Bearer of nothing",
    "idempotency-key": "bench-000000000000",
    "content-type": "application/json",
    "accept": "application/json",
}
_GIVEN = {"content-type": "application/json", "location": "http://127.0.0.1:8080/v1/orders/x", "etag": '"1"'}
_RECEIPT = orjson.dumps(
    {
        **_ORDER,
        "channel": {"channel_id": CHANNEL},
        "channel_order_id": "1",
        "status": "received",
        "received_at": "2026-11-23T10:12:00.000Z",
    }
)
