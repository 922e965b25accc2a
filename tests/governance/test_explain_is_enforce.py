"""What `explain` says of a request, the front door does with it: whatever the rules, the partner and the request."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import http_sf
import orjson
import pytest
import structlog
from httpx2 import Response
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gateway.cli.policies import case_of
from gateway.domain.access import Matter
from gateway.domain.approval_policy import ApprovalPolicy
from gateway.domain.confirmations import Tolerances
from gateway.domain.inventory import InventoryPolicy
from gateway.domain.matching_terms import MatchingRules
from gateway.domain.principal import Principal
from gateway.domain.receiving import ReceivingTerms
from gateway.domain.returns_policy import ReturnsPolicy
from gateway.domain.sourcing_policy import SourcingPolicy
from gateway.domain.time import rfc3339
from gateway.errors import Misconfigured
from gateway.governance.access import load_access
from gateway.governance.admission import load_admission
from gateway.governance.bundle import Bundle
from gateway.governance.contracts import Contracts
from gateway.governance.explain import Case, Explanation, Told, explain
from gateway.governance.quotas import load_quotas
from gateway.partners import SCOPES
from observability import logs
from tests.gate import Gate, open_gate
from tests.house import house
from tests.resources.inventory.desk import wish
from tests.resources.shop import order_body
from tests.resources.warehouse import SECRET, Warehouse

ROOM = Path(__file__).with_name("policies") / "admission.yaml"
ACTIONS = (
    *("orders:read", "orders:write", "orders:import_history", "callbacks:write", "orders:erase"),
    *("inventory:reserve", "inventory:commit", "handovers:write", "handovers:waive_code"),
)
ABSENT = "ord_01JDB7Z2M4X8Q5T3W9Y6N1K0RC"
PART = f"/v1/orders/{ABSENT}/fulfilments/ful_{ABSENT[4:]}"

some = st.frozensets
RULES = st.lists(
    st.fixed_dictionaries(
        {
            "actions": some(st.sampled_from(ACTIONS), min_size=1),
            "principals": some(st.sampled_from(("partner", "system")), min_size=1),
            "needs": some(st.sampled_from(sorted(SCOPES)), max_size=2),
            "reach": st.sampled_from(("own", "all")),
            "channels": st.sampled_from(("own", "own", "own", "all")),
        }
    ),
    min_size=4,
    max_size=9,
)
PLANS = st.dictionaries(
    st.sampled_from(("trial", "standard", "gold")),
    st.dictionaries(st.sampled_from(("burst", "daily")), st.integers(50, 99), min_size=1),
    min_size=1,
)


@dataclass(frozen=True, slots=True)
class Caller:
    """A partner as it is registered, and what its token is for."""

    scopes: frozenset[str]
    asked: frozenset[str]
    plan: str


@st.composite
def callers(draw: st.DrawFn) -> Caller:
    scopes = draw(some(st.sampled_from(sorted(SCOPES)), min_size=1))
    asked = draw(some(st.sampled_from(sorted(scopes)), min_size=1))
    return Caller(scopes, asked, draw(st.sampled_from(("trial", "gold"))))


@dataclass(frozen=True, slots=True)
class Request:
    """One call: an operation, for an order whose channel and how old, for stock whether it is promised for good, for
    goods whether they are handed over without their code."""

    operation: str
    channel: str | None = None
    history: bool = False
    commits: bool = False
    waives: bool = False


REQUESTS = (
    *(Request("place_order", channel, history) for channel in ("own", "other") for history in (False, True)),
    *(Request(operation) for operation in ("list_orders", "get_order", "list_order_events", "cancel_order")),
    Request("receive_callback"),
    *(Request("reserve_stock", commits=commits) for commits in (False, True)),
    *(Request("collect_fulfilment", waives=waives) for waives in (False, True)),
)


def written(
    folder: Path, rules: Sequence[dict[str, Any]], plans: dict[str, dict[str, int]], contracts: Contracts
) -> Bundle:
    """The bundle of files that say so; a rule that the loader refuses, since it could never decide, is left out."""
    file, kept = folder / "access.yaml", list[dict[str, Any]]()
    for number, rule in enumerate(rules):
        plain = {key: sorted(value) if isinstance(value, frozenset) else value for key, value in rule.items()}
        entry = {"name": f"rule-{number}", **plain}
        file.write_bytes(b"rules:\n" + b"".join(b"  - " + orjson.dumps(each) + b"\n" for each in (*kept, entry)))
        try:
            access = load_access(file)
            kept.append(entry)
        except Misconfigured:
            continue
    quotas = {
        "default_plan": min(plans),
        "plans": {plan: {name: {"quota": q, "window": 60} for name, q in each.items()} for plan, each in plans.items()},
        **{name: {"quota": 1000, "window": 1} for name in ("addresses", "token_route")},
    }
    (folder / "quotas.yaml").write_bytes(orjson.dumps(quotas))
    admission = load_admission(ROOM, operations=(), plans=())
    usual = (InventoryPolicy(), SourcingPolicy(), ApprovalPolicy(), ReturnsPolicy(), Tolerances())
    buying = (MatchingRules(), ReceivingTerms())
    return Bundle(contracts, access, load_quotas(folder / "quotas.yaml"), admission, *usual, *buying)


@dataclass(frozen=True, slots=True)
class Door:
    """A registered partner with its token, before the open gate."""

    gate: Gate
    lines: BytesIO
    partner: str
    headers: dict[str, str]

    @property
    def channel(self) -> str:
        return f"{self.partner}-uk"

    async def send(self, request: Request) -> Response:
        http, headers = self.gate.http, {**self.headers, "idempotency-key": uuid4().hex}
        if request.operation == "place_order":
            placed_at = "2010-12-01T08:26:00Z" if request.history else rfc3339(self.gate.clock())
            body = order_body(channel=self.spoken_for(request) or "", placed_at=placed_at)
            return await http.post("/v1/orders", json=body, headers=headers)
        if request.operation == "receive_callback":
            return await Warehouse(self.gate).tell(ABSENT)
        if request.operation == "reserve_stock":
            body = wish(kind="firm" if request.commits else "soft")
            return await http.post("/v1/inventory/reservations", json=body, headers=headers)
        if request.operation == "collect_fulfilment":
            said = {"without_code": True, "reason": "seen"} if request.waives else {"code": "402519"}
            return await http.post(f"{PART}/collect", json=said, headers=headers)
        if request.operation == "cancel_order":
            return await http.post(f"/v1/orders/{ABSENT}/cancel", headers=headers)
        return await http.get(_PATHS[request.operation], headers=self.headers)

    def spoken_for(self, request: Request) -> str | None:
        return {"own": self.channel, "other": "nobodys-channel", None: None}[request.channel]

    async def explained(self, request: Request, asked: frozenset[str]) -> Explanation:
        """By what the registry knows of the partner at this moment."""
        bundle = self.gate.bundle
        operation = bundle.contracts.operations[request.operation]
        channel = self.spoken_for(request)
        matter = Matter(channel, history=request.history, commits=request.commits, waives=request.waives)
        if operation.authentication == "signature":
            return explain(bundle, Case(Principal("system", "wms"), operation, matter))
        (partner,) = [each for each in await self.gate.registry.list() if each.partner_id == self.partner]
        return explain(bundle, case_of(partner, operation, scopes=asked, matter=matter))

    def last_line(self) -> dict[str, Any]:
        line: dict[str, Any] = orjson.loads(self.lines.getvalue().splitlines()[-1])
        assert line["event"] == "request"
        return line

    async def audited(self, answer: Response) -> list[tuple[str, str, str, str]]:
        async with self.gate.database.connection() as connection:
            sql = "select decisions from audit where resource = %s"
            (row,) = await (await connection.execute(sql, [answer.json()["order_id"]])).fetchall()
        return [(each["about"], each["decision"], each["rule"], each["place"]) for each in row[0]]


_POLICIES = ("access", "channel", "history", "commitment", "waiver")
_PATHS = {
    "list_orders": "/v1/orders",
    "get_order": f"/v1/orders/{ABSENT}",
    "list_order_events": f"/v1/orders/{ABSENT}/events",
}


async def agrees(door: Door, request: Request, asked: frozenset[str]) -> None:
    explanation = await door.explained(request, asked)
    policies = [told for told in explanation.told if told.binding and told.about in _POLICIES]

    answer = await door.send(request)

    line, refusal = door.last_line(), explanation.refusal
    if refusal is None:
        assert answer.status_code in (explanation.status, 404, 409), (
            request,
            answer.text,
        )  # nothing there, or in stock
    else:
        assert (answer.status_code, answer.json()["code"]) == (refusal.status, refusal.code), (request, answer.text)
        assert answer.json()["detail"] == refusal.detail
    assert (line["rule"], line["place"]) == ((policies[-1].rule, policies[-1].place) if policies else (None, None))
    assert budgets(answer) == {told.rule: told.detail.split()[0] for told in limits(explanation)}
    if answer.status_code == 202:
        told = [(each.about, each.outcome, each.rule, each.place) for each in policies]
        assert await door.audited(answer) == told


def limits(explanation: Explanation) -> list[Told]:
    return [told for told in explanation.told if told.about == "quota"]


def budgets(answer: Response) -> dict[str, str]:
    told = http_sf.parse(answer.headers.get("ratelimit-policy", "").encode(), tltype="list")
    return {str(name): str(parameters["q"]) for name, parameters in told}


async def register(gate: Gate, caller: Caller, lines: BytesIO) -> Door:
    name = f"p{uuid4().hex[:12]}"
    credentials = await gate.partner(name, scopes=caller.scopes, plan=caller.plan)
    return Door(gate, lines, name, await gate.bearer(credentials, scope=" ".join(sorted(caller.asked))))


@pytest.fixture(scope="session")
def promised() -> Contracts:
    return house().contracts


@settings(
    max_examples=30, deadline=None, database=None, suppress_health_check=list(HealthCheck), phases=(Phase.generate,)
)
@given(rules=RULES, plans=PLANS, caller=callers())
async def test_the_front_door_does_what_explain_says(
    database_url: str,
    tmp_path: Path,
    promised: Contracts,
    rules: list[dict[str, Any]],
    plans: dict[str, dict[str, int]],
    caller: Caller,
) -> None:
    lines = BytesIO()
    logs.configure(stream=lines)
    bundle = written(tmp_path, rules, plans, promised)
    async with open_gate(database_url, tmp_path, bundle=bundle) as gate:
        await gate.secrets.put("callback:wms", SECRET.encode())
        door = await register(gate, caller, lines)
        for request in REQUESTS:
            await agrees(door, request, caller.asked)
        await gate.registry.suspend(door.partner, operator="tess")
        gate.clock.pass_by(5)
        await agrees(door, REQUESTS[0], caller.asked)
    structlog.reset_defaults()
