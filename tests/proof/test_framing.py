"""Through HAProxy, through nginx and direct: what is counted is what was sent, and each gets its own answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send

from tests.framings import FRAMINGS, SMUGGLED, Framing
from tests.proxies import HOST, PROXIES, PUBLIC, Door
from tests.proxies import opened as opened_proxy
from tests.served import Streams, listening

pytestmark = pytest.mark.proof

DOORS = ("direct", *PROXIES)
PATIENCE = 0.5  # for an answer that may not come; a later one would be counted all the same


class Recorder:
    """A back end behind the edge's own server: notes what its parser makes of what it is sent."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        message = await receive()
        while message["type"] == "http.request" and message["more_body"]:
            message = await receive()
        if message["type"] == "http.disconnect":
            return  # never complete, so never a request
        if scope["path"] != "/readyz":
            self.seen.append(scope["path"])
        body = scope["path"].encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
        await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def opened(name: str, folder: Path) -> AsyncIterator[tuple[Door, Recorder]]:
    recorder = Recorder()
    async with listening(recorder, public=PUBLIC, trusted=(ip_network(HOST),)) as port:
        if name == "direct":
            yield Door(name, port), recorder
            return
        async with opened_proxy(PROXIES[name](folder, [port]), folder) as door:
            yield door, recorder


async def said(streams: Streams, sent: bytes, *, answers: int, within: float) -> bytes:
    """What comes back, until enough has, or the other side goes."""
    reader, writer = streams
    back = b""
    try:
        writer.write(sent)
        async with asyncio.timeout(within):
            while back.count(b"HTTP/1.1 ") < answers or not complete(back):
                piece = await reader.read(65536)
                if not piece:
                    break
                back += piece
    except (TimeoutError, ConnectionError):
        pass
    finally:
        writer.close()
    return back


def complete(back: bytes) -> bool:
    head, _, body = back.rpartition(b"HTTP/1.1 ")[2].partition(b"\r\n\r\n")
    return b"content-length: %d" % len(body) in head.lower()


async def bystander(door: Door, number: int) -> None:
    """Somebody else, right after, over whatever the proxy keeps open: gets its own answer or has been robbed."""
    path = f"/bystander-{number}"
    request = f"GET {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode()
    back = await said(await door.open(), request, answers=1, within=20)
    assert back.startswith(b"HTTP/1.1 200"), (number, back)
    assert back.endswith(path.encode()), (number, back)


@pytest.mark.parametrize("name", DOORS)
async def test_requests_are_counted_as_they_were_sent(name: str, tmp_path: Path) -> None:
    async with opened(name, tmp_path) as (door, recorder):
        await bystander(door, 0)
        for number, framing in enumerate(FRAMINGS.values(), 1):
            within = 20 if framing.sound else PATIENCE
            await said(await door.open(), framing.numbered(number), answers=max(framing.requests, 1), within=within)
            await bystander(door, number)
        seen = list(recorder.seen)

    assert [path for path in seen if "smuggled" in path] == []
    assert [path for path in seen if "bystander" in path] == [f"/bystander-{n}" for n in range(len(FRAMINGS) + 1)]
    assert wrong(seen) == {}


def wrong(seen: list[str]) -> dict[str, list[str]]:
    """By framing: what was counted that was not sent, or not counted that was soundly sent."""
    found = {}
    for number, (name, framing) in enumerate(FRAMINGS.items(), 1):
        counted = [path for path in seen if path.endswith(f"-{number:03d}") and "bystander" not in path]
        if not _right(framing, counted):
            found[name] = counted
    return found


def _right(framing: Framing, counted: list[str]) -> bool:
    if len(set(counted)) < len(counted):
        return False
    return len(counted) == framing.requests if framing.sound else len(counted) <= framing.requests


@pytest.mark.parametrize("name", DOORS)
async def test_a_body_that_comes_late_is_no_request_after_an_upgrade(name: str, tmp_path: Path) -> None:
    head = b"POST /one-001 HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: x\r\n"
    async with opened(name, tmp_path) as (door, recorder):
        streams = await door.open()
        streams[1].write(head + b"content-length: %d\r\n\r\n" % len(SMUGGLED))
        await bystander(door, 0)  # meanwhile the head is read, alone

        await said(streams, SMUGGLED, answers=1, within=PATIENCE)
        await bystander(door, 1)
        seen = list(recorder.seen)

    assert [path for path in seen if "smuggled" in path] == []
