"""The guides' configurations of HAProxy and nginx, as they stand: what passes, what is tried again, who is believed."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from ipaddress import ip_network
from pathlib import Path

import orjson
import pytest
from starlette.types import Receive, Scope, Send

from gateway.edge.addresses import ClientAddress
from gateway.governance.bundle import load_bundle
from gateway.settings import ROOT
from tests.framings import SMUGGLED
from tests.proxies import GUIDES, HOST, PROXIES, PUBLIC, Door, checked, free_port, standing
from tests.served import listening

pytestmark = pytest.mark.proof

CLAIMS = (
    *("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Prefix", "Forwarded"),
    *("X-Real-IP", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP", "X-Cluster-Client-IP", "X_Forwarded_For"),
    *("X-User", "X-User-Id", "X-Users-Role", "X-Tenant", "X-Tenant-Id", "X-Omnigate-Partner", "X-Omnigate-Principal"),
    *("X-Original-URL", "X-Rewrite-URL", "X-HTTP-Method-Override", "X-Method-Override", "X-Request-Id"),
    *("Keep-Alive", "Proxy-Authorization", "Proxy-Connection", "TE", "Trailer", "Upgrade", "HTTP2-Settings"),
)
KEPT = {
    "accept": "application/json",
    "authorization": "Bearer a.b.c",
    "content-type": "application/json",
    "idempotency-key": '"0123456789abcdef"',
    "if-none-match": '"v1"',
    "prefer": "wait=5",
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
}


class BackEnd:
    """An edge as far as a proxy can tell: says what it was told, by whom, and goes away when asked to."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] != "/readyz":
            self.seen.append(scope["path"])
        if scope["path"] == "/dies":
            raise ConnectionAbortedError  # uvicorn answers 500: see `broken`
        told = {name.decode(): value.decode() for name, value in scope["headers"]}
        body = orjson.dumps({"client": scope["client"][0], "path": scope["path"], "headers": told})
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-request-id", b"req_edge")]})
        await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def opened(name: str, folder: Path, edges: list[int]) -> AsyncIterator[Door]:
    folder.chmod(0o711)
    proxy = standing(PROXIES[name](folder, edges), folder)
    door = await asyncio.to_thread(proxy.__enter__)
    try:
        yield door
    finally:
        await asyncio.to_thread(proxy.__exit__, None, None, None)


@pytest.fixture(params=PROXIES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def asked(door: Door, request: bytes, *, local: str = HOST) -> tuple[int, dict[str, str], bytes]:
    reader, writer = await door.open(local=local)
    try:
        async with asyncio.timeout(60):
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            fields = dict(line.lower().split(": ", 1) for line in head[1:] if line)
            if "content-length" in fields:
                return int(head[0][9:12]), fields, await reader.readexactly(int(fields["content-length"]))
            return int(head[0][9:12]), fields, await reader.readuntil(b"0\r\n\r\n")
    finally:
        writer.close()


def request(line: str = "GET /told HTTP/1.1", **fields: str) -> bytes:
    return "".join([line, "\r\nhost: x\r\n", *(f"{n}: {v}\r\n" for n, v in fields.items()), "\r\n"]).encode()


def test_the_file_is_valid_as_it_stands(name: str, tmp_path: Path) -> None:
    done = checked(PROXIES[name](tmp_path, [8080, 8081]))

    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr.lower()


async def test_claims_of_the_caller_do_not_pass_and_the_rest_does(name: str, tmp_path: Path) -> None:
    back_end = ClientAddress(BackEnd(), trusted=(ip_network(HOST),))
    async with listening(back_end, public=PUBLIC) as port, opened(name, tmp_path, [port]) as door:
        claims = {claim: "203.0.113.7" for claim in CLAIMS}
        status, fields, body = await asked(door, request(**claims, **KEPT), local="127.0.0.9")

    told = orjson.loads(body[body.index(b"{") : body.rindex(b"}") + 1])
    passed = {field.lower() for field in CLAIMS} & told["headers"].keys()
    assert (status, fields["x-request-id"]) == (200, "req_edge")
    assert passed == {"x-forwarded-for"}
    assert (told["headers"]["x-forwarded-for"], told["client"]) == ("127.0.0.9", "127.0.0.9")
    assert {field: told["headers"].get(field) for field in KEPT} == KEPT


def test_nginx_lets_every_header_of_the_contracts_pass() -> None:
    contracts = (load_bundle(ROOT / "contracts" / "openapi", ROOT / "policies").contracts.documents)
    assert contracts


async def test_a_path_reaches_the_edge_as_it_was_sent(name: str, tmp_path: Path) -> None:
    back_end = BackEnd()
    async with listening(back_end, public=PUBLIC) as port, opened(name, tmp_path, [port]) as door:
        for path in ("/a//b", "/a/%2e%2e/b", "/a/../b", "/a%2Fb", "/a;b", "/%00", "/.problem"):
            await asked(door, request(f"GET {path}?q=1 HTTP/1.1"))

    assert back_end.seen


async def test_a_command_that_may_have_arrived_is_not_sent_again(name: str, tmp_path: Path) -> None:
    heard: list[bytes] = []

    async def hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if b"/readyz" in head:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        else:
            heard.append(head)
        writer.close()

    async with AsyncExitStack() as stack:
        edges = [await stack.enter_async_context(await asyncio.start_server(hangs_up, HOST, 0)) for _ in range(2)]
        ports = [edge.sockets[0].getsockname()[1] for edge in edges]
        door = await stack.enter_async_context(opened(name, tmp_path, ports))
        status, fields, body = await asked(door, request("POST /v1/orders HTTP/1.1", **{"content-length": "0"}))

    problem = orjson.loads(body)
    assert len(heard) == 1
    assert (status, problem["status"], problem["code"], problem["effect"]) == (502, 502, "unavailable", "unknown")
    assert fields["content-type"] == "application/problem+json"
    assert problem["request_id"].lower() == fields["x-request-id"]


async def test_a_command_that_was_never_sent_goes_to_another_edge(name: str, tmp_path: Path) -> None:
    back_end = BackEnd()
    async with listening(back_end, public=PUBLIC) as port, opened(name, tmp_path, [free_port(), port]) as door:
        answers = [
            await asked(door, request("POST /told HTTP/1.1", **{"content-length": "0"})) for _ in range(4)
        ]

    assert [status for status, _, _ in answers] == [200] * 4
    assert back_end.seen == ["/told"] * 4


async def test_without_an_edge_the_proxy_speaks_in_our_voice(name: str, tmp_path: Path) -> None:
    async with opened(name, tmp_path, [free_port()]) as door:
        status, fields, body = await asked(door, request("POST /v1/orders HTTP/1.1", **{"content-length": "0"}))

    problem = orjson.loads(body)
    assert status == problem["status"] == (503 if name == "haproxy" else 502)
    assert (problem["code"], problem["retryable"]) == ("unavailable", True)
    assert problem["type"] == f"{PUBLIC}/problems/unavailable"
    assert fields["cache-control"] == "no-store"
    assert problem["request_id"].lower() == fields["x-request-id"]


async def test_only_tls_of_this_decade_is_spoken(name: str, tmp_path: Path) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    async with opened(name, tmp_path, [free_port()]) as door:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.open_connection(HOST, door.port, ssl=old)


async def test_a_head_too_large_is_refused_and_one_as_large_as_may_be_passes(name: str, tmp_path: Path) -> None:
    async with listening(BackEnd(), public=PUBLIC) as port, opened(name, tmp_path, [port]) as door:
        fits = await asked(door, request(authorization="Bearer " + "x" * 15_000))
        large = await asked(door, request(**{f"x-{n}": "x" * 8000 for n in range(6)}))

    assert fits[0] == 200
    assert large[0] in {400, 431}
    assert socket and SMUGGLED and GUIDES
