"""The same key and request get the same bytes; nothing else does."""

import pytest

from tests.gate import Gate

KEY = "8e03978e-40d5-43e8-bc93-6894a57f9324"
NOTE = {"text": "hello"}


async def test_a_repeated_request_gets_the_same_bytes_and_says_so(gate: Gate) -> None:
    headers = {**await gate.bearer(), "idempotency-key": KEY}

    first = await gate.http.post("/v1/notes", json=NOTE, headers=headers)
    again = await gate.http.post("/v1/notes", json=NOTE, headers=headers)

    assert (first.status_code, first.headers.get("idempotent-replayed")) == (200, None)
    assert (again.status_code, again.headers["idempotent-replayed"]) == (200, "true")
    assert again.content == first.content
    assert again.headers["content-type"] == first.headers["content-type"]
    assert again.headers["x-request-id"] != first.headers["x-request-id"]


@pytest.mark.parametrize(
    ("target", "body", "key", "replayed"),
    [
        ("/v1/notes?mode=a&tone=b", b'{"text":"hello"}', KEY, True),
        ("/v1/notes?tone=b&mode=a", b'{"text":"hello"}', KEY, True),
        ("/v1/notes?mode=a&tone=b", b' { "text" : "h\\u0065llo" } ', KEY, True),
        ("/v1/notes?mode=a&tone=b", b'{"text":"hello"}', f'"{KEY}"', True),
        ("/v1/notes?mode=a", b'{"text":"hello"}', KEY, False),
        ("/v1/notes?mode=a&tone=c", b'{"text":"hello"}', KEY, False),
        ("/v1/notes?mode=a&tone=b", b'{"text":"bye"}', KEY, False),
        ("/v1/notes?mode=a&tone=b", b'{"text":"hello","count":1}', KEY, False),
    ],
)
async def test_equal_requests_are_told_from_others(
    gate: Gate, target: str, body: bytes, key: str, replayed: bool
) -> None:
    headers = {**await gate.bearer(), "content-type": "application/json", "idempotency-key": KEY}
    first = await gate.http.post("/v1/notes?mode=a&tone=b", content=b'{"text":"hello"}', headers=headers)

    second = await gate.http.post(target, content=body, headers={**headers, "idempotency-key": key})

    if replayed:
        assert second.content == first.content
    else:
        assert (second.status_code, second.json()["code"]) == (422, "idempotency_key_reused")


BAD_KEYS = [
    [""],
    ["short"],
    ["x" * 256],
    ["with space in the midst"],
    [f'"{KEY}'],
    [f'"{KEY}";a=1'],
    [f"{KEY}, {KEY}"],
    [KEY, KEY],
    [KEY + "/"],
    [KEY + "ä"],
]
GOOD_KEYS = ["x" * 16, "x" * 255, "A-z_0:9." * 4, f'"{KEY}"', f" {KEY} "]


async def test_a_key_is_needed_once_and_in_order(gate: Gate) -> None:
    token = [(name.encode(), value.encode()) for name, value in (await gate.bearer()).items()]

    for keys in ([], *BAD_KEYS):
        headers = [*token, *((b"idempotency-key", key.encode()) for key in keys)]
        answer = await gate.http.post("/v1/notes", json=NOTE, headers=headers)
        code = "idempotency_key_malformed" if keys else "idempotency_key_missing"
        assert (answer.status_code, answer.json()["code"]) == (400, code)


async def test_good_keys_are_taken_quoted_or_bare(gate: Gate) -> None:
    token = await gate.bearer()

    for key in GOOD_KEYS:
        answer = await gate.http.post("/v1/notes", json=NOTE, headers={**token, "idempotency-key": key})
        assert answer.status_code == 200


async def test_two_partners_may_use_the_same_key(gate: Gate) -> None:
    mine = {**await gate.bearer(await gate.partner("web")), "idempotency-key": KEY}
    yours = {**await gate.bearer(await gate.partner("pos")), "idempotency-key": KEY}

    first = await gate.http.post("/v1/notes", json=NOTE, headers=mine)
    second = await gate.http.post("/v1/notes", json=NOTE, headers=yours)

    assert first.json()["count"] != second.json()["count"]


async def test_a_key_is_free_again_after_its_time(gate: Gate) -> None:
    partner = await gate.partner()
    first = await gate.http.post("/v1/notes", json=NOTE, headers={**await gate.bearer(partner), "idempotency-key": KEY})

    gate.clock.pass_by(72 * 3600)
    second = await gate.http.post(
        "/v1/notes", json={"text": "other"}, headers={**await gate.bearer(partner), "idempotency-key": KEY}
    )

    assert (first.json()["count"], second.json()["count"]) == (1, 2)


async def test_a_replay_is_authorised_again(gate: Gate) -> None:
    partner = await gate.partner()
    written = {"idempotency-key": KEY}
    await gate.http.post("/v1/notes", json=NOTE, headers={**written, **await gate.bearer(partner)})

    reader = await gate.bearer(partner, scope="orders:read")
    answer = await gate.http.post("/v1/notes", json=NOTE, headers={**written, **reader})

    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")


async def test_what_was_not_accepted_does_not_use_up_the_key(gate: Gate) -> None:
    headers = {**await gate.bearer(), "idempotency-key": KEY}

    refused = await gate.http.post("/v1/notes", json={"txt": "hello"}, headers=headers)
    accepted = await gate.http.post("/v1/notes", json=NOTE, headers=headers)

    assert (refused.status_code, accepted.status_code) == (422, 200)
