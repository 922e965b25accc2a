"""What every caller may read: the meaning of problems, and whether the process lives and can work."""

import pytest
from fastapi.routing import iter_route_contexts

from gateway.edge.catalogue import REMEDIES
from gateway.errors import catalogue
from tests.gate import PUBLIC, Gate


def test_every_problem_has_a_remedy_and_every_remedy_a_problem() -> None:
    codes = [kind.code for kind in catalogue()]

    assert sorted(codes) == sorted(REMEDIES)


async def test_every_problem_has_its_page(gate: Gate) -> None:
    listed = (await gate.http.get("/problems")).json()["problems"]

    for entry in listed:
        address = entry["type"]
        assert address == f"{PUBLIC}/problems/{entry['code']}"
        assert (await gate.http.get(address)).json() == entry
    assert {"malformed", "quota_exceeded", "unavailable"} <= {entry["code"] for entry in listed}
    assert "misconfigured" not in {entry["code"] for entry in listed}


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html; charset=utf-8"),
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("text/html;q=0.5, application/json", "application/json"),
    ],
)
@pytest.mark.parametrize("path", ["/problems", "/problems/quota_exceeded"])
async def test_people_get_a_page_and_programs_a_document(gate: Gate, path: str, accept: str, kind: str) -> None:
    answer = await gate.http.get(path, headers={"accept": accept})

    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
    assert "quota_exceeded" in answer.text


async def test_an_unknown_problem_is_one_itself(gate: Gate) -> None:
    answer = await gate.http.get("/problems/nonsense")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_readiness_depends_on_the_database_and_liveness_does_not(gate: Gate) -> None:
    assert (await gate.http.get("/readyz")).json() == {"status": "ready"}

    await gate.database.close()

    ready, alive = await gate.http.get("/readyz"), await gate.http.get("/healthz")
    assert (ready.status_code, ready.json()["code"], ready.headers["retry-after"]) == (503, "unavailable", "1")
    assert (alive.status_code, alive.json()) == (200, {"status": "alive"})


async def test_without_the_database_nothing_is_accepted(gate: Gate) -> None:
    headers = {**await gate.bearer(), "idempotency-key": "0123456789abcdef"}
    await gate.http.get("/v1/notes/hello", headers=headers)  # the partner is known for five seconds from here

    await gate.database.close()

    known = await gate.http.post("/v1/notes", json={"text": "hello"}, headers=headers)
    gate.clock.pass_by(5)
    forgotten = await gate.http.get("/v1/notes/hello", headers=headers)
    assert [(answer.status_code, answer.json()["code"]) for answer in (known, forgotten)] == [(503, "unavailable")] * 2


async def test_every_route_is_an_operation_of_a_contract_and_the_other_way_round(gate: Gate) -> None:
    routes = {
        (method, context.path)  # type: ignore[attr-defined]
        for context in iter_route_contexts(gate.app.routes)
        for method in context.methods or ()  # type: ignore[attr-defined]
    }

    assert routes == {(each.method, each.path) for each in gate.bundle.contracts.operations.values()}
