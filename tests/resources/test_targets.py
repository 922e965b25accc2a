"""However a request's target and Host are written, it is the very operation or none; over a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from string import Template

import orjson
import pytest

from tests.gate import PUBLIC, Gate
from tests.resources.shop import Shop
from tests.served import listening

pytestmark = pytest.mark.usefixtures("lines")

EVIL = "canary-evil.example"


# P is the order's path, I its id, J the id without its first letter, L the id in lower case, E somebody else's host.
TARGETS = """
    ${P} ${P}/ ${P}// /${P} //v1/orders/${I} /v1//orders/${I} /v1/orders//${I} /v1/./orders/${I} /./v1/orders/${I}
    /v1/orders/./${I} ${P}/. ${P}/.. /v1/x/../orders/${I} /../v1/orders/${I} /healthz/../v1/orders/${I} ${P}/../${I}
    /v1/orders/../orders/${I} /healthz/..%2fv1/orders/${I} /v1/%2e/orders/${I} /v1/x/%2e%2e/orders/${I}
    /v1/x/%2E%2E%2Forders/${I} /v1%2Forders%2F${I} /v1/orders%2F${I} /v1/orders%2f${I} %2Fv1/orders/${I}
    /v1%252Forders/${I} /v1/orders%252F${I} /v1\\orders\\${I} /v1/orders%5C${I} /V1/orders/${I} /v1/ORDERS/${I}
    /v1/orders/${L} /%76%31/orders/${I} /v1/%6Frders/${I} /v1/orders/%6F${J} /v1/%256Frders/${I} /v1/orders/o%4A
    ${P}; ${P};a=b /v1;a=b/orders/${I} /v1/orders;/${I} ${P}%3B ${P}.json ${P}%00 ${P}%00.json /v1/orders/%00${I}
    ${P}%0A ${P}%0D%0A ${P}%20 ${P}%09 ${P}? ${P}?? ${P}?a=1 ${P}?a=1&a=2 ${P}# ${P}#x ${P}%23 ${P}%3F ${P}%3Fa=1
    ${P}& ${P}/events ${P}/cancel ${P}/%65vents ${P}/events/ ${P}/events%00 ${P}/x /v1/orders/${I},${I}
    /v1/orders/${I}%2C /v1/orders/${I}%2F${I} /v1/orders/%EF%BD%8F${J} ${P}%C0%80 /v1%C0%AForders/${I} ${P}%FF
    ${P}%u0000 ${P}% ${P}%2 /v1/orders/* * /${E}/..${P} v1/orders/${I} /?${P} /oauth/token/../..${P} /v1/orders/..
    http://${E}${P} https://${E}${P} http://gateway.example${P} HTTP://${E}:80${P} http://a:b@${E}${P}
    http://${E}//v1/orders/${I} ftp://${E}${P} http:${P} //${E}${P} ///${E}${P} /\\${E}${P} @${E}:80${P} .${P}
    /.${P} /~/..${P} /v1/orders/${I}/../${I}/ /static/../${P}
"""
RAW = (b"\xff", b"\xc0\x80", b"\x01", b"\x7f", b"\xc3\xa4", b"\t", b"\x0b", b"\0")


def targets(order_id: str) -> dict[str, bytes]:
    """Ways to write an order's address that some server, proxy or framework takes for it."""
    path = f"/v1/orders/{order_id}"
    meanings = {"P": path, "I": order_id, "J": order_id[1:], "L": order_id.lower(), "E": EVIL}
    texts = {text: Template(text).substitute(meanings) for text in TARGETS.split()}
    return {name: text.encode() for name, text in texts.items()} | {f"P{raw!r}": path.encode() + raw for raw in RAW}


HOSTS = """
    E gateway.example gateway.example:443 Gateway.example gateway.example. 127.0.0.1 localhost [::1] [::1]:8080 *
    % .. / ? # gateway.example@E gateway.example:80@E E:99999 E/v1 gateway.example,E metadata.internal
    169.254.169.254 0 0x7f.1 <script> 'or(1=1) ä.example xn--4ca.example E:80:80 E:-1 E:http http://E //E E\\x
"""


def hosts() -> dict[str, bytes]:
    """Host lines of all kinds; none of them may matter."""
    values = (*HOSTS.split(), "", "a b", "E\tE", "x" * 5000)
    lines = {value: b"host: " + value.replace("E", EVIL).encode() for value in values}
    twice = {"two": b"host: gateway.example\r\nhost: " + EVIL.encode(), "none": b"x-host: x", "name": b"HOST: x"}
    return lines | twice | {"blanks": b"host:   x  ", "folded": b"host: x\r\n " + EVIL.encode()}


METHODS = """
    get Get GETX HEAD DELETE PUT PATCH OPTIONS TRACE CONNECT PROPFIND LOCK QUERY PURGE DEBUG POST M-SEARCH ɢET GЕT
"""


class Door:
    """The gate behind uvicorn as the edge runs it; one connection a request."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def ask(self, line: bytes, host: bytes = b"host: gateway.example", token: str = "") -> tuple[int, bytes]:
        authorization = f"authorization: {token}\r\n".encode() if token else b""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(line + b" HTTP/1.1\r\n" + host + b"\r\n" + authorization + b"connection: close\r\n\r\n")
            async with asyncio.timeout(60):
                answer = await reader.read()
        finally:
            writer.close()
        return int(answer[9:12] or 0), answer

    async def ask_all(self, requests: dict[str, tuple[bytes, bytes]], token: str) -> dict[str, tuple[int, bytes]]:
        answers: dict[str, tuple[int, bytes]] = {}
        for name, (line, host) in requests.items():
            answers[name] = await self.ask(line, host, token)
        return answers


@asynccontextmanager
async def opened(gate: Gate) -> AsyncIterator[Door]:
    async with listening(gate.app, public=PUBLIC) as port:
        yield Door(port)


@pytest.mark.parametrize("kind", ["targets", "hosts", "methods"])
async def test_a_request_is_the_very_operation_or_none(gate: Gate, shop: Shop, lines: BytesIO, kind: str) -> None:
    order_id = (await shop.place())["order_id"]
    stranger = await Shop.open(gate, "pos", scopes=frozenset({"orders:read", "orders:write"}))
    path = f"GET /v1/orders/{order_id}".encode()
    requests = {
        "targets": {name: (b"GET " + target, b"host: x") for name, target in targets(order_id).items()},
        "hosts": {name: (path, host) for name, host in hosts().items()},
        "methods": {method: (method.encode() + path[3:], b"host: x") for method in METHODS.split()},
    }[kind]

    async with opened(gate) as door:
        status, plain = await door.ask(path, token=shop.headers["authorization"])
        own = await door.ask_all(requests, shop.headers["authorization"])
        foreign = await door.ask_all(requests, stranger.headers["authorization"])
        nobody = await door.ask_all(requests, "")

    print(f"\n{len(requests)} {kind}: {sorted({status for status, _ in own.values()})} for the owner")
    assert status == 200
    assert {name: answer[0] for name, answer in own.items() if not is_fair(answer, plain, order_id)} == {}
    for others in (foreign, nobody):
        assert {name: status for name, (status, _) in others.items() if not 400 <= status < 500} == {}
        assert not any(b"LAMP-7" in body for _, body in others.values())
    assert not any(EVIL.encode() in head(answer) for _, answer in (*own.values(), *foreign.values(), *nobody.values()))
    assert EVIL.encode() not in lines.getvalue()


def head(answer: bytes) -> bytes:
    """What a cache, a browser or a client would follow; `instance` repeats the path as it was understood."""
    top, _, body = answer.partition(b"\r\n\r\n")
    return top + (orjson.loads(body).get("type", "").encode() if body.startswith(b"{") else b"")


def is_fair(answer: tuple[int, bytes], plain: bytes, order_id: str) -> bool:
    """The order itself, what else its contract has for it, or a refusal in our voice."""
    status, told = answer
    top, _, body = told.partition(b"\r\n\r\n")
    if status == 200:
        events = b'"sequence":1' in body
        return body in (plain.partition(b"\r\n\r\n")[2], b"") or events
    return status in (400, 404, 405, 422) and b"application/problem+json" in top
