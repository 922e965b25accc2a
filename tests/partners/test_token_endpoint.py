"""How a partner gets a token, and how everybody else does not."""

import base64
from io import BytesIO

import pytest
from joserfc import jwk, jwt

from tests.gate import FORM, PUBLIC, Gate


def basic(client_id: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()


async def test_a_token_lives_fifteen_minutes_and_is_never_stored(gate: Gate) -> None:
    partner = await gate.partner(scopes=frozenset({"orders:read", "orders:write"}))

    answer = await gate.ask_token(partner)

    body = answer.json()
    assert answer.status_code == 200
    assert (body["token_type"], body["expires_in"], body["scope"]) == ("Bearer", 900, "orders:read orders:write")
    assert answer.headers["cache-control"] == "no-store"


async def test_anybody_can_check_it_with_the_published_keys(gate: Gate) -> None:
    token = await gate.token(await gate.partner())
    metadata = (await gate.http.get("/.well-known/oauth-authorization-server")).json()

    keys = jwk.KeySet.import_key_set((await gate.http.get(metadata["jwks_uri"])).json())

    claims = jwt.decode(token, keys, algorithms=["ES256"]).claims
    assert (claims["iss"], claims["aud"]) == (metadata["issuer"], PUBLIC)
    assert metadata["token_endpoint"] == f"{PUBLIC}/oauth/token"


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("orders:read", "orders:read"),
        ("orders:read operations", "orders:read"),
        ("operations", None),
        ("", None),
        ("unheard:of", None),
    ],
)
async def test_scopes_are_narrowed_never_widened(gate: Gate, asked: str, given: str | None) -> None:
    partner = await gate.partner(scopes=frozenset({"orders:read", "orders:write"}))

    answer = await gate.ask_token(partner, scope=asked)

    if given is None:
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")
    else:
        assert answer.json()["scope"] == given


async def test_wrong_credentials_all_get_the_same_answer(gate: Gate) -> None:
    good = await gate.partner()
    gone = await gate.partner("gone")
    await gate.registry.suspend("gone", operator="tess")
    attempts = [
        basic(good.client_id, "wrong"),
        basic(good.client_id, ""),
        basic("client_unknown", good.client_secret),
        basic(gone.client_id, gone.client_secret),
        basic(good.client_id, good.client_secret + "x"),
        basic(good.client_id, good.client_secret).replace("Basic", "Bearer"),
        "Basic",
        "Basic ////",
        "Basic " + base64.b64encode(b"\xff\xfe:\xff").decode(),
        "Basic not base64!",
        "",
    ]

    answers = [
        await gate.http.post(
            "/oauth/token", content="grant_type=client_credentials", headers={**FORM, "authorization": attempt}
        )
        for attempt in attempts
    ]

    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json()["error"] == "invalid_client"
    assert all(answer.headers["www-authenticate"].startswith("Basic ") for answer in answers)


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ("grant_type=password&username=a&password=b", 400, "unsupported_grant_type"),
        ("grant_type=client_credentials&grant_type=client_credentials", 400, "invalid_request"),
        ("scope=orders:read", 400, "invalid_request"),
        ("", 422, "invalid"),
        ("grant_type=client_credentials&client_id=other", 200, None),
    ],
)
async def test_only_the_one_grant_is_given(gate: Gate, body: str, status: int, said: str | None) -> None:
    partner = await gate.partner()
    headers = {**FORM, "authorization": basic(partner.client_id, partner.client_secret)}

    answer = await gate.http.post("/oauth/token", content=body, headers=headers)

    assert (answer.status_code, answer.json().get("code", answer.json().get("error"))) == (status, said)


async def test_a_repeated_authorization_header_is_refused(gate: Gate) -> None:
    partner = await gate.partner()
    credentials = basic(partner.client_id, partner.client_secret).encode()
    headers = [(b"authorization", credentials)] * 2 + [(b"content-type", b"application/x-www-form-urlencoded")]

    answer = await gate.http.post("/oauth/token", content=b"grant_type=client_credentials", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


async def test_an_address_that_asks_too_often_is_told_in_our_voice(gate: Gate) -> None:
    partner = await gate.partner()

    answers = [await gate.ask_token(partner) for _ in range(gate.bundle.quotas.token_route.quota + 1)]

    assert {answer.status_code for answer in answers[:-1]} == {200}
    refused = answers[-1]
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert refused.headers["content-type"] == "application/problem+json"
    assert int(refused.headers["retry-after"]) > 0


async def test_neither_secret_nor_token_is_ever_logged(gate: Gate, lines: BytesIO) -> None:
    partner = await gate.partner()
    token = await gate.token(partner)
    await gate.http.get("/v1/orders", headers={"authorization": f"Bearer {token}"})
    await gate.http.get("/v1/orders", headers={"authorization": f"Bearer {token}x"})
    await gate.http.get(f"/v1/orders?access_token={token}")
    await gate.http.get(f"/{token}")

    logged = lines.getvalue().decode()

    assert logged.count("\n") >= 5
    assert token not in logged
    assert partner.client_secret not in logged
