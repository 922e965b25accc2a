"""Whatever goes wrong, the caller reads one kind of document, and never what is none of its business."""

import gc
from io import BytesIO

import pytest

from gateway.errors import GatewayError
from tests.edge.notes import CANARY
from tests.gate import PUBLIC, Gate

MEMBERS = {"type", "title", "status", "detail", "instance", "code", "trace_id", "request_id", "retryable"}


@pytest.mark.parametrize(
    ("note", "status", "code"),
    [
        ("crash", 500, "internal"),
        ("broken", 500, "broken_answer"),
        ("absent", 404, "not_found"),
        ("http404", 404, "not_found"),
        ("http418", 500, "internal"),
        ("away", 503, "unavailable"),
        ("rejected", 502, "back_end_rejected"),
        ("conflict", 409, "conflict"),
    ],
)
async def test_every_failure_is_a_problem_document(gate: Gate, note: str, status: int, code: str) -> None:
    answer = await gate.http.get(f"/v1/notes/{note}", headers=await gate.bearer())

    problem = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert problem.keys() >= MEMBERS
    assert (problem["status"], problem["code"], problem["type"]) == (status, code, f"{PUBLIC}/problems/{code}")
    assert problem["instance"] == f"/v1/notes/{note}"
    assert CANARY not in answer.text


async def test_the_request_id_stands_in_header_and_document(gate: Gate) -> None:
    answer = await gate.http.get("/nowhere", headers={"x-request-id": "mine"})

    assert answer.json()["request_id"] == answer.headers["x-request-id"] != "mine"


async def test_the_trace_of_the_caller_is_continued(gate: Gate) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"

    answer = await gate.http.get("/nowhere", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})

    assert answer.json()["trace_id"] == trace


@pytest.mark.parametrize("header", ["00-xyz-1-01", "00-" + "0" * 32 + "-00f067aa0ba902b7-01", "ff", ""])
async def test_a_malformed_traceparent_starts_a_new_trace(gate: Gate, header: str) -> None:
    answer = await gate.http.get("/nowhere", headers={"traceparent": header})

    trace = answer.json()["trace_id"]
    assert len(trace) == 32
    assert trace != "0" * 32


async def test_facts_and_faults_of_a_refusal_reach_the_caller(gate: Gate) -> None:
    answer = await gate.http.get("/v1/notes/conflict", headers=await gate.bearer())

    assert answer.json()["known_text"] == "facts go out"
    assert answer.json()["errors"] == [{"pointer": "#/text", "code": "differs", "detail": "is another"}]


@pytest.mark.parametrize(("mode", "effect"), [("fails_meanwhile", "unknown"), ("fails_after", "applied")])
async def test_a_crash_past_acceptance_says_what_is_known_of_the_effect(gate: Gate, mode: str, effect: str) -> None:
    headers = {**await gate.bearer(), "idempotency-key": "0123456789abcdef"}

    answer = await gate.http.post(f"/v1/notes?mode={mode}", json={"text": "hello"}, headers=headers)

    assert (answer.status_code, answer.json()["effect"]) == (500, effect)


async def test_what_broke_stands_in_the_log_without_the_exceptions_text(gate: Gate, lines: BytesIO) -> None:
    headers = await gate.bearer()

    answer = await gate.http.get("/v1/notes/crash", headers=headers)

    logged = lines.getvalue().decode()
    assert answer.json()["request_id"] in logged
    assert "RuntimeError" in logged
    assert CANARY not in logged


async def test_head_has_the_headers_of_get_and_no_body(gate: Gate) -> None:
    headers = await gate.bearer()

    found = await gate.http.head("/v1/notes/hello", headers=headers)
    absent = await gate.http.head("/v1/notes/absent", headers=headers)

    assert (found.status_code, found.content, absent.status_code, absent.content) == (200, b"", 404, b"")
    assert found.headers["content-length"] == str(len(b'{"text":"hello"}'))


async def test_unknown_methods_are_told_which_are_known(gate: Gate) -> None:
    answer = await gate.http.delete("/v1/notes/hello")

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


async def test_what_the_caller_does_not_accept_is_refused_as_a_problem(gate: Gate) -> None:
    headers = await gate.bearer()

    taken = await gate.http.get("/v1/notes/hello", headers={**headers, "accept": "application/problem+json"})
    refused = await gate.http.get("/v1/notes/hello", headers={**headers, "accept": "text/html"})

    assert (taken.status_code, refused.status_code) == (200, 406)
    assert refused.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("body", [b"[" * 40 + b"]" * 40, b"[" + b"9" * 41 + b"]", b'{"text": 1}', b"{"])
async def test_what_was_refused_is_gone_when_it_is_answered(gate: Gate, body: bytes) -> None:
    headers = {**await gate.bearer(), "idempotency-key": "0123456789abcdef", "content-type": "application/json"}
    gc.collect()
    gc.disable()
    try:
        before = errors_alive()
        answer = await gate.http.post("/v1/notes", content=body, headers=headers)
        after = errors_alive()
    finally:
        gc.enable()

    assert answer.status_code in (400, 422)
    assert after == before  # an error that waits for the collector keeps its frames, and with them the body


def errors_alive() -> int:
    return sum(isinstance(each, GatewayError) for each in gc.get_objects())
