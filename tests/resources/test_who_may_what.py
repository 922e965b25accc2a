"""Who may do what, cell by cell: nobody gets further than the table says, and what is another's looks like nothing."""

import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import islice
from zlib import crc32

import pytest
from httpx2 import ASGITransport, AsyncClient, Response

from gateway.domain.identifiers import mint
from gateway.domain.stock import StockLevel
from gateway.domain.time import rfc3339
from gateway.governance.bundle import Bundle
from gateway.partners.operators import OperatorRegistry
from gateway.store import stock
from tests.gate import PUBLIC, Gate
from tests.resources.asked import ABSENT, ASKED, CHUNK, Owner, reservation_body, snapshot
from tests.resources.billed import billed
from tests.resources.cells import ALL, EVERYBODY, NO_BEARER, OPERATORS, REACH, ROLES, Cell, cells, request_of
from tests.resources.delivered import arrived
from tests.resources.offers import offered, ready
from tests.resources.returned import asked_back
from tests.resources.shop import ADDRESS, order_body
from tests.resources.supplied import supplying

pytestmark = pytest.mark.usefixtures("lines")

AT_ONCE = 40  # fewer than an address may send that fail, or tokens it may ask for
VARYING_HEADERS = {"x-request-id", "ratelimit", "ratelimit-policy", "date"}
SEALED = re.compile(r'"cursor":"[^"]*"')  # no two seals of the same place are alike
VARYING = ("request_id", "trace_id", "instance")


@dataclass(frozen=True, slots=True)
class Seen:
    cell: Cell
    answer: Response


@asynccontextmanager
async def door(gate: Gate, number: int) -> AsyncIterator[AsyncClient]:
    """The gate, from an address of its own."""
    client = (f"10.{number // 250}.{number % 250}.1", 1)
    async with AsyncClient(transport=ASGITransport(gate.app, client=client), base_url=PUBLIC) as http:
        yield http


async def owner(gate: Gate, name: str) -> tuple[Owner, dict[frozenset[str], str]]:
    """A partner with one order and stock for it, which bear its name everywhere, and a token for each role."""
    credentials = await gate.partner(name, scopes=ALL)
    number = 10_000 + sum(map(ord, name))
    async with door(gate, number) as http:
        basic = (credentials.client_id, credentials.client_secret)
        forms = {role: {"grant_type": "client_credentials", "scope": " ".join(role)} for role in ROLES}
        answers = {role: await http.post("/oauth/token", data=form, auth=basic) for role, form in forms.items()}
        tokens = {role: answer.json()["access_token"] for role, answer in answers.items()}
        address = {**ADDRESS, "name": f"canary-{name}", "city": f"canary-{name}"}
        group = {"id": "home", "method": "ship_to_home", "address": address}
        body = order_body(channel=f"{name}-uk", placed_at=rfc3339(gate.clock()), delivery_groups=[group])
        headers = {"authorization": f"Bearer {tokens[ALL]}", "idempotency-key": f"of-{name}-0123456789"}
        placed = (await http.post("/v1/orders", json=body, headers=headers)).json()["order_id"]
        wanted = reservation_body(placed, f"canary-{name}", attempt=1)
        headers["idempotency-key"] = f"for-{name}-0123456789"
        reserved = await http.post("/v1/inventory/reservations", json=wanted, headers=headers)
        snapshot_id = await announced(http, name, now=rfc3339(gate.clock()), headers=headers)
    number, reservation_id = body["channel_order_id"], reserved.json()["reservation_id"]
    return Owner(name, placed, number, reservation_id, snapshot_id), tokens


async def operators(gate: Gate) -> dict[frozenset[str], str]:
    """A token for each role, and one of an admin who is suspended."""
    async with door(gate, 20_000) as http:
        tokens: dict[frozenset[str], str] = {}
        for name in (*OPERATORS, "gone"):
            credentials = await gate.operator(f"is-{name.replace('_', '-')}", "admin" if name == "gone" else name)
            basic = (credentials.client_id, credentials.client_secret)
            answer = await http.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=basic)
            tokens[frozenset({name})] = answer.json()["access_token"]
    await OperatorRegistry(gate.database, clock=gate.clock, mint=mint).suspend("is-gone", by="tess")
    return tokens


async def park_all(gate: Gate) -> None:
    """Every run waits for an operator, every order is held, and a refund of it is approved."""
    async with gate.database.connection() as connection:
        await connection.execute("""update run set state = 'parked', cause = '{"code": "deadline_passed"}'""")
        await connection.execute(
            "insert into order_hold (hold_id, order_id, type, reason, placed_by, placed_at)"
            " select 'hld_' || substr(order_id, 5), order_id, 'manual', 'seen by hand', 'tess', now() from orders"
        )
        await connection.execute(
            "insert into approval (approval_id, kind, subject, content, content_hash, amount, currency, asked_by,"
            " escalate_to, state, created_at, decided_at) select 'apr_' || substr(order_id, 5), 'refund', order_id,"
            " '{}', repeat('a', 64), 1000, 'GBP', 'web', 'admin', 'approved', now(), now() from orders"
        )


async def announced(http: AsyncClient, name: str, *, now: str, headers: dict[str, str]) -> str:
    """A source of the partner's, named after it, with a snapshot whose only chunk has been sent."""
    made = await http.put(
        f"/v1/inventory/sources/{name}", json={"semantics": "physical", "partner_id": name}, headers=headers
    )
    assert made.status_code == 200, made.text
    address, sent = snapshot(replace(ABSENT, name=name), now, reference="first")
    begun = await http.post(address, **sent, headers={**headers, "idempotency-key": f"snapshot-of-{name}-0123456789"})
    snapshot_id: str = begun.json()["snapshot_id"]
    chunk = await http.put(
        f"/v1/inventory/snapshots/{snapshot_id}/chunks/1",
        content=CHUNK["content"],
        headers={**headers, **CHUNK["headers"]},
    )
    assert chunk.status_code == 200, chunk.text
    return snapshot_id


@pytest.fixture
async def seen(gate: Gate, one_in: int) -> list[Seen]:
    """Every cell, asked; or those of operators, of who may everything, and of one in so many others."""
    async with gate.database.transaction() as connection:
        await stock.count(connection, [StockLevel("VASE", None, 100, gate.clock())])
    opened = {name: await owner(gate, name) for name in ("web", "pos", "gone")}
    await park_all(gate)
    for each, _ in opened.values():
        await offered(gate.database, each.order_id, name=each.offer_id)
        await ready(gate.database, each.order_id, name=each.fulfilment_id)
        await asked_back(gate.database, each.order_id, name=each.return_id)
        bought = {"supplier_id": each.supplier_id, "po_id": each.po_id}
        await supplying(gate.database, each.name, **bought)
        await arrived(gate.database, each.po_id, asn_id=each.asn_id, receipt_id=each.grn_id)
        await billed(gate.database, f"canary-{each.name}", invoice_id=each.invoice_id, **bought)
    on_duty = await operators(gate)
    await gate.registry.suspend("gone", operator="tess")
    gate.clock.pass_by(5)
    owners = {name: found for name, (found, _) in opened.items()}
    asked: list[Seen] = []
    every = (each for each in cells(gate, owners, suspended="gone") if takes_part(each, one_in))
    number = 0
    while some := list(islice(every, AT_ONCE)):
        number += 1
        gate.clock.pass_by(1)  # a person's budget is small
        async with door(gate, number) as http:
            for cell in some:
                token = on_duty[cell.role] if cell.operator else opened[cell.owner.name][1][cell.role]
                asked.append(Seen(cell, await http.request(**request_of(cell, token, now=rfc3339(gate.clock())))))
    return asked


def test_an_operation_is_told_here_how_to_be_called(bundle: Bundle) -> None:
    assert sorted(bundle.contracts.operations) == sorted(ASKED)
    assert set(bundle.contracts.operations) == REACH.keys() | EVERYBODY | NO_BEARER


@pytest.mark.parametrize("one_in", [12, pytest.param(1, marks=pytest.mark.proof)])
async def test_every_cell_answers_as_the_table_says(seen: list[Seen], lines: BytesIO) -> None:
    wrong = [
        (told(each.cell), each.answer.status_code) for each in seen if each.answer.status_code != each.cell.expected()
    ]
    operations = {each.cell.operation for each in seen}
    print(f"\n{len(seen)} cells of {len(operations)} operations")

    assert wrong == []
    assert len(seen) >= 2000
    assert unlike(seen) == []
    assert leaking(seen) == []
    assert listed(seen) == []
    assert b"canary" not in lines.getvalue()


def takes_part(cell: Cell, one_in: int) -> bool:
    caller = " ".join((cell.owner.name, *sorted(cell.role)))
    return cell.operator or cell.role == ALL or crc32(caller.encode()) % one_in == 0


def told(cell: Cell) -> tuple[str, ...]:
    return (cell.method, cell.operation, cell.owner.name, cell.whose, *sorted(cell.role))


def unlike(seen: Iterable[Seen]) -> list[tuple[str, ...]]:
    """Where what is another's can be told from what is not there, by anything but the caller's own words."""
    pairs = {
        (each.cell.method, each.cell.operation, each.cell.owner.name, each.cell.role, each.cell.whose): each
        for each in seen
        if each.cell.reach != "all"
    }
    return [
        told(each.cell)
        for (*place, whose), each in pairs.items()
        if whose == "foreign" and bare(each) != bare(pairs[(*place, "absent")])  # type: ignore[index]
    ]


def bare(seen: Seen) -> tuple[int, list[tuple[str, str]], str]:
    answer, target = seen.answer, seen.cell.target
    text = answer.text
    if answer.headers["content-type"] == "application/problem+json" and text:
        text = str({name: value for name, value in answer.json().items() if name not in VARYING})
    words = (target.channel, target.order_id, target.exception_id, target.channel_order_id, target.reservation_id)
    words += (target.return_id, target.supplier_id, target.po_id, target.asn_id, target.grn_id)
    for word in words:
        text = text.replace(word, "TARGET")
    text = SEALED.sub("", text)
    headers = [(name, value) for name, value in answer.headers.items() if name not in VARYING_HEADERS]
    return answer.status_code, [each for each in headers if each[0] != "content-length"], text


def leaking(seen: Iterable[Seen]) -> list[tuple[str, ...]]:
    """Where a word of another partner's order is told to somebody who only reaches its own."""
    names = ("web", "pos", "gone")
    return [
        told(each.cell)
        for each in seen
        if each.cell.reach != "all"
        for name in names
        if name != each.cell.owner.name and f"canary-{name}" in each.answer.text
    ]


def listed(seen: Iterable[Seen]) -> list[tuple[str, ...]]:
    """Where a list holds anything but the order that was asked for, and only if it is within reach."""
    found: list[tuple[str, ...]] = []
    for each in (each for each in seen if each.cell.operation == "list_orders" and each.answer.status_code == 200):
        cell = each.cell
        within = cell.whose == "own" or (cell.whose == "foreign" and cell.reach == "all")
        expected = [cell.target.order_id] if within else []
        if cell.method == "GET" and [order["order_id"] for order in each.answer.json()["orders"]] != expected:
            found.append(told(cell))
    return found
