"""A full process says so before it does anything else, over a real socket; and what was full is free again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path

import orjson
import pytest
from starlette.types import Receive, Scope, Send

from gateway.edge.door import Door
from gateway.edge.places import PLACE, Place, Places, Who
from gateway.errors import Overloaded
from gateway.governance.admission import load_admission
from tests.edge.served import BUNDLE, PUBLIC, Streams, asked, served, told

POLICY = """places: 2
classes:
  health: {share: 150, operations: [report_liveness]}
  orders: {share: 100, operations: [place_order]}
  lists: {share: 50, operations: [list_orders]}
default_class: lists
operations: {}
partners: {}
default_partner: 1
resting: {partner: 1, all: 1}
"""
HOST = b" HTTP/1.1\r\nhost: x\r\n"
ORDER = b"POST /v1/orders" + HOST + b"content-length: 2\r\n"
LIST = b"GET /v1/orders?page_size=2" + HOST
LAST = b"connection: close\r\n\r\n"


class Desk:
    """The app behind: reads the body, then keeps every order until the test lets go of it."""

    def __init__(self, folder: Path) -> None:
        path = folder / "admission.yaml"
        path.write_text(POLICY, encoding="utf-8")
        operations, plans = BUNDLE.contracts.operations, BUNDLE.quotas.plans
        self.places = Places(load_admission(path, operations=operations, plans=plans))
        self.door = Door(self.places, BUNDLE.contracts, public=PUBLIC, every=0.2, buffered=20_000)
        self.here: asyncio.Queue[Place] = asyncio.Queue()
        self.open = asyncio.Event()
        self.seen = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            status = await self._work(scope, receive)
        except Overloaded as error:
            status = error.status
        body = b"x" * (16 << 20) if b"large" in scope["query_string"] else b"done"
        length = (b"content-length", b"%d" % len(body))
        await send({"type": "http.response.start", "status": status, "headers": [length]})
        await send({"type": "http.response.body", "body": body})

    async def _work(self, scope: Scope, receive: Receive) -> int:
        self.seen += 1
        more = True
        while more:
            message = await receive()
            more = message.get("more_body", False)
        if message["type"] == "http.request" and scope["method"] == "POST":
            self.here.put_nowait(scope[PLACE])
            gone, let_go = asyncio.create_task(receive()), asyncio.create_task(self.open.wait())
            await asyncio.wait([gone, let_go], return_when=asyncio.FIRST_COMPLETED)
            gone.cancel()
            let_go.cancel()
        return 200

    async def come(self, count: int = 1) -> None:
        async with asyncio.timeout(20):
            for _ in range(count):
                await self.here.get()

    async def empty(self) -> None:
        """Until nobody is at work: the server's own tasks have run."""
        async with asyncio.timeout(20):
            while self.places.taken:
                await asyncio.sleep(0)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@asynccontextmanager
async def full(desk: Desk) -> AsyncIterator[tuple[Streams, Streams, Streams]]:
    """All places are taken, by orders of the first two connections; the third is free."""
    async with served(desk, door=desk.door) as connect, connect() as first, connect() as second, connect() as third:
        for streams in (first, second):
            streams[1].write(ORDER + b"\r\n{}")
        await desk.come(2)
        yield first, second, third


async def answer_of(streams: Streams) -> tuple[int, bytes]:
    """One answer of a connection that stays open."""
    async with asyncio.timeout(20):
        head = await streams[0].readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        return int(head[9:12]), head + await streams[0].readexactly(length)


async def test_a_full_process_refuses_in_our_voice_and_says_when_to_come_again(desk: Desk) -> None:
    async with full(desk) as (_, _, free):
        answer = await asked(free, ORDER + LAST + b"{}")

    assert told(answer) == (503, "overloaded")
    assert b"retry-after: 1\r\n" in answer
    problem = orjson.loads(answer.partition(b"\r\n\r\n")[2])
    assert (problem["instance"], problem["effect"], problem["retryable"]) == ("/v1/orders", "none", True)


async def test_the_refusal_costs_the_caller_no_connection(desk: Desk) -> None:
    async with full(desk) as (first, _, free):
        free[1].write(ORDER + b"\r\n{}" + LIST + b"\r\n")
        refused = [(await answer_of(free))[0] for _ in range(2)]

        desk.open.set()
        await answer_of(first)
        free[1].write(ORDER + b"\r\n{}")
        admitted, _ = await answer_of(free)

    assert (refused, admitted) == ([503, 503], 200)


async def test_a_body_that_looks_like_a_request_is_a_body(desk: Desk) -> None:
    looks = LIST + b"\r\n"
    async with full(desk) as (_, _, free):
        free[1].write(b"POST /v1/orders" + HOST + b"content-length: %d\r\n\r\n" % len(looks))
        refused, _ = await answer_of(free)
        free[1].write(looks)
        await free[1].drain()
        rest = await asked(free, b"GET /healthz" + HOST + LAST)

    assert refused == 503
    assert rest.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("ending", [b"transfer-encoding: chunked\r\n", b"expect: 100-continue\r\n"])
async def test_who_might_go_on_sending_is_cut_off(desk: Desk, ending: bytes) -> None:
    async with full(desk) as (_, _, free):
        answer = await asked(free, b"POST /v1/orders" + HOST + ending + b"\r\n")

    assert told(answer) == (503, "overloaded")


async def test_health_is_answered_when_everything_else_is_full(desk: Desk) -> None:
    async with full(desk) as (_, _, free):
        answer = await asked(free, b"GET /healthz" + HOST + LAST)

    assert answer.startswith(b"HTTP/1.1 200")


async def test_lists_are_refused_while_there_is_still_room_for_orders(desk: Desk) -> None:
    async with served(desk, door=desk.door) as connect, connect() as first, connect() as second, connect() as third:
        first[1].write(ORDER + b"\r\n{}")
        await desk.come()

        refused = await asked(third, LIST + LAST)
        second[1].write(ORDER + b"\r\n{}")
        await desk.come()

    assert told(refused) == (503, "overloaded")


async def test_a_partner_known_by_its_token_is_refused_before_anybody_reads_it(desk: Desk) -> None:
    desk.places.remember(b"Bearer abc", Who("web", desk.places.admission.of_partner(None)))
    async with served(desk, door=desk.door) as connect, connect() as first, connect() as second, connect() as third:
        first[1].write(ORDER + b"authorization: Bearer abc\r\n\r\n{}")
        await desk.come()

        refused = await asked(second, ORDER + b"authorization: Bearer abc\r\n" + LAST + b"{}")
        third[1].write(ORDER + b"authorization: Bearer xyz\r\n\r\n{}")
        await desk.come()

    assert told(refused) == (429, "concurrency_exceeded")


@pytest.mark.parametrize("abort", [False, True])
async def test_who_hangs_up_gives_its_place_back(desk: Desk, abort: bool) -> None:
    async with full(desk) as (first, second, free):
        for _, writer in (first, second):
            writer.transport.abort() if abort else writer.close()
        await desk.empty()

        free[1].write(ORDER + b"\r\n{}")
        await desk.come()


async def test_a_body_that_does_not_arrive_holds_no_place(desk: Desk) -> None:
    async with served(desk, door=desk.door) as connect, connect() as first, connect() as second, connect() as third:
        for _, writer in (first, second):
            writer.write(ORDER + b"\r\n{")
        async with asyncio.timeout(20):
            while desk.places.taken < 2:
                await asyncio.sleep(0)
        await desk.empty()

        third[1].write(ORDER + b"\r\n{}")
        await desk.come()
        first[1].write(b"}")
        await desk.come()

    assert desk.places.resting == 0


async def test_who_does_not_read_its_answer_holds_no_place(desk: Desk) -> None:
    async with served(desk, door=desk.door) as connect, connect() as streams:
        streams[1].write((b"GET /v1/orders?large" + HOST + b"\r\n") * 2)
        async with asyncio.timeout(20):
            while desk.seen < 2:
                await asyncio.sleep(0)

        await desk.empty()


async def test_large_bodies_and_many_of_them_are_not_kept_together(desk: Desk) -> None:
    large = b"POST /v1/orders" + HOST + b"content-length: 80000\r\n\r\n" + b"x" * 80_000
    async with served(desk, door=desk.door) as connect, connect() as first, connect() as second, connect() as third:
        first[1].write(large)
        await desk.come()
        second[1].write(large)
        refused, _ = await answer_of(second)
        third[1].write(ORDER + b"\r\n{}")
        await desk.come()

        desk.open.set()
        await answer_of(first)
        second[1].write(large)
        admitted, _ = await answer_of(second)

    assert (refused, admitted) == (503, 200)


async def test_too_many_waiting_requests_of_one_connection_are_cut_off(desk: Desk) -> None:
    async with served(desk, door=desk.door) as connect, connect() as streams:
        answer = await asked(streams, (ORDER + b"\r\n{}") * 100)

    assert answer == b""


async def test_what_was_shed_is_told_of_in_one_line(desk: Desk, lines: BytesIO) -> None:
    async with full(desk) as (_, _, free):
        free[1].write((ORDER + b"\r\n{}" + LIST + b"\r\n") * 20)
        statuses = {(await answer_of(free))[0] for _ in range(40)}
        async with asyncio.timeout(20):
            while b"requests_shed" not in lines.getvalue():
                await asyncio.sleep(0)

    (line,) = (line for line in map(orjson.loads, lines.getvalue().splitlines()) if line["event"] == "requests_shed")
    assert statuses == {503}
    assert line["count"] == 40
    assert {each["operation"]: (each["code"], each["count"]) for each in line["by"]} == {
        "place_order": ("overloaded", 20),
        "list_orders": ("overloaded", 20),
    }
