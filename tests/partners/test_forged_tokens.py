"""No token but ours is believed, at the front door, and nobody is asked about it; all that is ours is believed."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from itertools import permutations

import pytest
from httpx2 import ASGITransport, AsyncClient, Response

from gateway.partners import SCOPES
from gateway.partners.keys import SigningKeys
from tests.gate import FORM, PUBLIC, Gate
from tests.partners.forged_claims import claims, times
from tests.partners.forged_headers import algorithms, headers, names, writings
from tests.partners.forged_signatures import mutants, shapes, signatures
from tests.partners.forger import Forger

AT_ONCE = 100  # fewer than an address may send that fail
Sent = list[tuple[bytes, bytes]]


@pytest.fixture
async def forger(gate: Gate) -> Forger:
    """Knows the gate's own key, and a partner's client id."""
    keys = SigningKeys(gate.secrets)
    await keys.load()
    credentials = await gate.partner("web", scopes=SCOPES)
    return Forger(keys, address=PUBLIC, client_id=credentials.client_id, second=int(gate.clock().timestamp()))


async def answers(gate: Gate, requests: Iterable[Sent]) -> list[Response]:
    """Each request's, from an address that has not failed too often."""
    given: list[Response] = []
    for number, sent in enumerate(requests):
        client = (f"10.0.{number // AT_ONCE}.1", 1)
        async with AsyncClient(transport=ASGITransport(gate.app, client=client), base_url=PUBLIC) as http:
            given.append(await http.get("/v1/orders", headers=sent))
    return given


def bearer(token: str) -> Sent:
    return [(b"authorization", b"Bearer " + token.encode())]


def forgeries(f: Forger, asked: str) -> dict[str, str]:
    """All of them by name; *asked* is an address that nobody may ask."""
    from_within = (algorithms(f), names(f), writings(f), times(f), signatures(f), shapes(f), mutants(f))
    return {name: token for family in (*from_within, headers(f, asked), claims(f, asked)) for name, token in family}


@asynccontextmanager
async def canary() -> AsyncIterator[tuple[str, list[object]]]:
    """An address on this machine, and who came there."""
    visitors: list[object] = []

    async def visited(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visitors.append(writer.get_extra_info("peername"))
        writer.close()

    server = await asyncio.start_server(visited, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", visitors


async def test_every_forged_token_is_refused_and_nobody_is_asked_about_it(gate: Gate, forger: Forger) -> None:
    async with canary() as (address, visitors):
        forged = forgeries(forger, address)
        given = await answers(gate, map(bearer, forged.values()))
        good = await answers(gate, [bearer(forger.good())])

    outcomes = {
        name: (answer.status_code, answer.json().get("code")) for name, answer in zip(forged, given, strict=True)
    }
    believed = {name: outcome for name, outcome in outcomes.items() if outcome != (401, "invalid_token")}
    print(f"\n{len(forged)} forged tokens, of which {len(set(forged.values()))} differ")
    assert believed == {"nothing": (401, "unauthenticated")}
    assert len(set(forged.values())) >= 1000
    assert visitors == []
    assert all(forger.client_id not in answer.text for answer in given)
    assert good[0].status_code == 200


def good_tokens(f: Forger) -> dict[str, str]:
    """Unusual, and still what we promise to take."""
    header, claims, now = json.dumps(f.header), json.dumps(f.claims), f.second
    tokens = {
        "typ, long form": f.with_header(typ="application/at+jwt"),
        "typ, capitals": f.with_header(typ="AT+JWT"),
        "audience, a list": f.with_claims(aud=[f.address]),
        "audience, one of several": f.with_claims(aud=["https://other.example", f.address]),
        "audience, twice": f.with_claims(aud=[f.address, f.address]),
        "not before, now": f.with_claims(nbf=now),
        "a clock that is ahead": f.with_claims(iat=now + 30, exp=now + 930, nbf=now + 30),
        "other claims": f.with_claims(groups=["x"], auth_time=now, acr="1", extra={"a": [1, None]}),
        "authorised party": f.with_claims(azp=f.client_id),
        "long name": f.with_claims(jti="j" * 256),
        "unknown scope": f.with_claims(scope="orders:read unheard:of"),
        "scope twice": f.with_claims(scope="orders:read  orders:read"),
        "blanks in JSON": f.written(f"\n {header}\t", json.dumps(f.claims, indent=3)),
        "escapes in JSON": f.written(header.replace("alg", "\\u0061lg"), claims.replace("iss", "\\u0069ss")),
        "other order": f.written(_reversed(header), _reversed(claims)),
    }
    for order in permutations(("orders:read", "orders:write", "operations", "orders:import_history")):
        tokens[f"scopes {order}"] = f.with_claims(scope=" ".join(order))
    for left in (1, 2, 59, 60, 899):
        tokens[f"{left} s left"] = f.with_claims(iat=now + left - 900, exp=now + left)
    return tokens


def _reversed(text: str) -> str:
    return json.dumps(dict(reversed(json.loads(text).items())))


async def test_every_good_token_is_taken_however_it_is_written(gate: Gate, forger: Forger) -> None:
    tokens = good_tokens(forger)

    given = await answers(gate, map(bearer, tokens.values()))

    assert {name: a.status_code for name, a in zip(tokens, given, strict=True) if a.status_code != 200} == {}
    print(f"\n{len(tokens)} good tokens")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
async def test_the_scheme_may_be_written_in_any_case(gate: Gate, forger: Forger, scheme: str) -> None:
    (answer,) = await answers(gate, [[(b"Authorization", f" {scheme} {forger.good()} \t".encode())]])

    assert answer.status_code == 200


def elsewhere(token: str) -> dict[str, tuple[Sent, int]]:
    """A good token where none is looked for, and what is said to it."""
    good = f"Bearer {token}"
    others = (
        "Basic",
        "DPoP",
        "Digest",
        "Token",
        "JWT",
        "MAC",
        "Bearer:",
        "Bearer,",
        "Bearer=",
        "Bearerx",
        "ＢEARER",
        "",
    )
    fields = ("proxy-authorization", "x-authorization", "x-access-token", "x-original-authorization", "authorization2")
    return {
        **{f"scheme {scheme}": ([(b"authorization", f"{scheme} {token}".encode())], 401) for scheme in others},
        **{f"header {field}": ([(field.encode(), good.encode())], 401) for field in fields},
        "no blank": ([(b"authorization", f"Bearer{token}".encode())], 401),
        "a tab": ([(b"authorization", f"Bearer\t{token}".encode())], 401),
        "two blanks": ([(b"authorization", f"Bearer  {token}".encode())], 401),
        "cookie": ([(b"cookie", f"access_token={token}; authorization={good}".encode())], 401),
        "twice": ([(b"authorization", good.encode())] * 2, 400),
        "good, then bad": ([(b"authorization", good.encode()), (b"authorization", b"Bearer x")], 400),
        "basic, then good": ([(b"authorization", b"Basic eDp5"), (b"authorization", good.encode())], 400),
        "empty, then good": ([(b"authorization", b""), (b"Authorization", good.encode())], 400),
        "both in one": ([(b"authorization", f"{good}, {good}".encode())], 401),
        "basic and good in one": ([(b"authorization", f"Basic eDp5, {good}".encode())], 401),
    }


async def test_a_token_counts_only_where_it_belongs(gate: Gate, forger: Forger) -> None:
    cases = elsewhere(forger.good())

    given = await answers(gate, [sent for sent, _ in cases.values()])

    told = {name: answer.status_code for name, answer in zip(cases, given, strict=True)}
    assert told == {name: status for name, (_, status) in cases.items()}


async def test_a_token_in_query_or_form_is_none(gate: Gate, forger: Forger) -> None:
    token = forger.good()

    asked = await gate.http.get(f"/v1/orders?access_token={token}")
    posted = await gate.http.post("/v1/orders", content=f"access_token={token}", headers=FORM)

    assert {answer.status_code for answer in (asked, posted)} == {401}
    assert token not in asked.text + posted.text
