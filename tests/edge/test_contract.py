"""The contract is kept by both sides: callers are told every fault at once, and our own broken answers stay inside."""

from io import BytesIO

import orjson

from tests.edge.notes import CANARY
from tests.gate import Gate

KEY = {"idempotency-key": "0123456789abcdef", "content-type": "application/json"}


BODIES: dict[bytes, str] = {
    b"": "invalid",
    b"{": "malformed",
    b'{"text":"a","text":"b"}': "malformed",
    b'{"text":"a","count":NaN}': "malformed",
    b'{"text":"a","count":Infinity}': "malformed",
    b'{"text":"\\u0000"}': "malformed",
    b'{"text":"\\ud800"}': "malformed",
    b'{"text":"\xff"}': "malformed",
    b'{"text":"a","count":9007199254740992}': "malformed",
    b'{"text":' + b"[" * 40 + b"]" * 40 + b"}": "malformed",
    b"[]": "invalid",
    b'{"txt":"a"}': "invalid",
}
STATUS = {"malformed": 400, "invalid": 422}


async def test_a_body_is_read_strictly(gate: Gate) -> None:
    headers = {**KEY, **await gate.bearer()}

    answers = {body: await gate.http.post("/v1/notes", content=body, headers=headers) for body in BODIES}

    assert {body: answer.json()["code"] for body, answer in answers.items()} == BODIES
    assert all(answer.status_code == STATUS[BODIES[body]] for body, answer in answers.items())


async def test_all_faults_come_at_once_with_pointers(gate: Gate) -> None:
    answer = await gate.http.post(
        "/v1/notes?tune=a", json={"txt": "a", "count": "b"}, headers={**KEY, **await gate.bearer()}
    )

    assert {fault["pointer"] for fault in answer.json()["errors"]} == {"/query/tune", "#/txt", "#/text", "#/count"}


async def test_another_kind_of_body_is_not_taken(gate: Gate) -> None:
    headers = {**KEY, **await gate.bearer()}

    for kind in ("text/plain", "application/xml", "application/json; charset=latin-1", ""):
        answer = await gate.http.post("/v1/notes", content=b'{"text":"a"}', headers={**headers, "content-type": kind})
        assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


async def test_a_broken_answer_is_withheld_and_logged_without_values(gate: Gate, lines: BytesIO) -> None:
    headers = await gate.bearer()

    answer = await gate.http.get("/v1/notes/broken", headers=headers)

    failed = [line for line in map(orjson.loads, lines.getvalue().splitlines()) if line["event"] == "request_failed"]
    assert (answer.status_code, answer.json()["code"]) == (500, "broken_answer")
    assert "secret" not in answer.text
    assert [(line["code"], line["request_id"]) for line in failed] == [("broken_answer", answer.json()["request_id"])]
    assert CANARY not in lines.getvalue().decode() + answer.text


async def test_every_problem_of_the_edge_keeps_the_contract(gate: Gate) -> None:
    """Problem documents are rendered outside of the stage that checks answers: here they are checked."""
    headers = {**KEY, **await gate.bearer()}
    post = gate.bundle.contracts.operations["write_note"]
    answers = [
        await gate.http.post("/v1/notes", content=b"{", headers=headers),
        await gate.http.post("/v1/notes", content=b"{}", headers=headers),
        await gate.http.post("/v1/notes", content=b"x" * 2000, headers=headers),
        await gate.http.post("/v1/notes", content=b"{}", headers={**headers, "content-type": "a/b"}),
        await gate.http.post("/v1/notes", content=b"{}", headers={**headers, "accept": "a/b"}),
        await gate.http.post("/v1/notes", content=b"{}", headers=KEY),
        await gate.http.post("/v1/notes", content=b"{}", headers={**headers, "x": "x" * 33_000}),
        await gate.http.post("/v1/notes?mode=fails_after", content=b'{"text":"a"}', headers=headers),
    ]

    assert [answer.status_code for answer in answers] == [400, 422, 413, 415, 406, 401, 431, 500]
    for answer in answers:
        gate.bundle.contracts.check_answer(post, answer.status_code, dict(answer.headers), answer.content)
