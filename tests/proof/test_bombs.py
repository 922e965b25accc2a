"""
Requests made to be expensive, one after another, against a running edge: each is refused or cut off, the process does
not grow by more than 32 MiB, reads no more of a body than its limit and 64 KiB, and serves as before when it is over.
"""

import asyncio
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.proof.bombs import LIMIT, bombs
from tests.proof.client import Channel, order
from tests.proof.processes import ROOT, Process
from tests.proof.rig import Rig

pytestmark = pytest.mark.proof

MEBIBYTE = 1024 * 1024
GROWTH = 32  # MiB
BUFFERED = 8 * MEBIBYTE  # what the kernel may take of a body that nobody reads: socket buffers of both sides
ROUNDS = 2


@pytest.fixture
async def edge(rig: Rig) -> tuple[Process, str]:
    """One that does not throttle, so that every request is looked at."""
    policies = rig.home / "policies"
    shutil.copytree(ROOT / "policies", policies)
    quotas = (policies / "quotas.yaml").read_text()
    generous = re.sub(r"^(addresses|token_route):.*$", r"\1: {quota: 1000000, window: 60}", quotas, flags=re.MULTILINE)
    (policies / "quotas.yaml").write_text(generous)
    rig.environment["OMNIGATE_POLICIES"] = str(policies)
    return await rig.start_edge()


async def fired(address: str, sent: bytes) -> bytes:
    """What came back, which may be nothing when the connection was cut while we were still sending."""
    host, port = address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(sent)
    answer = b""
    try:
        async with asyncio.timeout(60):
            while piece := await reader.read(65536):
                answer += piece
    except ConnectionError:
        pass
    finally:
        writer.transport.abort()
    return answer


def resident(process: Process) -> int:
    status = Path(f"/proc/{process.running.pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1024


async def served(channel: Channel) -> None:
    acked = await channel.place(order(number=2))
    assert await channel.status(acked.order_id) in ("received", "accepted")


async def test_bombs_are_refused_and_leave_nothing_behind(rig: Rig, edge: tuple[Process, str]) -> None:
    process, address = edge
    async with rig.channel(address) as channel:
        for _ in range(50):
            await served(channel)
        authorization = f"authorization: Bearer {channel.token}\r\n".encode()
        before, statuses, wrong, growth = resident(process), Counter[str](), [], []
        for _ in range(ROUNDS):
            for bomb in bombs(authorization):
                answer = await fired(address, bomb.sent)
                status = int(answer[9:12]) if answer else 0
                statuses[str(status or "cut off")] += 1
                if status and status not in bomb.statuses:
                    wrong.append((bomb.name, answer[:300]))
            await served(channel)
            growth.append((resident(process) - before) / MEBIBYTE)
        listed = await channel.http.get("/v1/orders", headers=channel.headers())

    count = len(list(bombs(authorization)))
    print(f"\n{count} bombs, {ROUNDS} rounds: {dict(sorted(statuses.items()))}")
    print("grown by " + ", ".join(f"{grown:.1f}" for grown in growth) + " MiB after each round")
    assert wrong == []
    assert max(growth) <= GROWTH
    assert listed.status_code == 200
    assert b'"status":5' not in process.log.read_bytes()


@pytest.mark.parametrize("how", ["declared", "chunked"])
async def test_of_a_body_beyond_the_limit_little_is_taken(rig: Rig, edge: tuple[Process, str], how: str) -> None:
    _, address = edge
    async with rig.channel(address) as channel:
        token = channel.token
    host, port = address.removeprefix("http://").split(":")
    length = "content-length: 1000000000" if how == "declared" else "transfer-encoding: chunked"
    head = f"POST /v1/orders HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n"
    piece = b"x" * 65536 if how == "declared" else b"10000\r\n" + b"x" * 65536 + b"\r\n"
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"{head}idempotency-key: bomb-0123456789abcdef\r\n{length}\r\n\r\n".encode())

    answer, taken = asyncio.create_task(reader.read(65536)), 0
    while not answer.done() and taken < 64 * MEBIBYTE:
        writer.write(piece)
        drained = asyncio.ensure_future(writer.drain())
        await asyncio.wait([answer, drained], return_when=asyncio.FIRST_COMPLETED, timeout=30)
        taken += len(piece)
    writer.transport.abort()

    print(f"\n{how}: answered after {taken / 1024:,.0f} KiB had been handed to the network")
    assert (await answer).startswith(b"HTTP/1.1 413 ")
    assert taken <= LIMIT + 65536 + BUFFERED
