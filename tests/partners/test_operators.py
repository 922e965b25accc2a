"""Operators: added by one another, known by a secret, and out within five seconds when they are suspended."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest

from gateway.domain.identifiers import mint
from gateway.partners.operators import BOOTSTRAP, OperatorRegistry, identify
from gateway.refusals import Conflict, Invalid, NotFound, Unauthenticated
from tests.gate import Gate

ADMIN = frozenset({"admin"})
SUPPORT = frozenset({"support"})


@pytest.fixture
def registry(gate: Gate) -> OperatorRegistry:
    return OperatorRegistry(gate.database, clock=gate.clock, mint=mint)


async def audited(gate: Gate) -> list[tuple[Any, ...]]:
    async with gate.database.connection() as connection:
        cursor = await connection.execute("select actor, subject, action, resource from audit order by audit_id")
        return await cursor.fetchall()


async def status(gate: Gate, bearer: dict[str, str]) -> int:
    return (await gate.http.get("/v1/exceptions", headers=bearer)).status_code


async def test_a_token_names_the_operator_and_the_roles(gate: Gate) -> None:
    olga = await gate.operator("olga", "support", "finance")

    answer = (await gate.ask_token(olga)).json()

    payload = answer["access_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert (claims["sub"], claims["client_id"]) == ("olga", olga.client_id)
    assert (claims["roles"], claims["scope"], "scope" in answer) == (["finance", "support"], "", False)


async def test_an_operator_is_granted_no_scopes(gate: Gate) -> None:
    answer = await gate.ask_token(await gate.operator(), scope="orders:write")

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")


async def test_the_first_operator_is_an_admin_whom_nobody_had_to_add(gate: Gate, registry: OperatorRegistry) -> None:
    with pytest.raises(Invalid, match="has to be an admin"):
        await registry.add("olga", roles=SUPPORT, by=BOOTSTRAP)
    await registry.add("ada", roles=ADMIN, by=BOOTSTRAP)
    with pytest.raises(Conflict, match="there is an admin already"):
        await registry.add("eve", roles=ADMIN, by=BOOTSTRAP)
    await registry.add("olga", roles=SUPPORT, by="ada")

    assert await audited(gate) == [
        ("operator", "bootstrap", "operators:add", "operator:ada"),
        ("operator", "ada", "operators:add", "operator:olga"),
    ]


async def test_somebody_can_always_add_others(registry: OperatorRegistry) -> None:
    await registry.add("ada", roles=ADMIN, by=BOOTSTRAP)
    await registry.add("eve", roles=ADMIN, by="ada")

    await registry.suspend("eve", by="ada")

    with pytest.raises(Conflict, match="last active admin"):
        await registry.suspend("ada", by="ada")
    with pytest.raises(Conflict, match="last active admin"):
        await registry.change("ada", roles=SUPPORT, by="ada")
    assert [(each.operator_id, each.status) for each in await registry.list()] == [
        ("ada", "active"),
        ("eve", "suspended"),
    ]


async def test_who_is_suspended_is_out_within_five_seconds(gate: Gate, registry: OperatorRegistry) -> None:
    bearer = await gate.bearer(await gate.operator("olga", "support"))
    before = await status(gate, bearer)

    await registry.suspend("olga", by="tess")
    gate.clock.pass_by(5)
    suspended = await status(gate, bearer)
    await registry.resume("olga", by="tess")
    gate.clock.pass_by(5)

    assert (before, suspended, await status(gate, bearer)) == (200, 401, 200)


async def test_a_role_that_was_taken_is_taken_from_tokens_too(gate: Gate, registry: OperatorRegistry) -> None:
    bearer = await gate.bearer(await gate.operator("olga", "support"))
    await registry.change("olga", roles=frozenset({"viewer"}), by="tess")
    gate.clock.pass_by(5)

    headers = {**bearer, "idempotency-key": "a-deed-0123456789"}
    body = {"class": "integration/timeout", "code": "deadline_passed", "action": "retry", "evidence": "it is up"}
    answer = await gate.http.post("/v1/exceptions/actions", json=body, headers=headers)

    assert (answer.status_code, "needs the role" in answer.json()["detail"]) == (403, True)


async def test_a_secret_is_replaced_with_an_overlap(gate: Gate, registry: OperatorRegistry) -> None:
    old = await gate.operator("olga")
    new = await registry.rotate_secret("olga", by="olga", overlap=timedelta(hours=1))
    both = [(await gate.ask_token(each)).status_code for each in (old, new)]

    gate.clock.pass_by(3600)

    assert both == [200, 200]
    assert [(await gate.ask_token(each)).status_code for each in (old, new)] == [401, 200]


async def test_a_shell_knows_an_operator_by_client_id_and_secret(gate: Gate, registry: OperatorRegistry) -> None:
    olga, web = await gate.operator("olga", "support"), await gate.partner("web")

    known = await identify(gate.database, olga.client_id, olga.client_secret, clock=gate.clock)
    await registry.suspend("olga", by="tess")

    assert (known.kind, known.subject, known.roles, known.account) == ("operator", "olga", SUPPORT, "operator:olga")
    for client_id, secret in (
        (olga.client_id, olga.client_secret),  # suspended
        (olga.client_id, "wrong"),
        (web.client_id, web.client_secret),
        ("operator_nobody", "x"),
    ):
        with pytest.raises(Unauthenticated, match="no active operator has this client id and secret"):
            await identify(gate.database, client_id, secret, clock=gate.clock)


@pytest.mark.parametrize(
    ("name", "roles", "error"),
    [
        ("Olga!", SUPPORT, Invalid),
        ("bootstrap", SUPPORT, Invalid),
        ("olga", frozenset({"boss"}), Invalid),
        ("olga", frozenset[str](), Invalid),
        ("ada", SUPPORT, Conflict),
    ],
)
async def test_only_exact_names_and_known_roles_are_taken(
    registry: OperatorRegistry, name: str, roles: frozenset[str], error: type[Exception]
) -> None:
    await registry.add("ada", roles=ADMIN, by=BOOTSTRAP)

    with pytest.raises(error):
        await registry.add(name, roles=roles, by="ada")


async def test_an_unknown_operator_is_named(registry: OperatorRegistry) -> None:
    with pytest.raises(NotFound, match="nobody"):
        await registry.suspend("nobody", by="ada")
