"""The guides' configurations of HAProxy and nginx, as they stand: what passes, what is tried again, who is believed."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from ipaddress import ip_network
from pathlib import Path

import orjson
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.edge.addresses import ClientAddress
from tests.proxies import HOST, PROXIES, PUBLIC, Door, checked, free_port, opened
from tests.served import listening

pytestmark = pytest.mark.proof

CLAIMS = (
    *(
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "X-Forwarded-Port",
        "X-Forwarded-Prefix",
        "Forwarded",
    ),
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
    """An edge as far as a proxy can tell: repeats what it was told and by whom."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] != "/readyz":
            self.seen.append(scope["raw_path"])
        told = {name.decode(): value.decode() for name, value in scope["headers"]}
        body = orjson.dumps({"client": scope["client"][0], "headers": told})
        headers = [(b"x-request-id", b"req_edge"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


@pytest.fixture(params=PROXIES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@asynccontextmanager
async def standing(name: str, folder: Path, back_end: ASGIApp) -> AsyncIterator[Door]:
    """The proxy before one edge that trusts it."""
    async with (
        listening(back_end, public=PUBLIC, trusted=(ip_network(HOST),)) as port,
        opened(PROXIES[name](folder, [port]), folder) as door,
    ):
        yield door


async def asked(door: Door, request: bytes, *, local: str = HOST) -> tuple[int, dict[str, str], bytes]:
    reader, writer = await door.open(local=local)
    try:
        async with asyncio.timeout(60):
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            fields = dict(line.lower().split(": ", 1) for line in head[1:] if line)
            return int(head[0][9:12]), fields, await reader.readexactly(int(fields["content-length"]))
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
    async with standing(name, tmp_path, back_end) as door:
        claims = dict.fromkeys(CLAIMS, "203.0.113.7")
        status, fields, body = await asked(door, request(**claims, **KEPT), local="127.0.0.9")

    told = orjson.loads(body)
    passed = {field.lower() for field in CLAIMS} & told["headers"].keys()
    assert (status, fields["x-request-id"]) == (200, "req_edge")
    assert passed == {"x-forwarded-for"}
    assert (told["headers"]["x-forwarded-for"], told["client"]) == ("127.0.0.9", "127.0.0.9")
    assert {field: told["headers"].get(field) for field in KEPT} == KEPT


PATHS = ("/a//b", "/a/%2e%2e/b", "/a/../b", "/a/./b", "/a%2Fb", "/a%252Fb", "/a;b=c", "/%C3%A9", "/A", "/a/")


async def test_a_path_reaches_the_edge_as_it_was_sent(name: str, tmp_path: Path) -> None:
    back_end = BackEnd()
    async with standing(name, tmp_path, back_end) as door:
        for path in PATHS:
            await asked(door, request(f"GET {path}?q=%20 HTTP/1.1"))

    assert back_end.seen == [path.encode() for path in PATHS]


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
        door = await stack.enter_async_context(opened(PROXIES[name](tmp_path, ports), tmp_path))
        status, fields, body = await asked(door, request("POST /v1/orders HTTP/1.1", **{"content-length": "0"}))

    problem = orjson.loads(body)
    assert len(heard) == 1
    assert (status, problem["status"], problem["code"], problem["effect"]) == (502, 502, "unavailable", "unknown")
    assert fields["content-type"] == "application/problem+json"
    assert problem["request_id"].lower() == fields["x-request-id"]


async def test_a_command_that_was_never_sent_goes_to_another_edge(name: str, tmp_path: Path) -> None:
    back_end = BackEnd()
    async with (
        listening(back_end, public=PUBLIC) as port,
        opened(PROXIES[name](tmp_path, [free_port(), port]), tmp_path) as door,
    ):
        answers = [await asked(door, request("POST /told HTTP/1.1", **{"content-length": "0"})) for _ in range(4)]

    assert [status for status, _, _ in answers] == [200] * 4
    assert back_end.seen == [b"/told"] * 4


async def test_without_an_edge_the_proxy_speaks_in_our_voice(name: str, tmp_path: Path) -> None:
    async with opened(PROXIES[name](tmp_path, [free_port()]), tmp_path) as door:
        status, fields, body = await asked(door, request("POST /v1/orders HTTP/1.1", **{"content-length": "0"}))

    problem = orjson.loads(body)
    assert status == problem["status"] == (503 if name == "haproxy" else 502)
    assert (problem["code"], problem["retryable"]) == ("unavailable", True)
    assert problem["type"] == f"{PUBLIC}/problems/unavailable"
    assert fields["cache-control"] == "no-store"
    assert problem["request_id"].lower() == fields["x-request-id"]


async def test_a_head_too_large_is_refused_and_one_as_large_as_may_be_passes(name: str, tmp_path: Path) -> None:
    async with standing(name, tmp_path, BackEnd()) as door:
        fits = await asked(door, request(authorization="Bearer " + "x" * 15_000))
        large = await asked(door, request(**{f"x-{n}": "x" * 8000 for n in range(6)}))

    assert fits[0] == 200
    assert large[0] in {400, 431}


async def patient(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A back end with room for everybody: what hangs is not answered, and nobody is turned away."""
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while b"/hangs" not in await reader.readuntil(b"\r\n\r\n"):
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        await reader.read()
    writer.close()


async def test_one_address_may_have_so_many_connections_and_others_do_not_notice(name: str, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        edge = await stack.enter_async_context(await asyncio.start_server(patient, HOST, 0))
        proxy = PROXIES[name](tmp_path, [edge.sockets[0].getsockname()[1]])
        door = await stack.enter_async_context(opened(proxy, tmp_path))
        greedy = []
        for _ in range(205):
            reader, writer = await knock(door, "127.0.0.9")
            stack.callback(writer.transport.abort)
            greedy.append(asyncio.create_task(first_line(reader, writer, request("GET /hangs HTTP/1.1"))))
        refused, others = await asyncio.wait(greedy, timeout=20, return_when=asyncio.FIRST_COMPLETED)
        status, _, _ = await asked(door, request(), local="127.0.0.10")
        for task in others:
            task.cancel()

    assert status == 200
    assert refused
    assert {task.result().split(b" ")[1:2] == [b"429"] or task.result() == b"" for task in refused} == {True}


async def knock(door: Door, local: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Where a door is shut at once, an end of what was never opened."""
    try:
        return await door.open(local=local)
    except (ConnectionError, ssl.SSLError):
        shut = asyncio.StreamReader()
        shut.feed_eof()
        _, writer = await asyncio.open_connection(HOST, door.port)
        return shut, writer


async def first_line(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sent: bytes) -> bytes:
    try:
        writer.write(sent)
        return await reader.readline()
    except ConnectionError:
        return b""
