"""What a client says about itself in headers meant for proxies and frameworks changes nothing and goes nowhere."""

from io import BytesIO
from typing import Any

import orjson
import pytest
from httpx2 import Response

from gateway.refusals import TooManyRequests
from tests.gate import PUBLIC, Gate
from tests.resources.shop import Shop

pytestmark = pytest.mark.usefixtures("lines")

CANARY = "canary-7d1e"
EVIL = f"{CANARY}.example"

HEADERS: dict[str, str] = {
    **dict.fromkeys(("x-forwarded-for", "x-real-ip", "x-client-ip", "true-client-ip"), "203.0.113.9"),
    **dict.fromkeys(("x-forwarded-host", "x-forwarded-server", "x-host", "x-original-host"), EVIL),
    **dict.fromkeys(("x-forwarded-proto", "x-forwarded-scheme", "x-url-scheme", "front-end-https"), CANARY),
    **dict.fromkeys(("x-forwarded-port", "x-forwarded-prefix", "x-script-name", "x-forwarded-path"), f"/{CANARY}"),
    **dict.fromkeys(("x-original-url", "x-rewrite-url", "x-original-uri", "x-proxy-url", "x-request-uri"), "/readyz"),
    **dict.fromkeys(("x-http-method-override", "x-http-method", "x-method-override", "_method"), "DELETE"),
    **dict.fromkeys(("x-user", "x-user-id", "x-user-email", "x-user-roles", "x-remote-user"), CANARY),
    **dict.fromkeys(("x-tenant", "x-tenant-id", "x-partner", "x-partner-id", "x-client-id", "x-org-id"), "pos"),
    **dict.fromkeys(("x-scope", "x-scopes", "x-roles", "x-omnigate-scopes", "x-omnigate-reach"), "operations"),
    **dict.fromkeys(("x-omnigate-partner", "x-omnigate-principal", "x-omnigate-internal", "x-internal"), "pos"),
    **dict.fromkeys(("x-request-id", "x-correlation-id", "x-amzn-trace-id", "x-b3-traceid", "uber-trace-id"), CANARY),
    **dict.fromkeys(("client-cert", "x-ssl-client-cert", "x-client-dn", "ssl-client-verify"), f":{CANARY}:"),
    **dict.fromkeys(("x-forwarded-user", "x-auth-request-user", "x-webauth-user", "x-authenticated-user"), CANARY),
    **dict.fromkeys(("baggage", "x-envoy-original-path", "x-accel-redirect", "x-sendfile"), CANARY),
    "forwarded": f"for=203.0.113.9;host={EVIL};proto=https;by={CANARY}",
    "via": f"1.1 {CANARY}",
    "host": EVIL,
    "origin": f"https://{EVIL}",
    "referer": f"https://{EVIL}/",
    "user-agent": CANARY,
    "cookie": f"session={CANARY}",
    "x-forwarded-for: a list": "127.0.0.1, 10.0.0.1, 203.0.113.9",
}  # fmt: skip


def bare(answer: Response) -> tuple[int, dict[str, str], Any]:
    """Without what differs from one request to the next."""
    varying = ("x-request-id", "ratelimit", "content-length", "location")
    minted = ("request_id", "trace_id", "order_id", "channel_order_id")
    body = {k: v for k, v in answer.json().items() if k not in minted}
    return answer.status_code, {k: v for k, v in answer.headers.items() if k not in varying}, body


@pytest.mark.parametrize("name", ["get", "place", "nowhere", "unauthenticated"])
async def test_no_header_changes_an_answer(gate: Gate, shop: Shop, lines: BytesIO, name: str) -> None:
    await Shop.open(gate, "pos")
    order_id = (await shop.place())["order_id"]

    async def ask(**extra: str) -> Response:
        if name == "get":
            return await gate.http.get(f"/v1/orders/{order_id}", headers={**shop.headers, **extra})
        if name == "place":
            return await gate.http.post("/v1/orders", json=shop.order(), headers={**shop.keyed(), **extra})
        path = "/v1/nowhere" if name == "nowhere" else "/v1/orders"
        return await gate.http.get(path, headers=extra)

    plain = bare(await ask())
    differing = {}
    for header, value in HEADERS.items():
        answer = await ask(**{header.partition(":")[0]: value})
        if bare(answer) != plain or EVIL in str(answer.headers):
            differing[header] = answer.status_code
        if location := answer.headers.get("location"):
            assert location == f"{PUBLIC}/v1/orders/{answer.json()['order_id']}"

    assert differing == {}
    assert CANARY.encode() not in lines.getvalue()
    assert b"203.0.113.9" not in lines.getvalue()


async def test_no_header_gets_into_the_database_from_where_back_ends_are_served(gate: Gate, shop: Shop) -> None:
    canaries = {header.partition(":")[0]: f"{CANARY}, {value}" for header, value in HEADERS.items()}
    some = {name: value for name, value in canaries.items() if name not in ("user-agent", "host")}
    for batch in (dict(list(some.items())[:40]), dict(list(some.items())[40:])):
        placed = await gate.http.post("/v1/orders", json=shop.order(), headers={**shop.keyed(), **batch})
        assert placed.status_code == 202, placed.text

    tables = await shop.rows("select schemaname || '.' || tablename from pg_tables where schemaname !~ '^pg_|info'")
    searched = "select 1 from {} as t where t::text like %s"
    held = {name for (name,) in tables if await shop.rows(searched.format(name), f"%{CANARY}%")}
    audited = await shop.rows("select actor, partner_id, action from audit where action = 'orders:write'")

    assert len(tables) > 10
    assert held == set()
    assert set(audited) == {("partner", "web", "orders:write")}


async def test_an_address_cannot_be_changed_by_saying_another(gate: Gate, lines: BytesIO) -> None:
    quota = gate.bundle.quotas.addresses.quota

    for number in range(quota + 1):
        other = f"203.0.113.{number}"
        said = {"x-forwarded-for": other, "forwarded": f"for={other}", "x-real-ip": other}
        answer = await gate.http.get("/v1/orders", headers=said)

    last = orjson.loads(lines.getvalue().splitlines()[-1])
    assert (answer.status_code, answer.json()["code"]) == (429, TooManyRequests.code)
    assert last["address"] == "127.0.0.1"
