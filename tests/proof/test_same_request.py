"""Copies of one request at once, on two edges, before and after both are killed: one order, the same bytes."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from signal import SIGKILL
from uuid import uuid4

import pytest
from httpx2 import HTTPError, Response

from tests.proof.client import Acked, Channel, Json, order
from tests.proof.processes import Process
from tests.proof.rig import Rig

pytestmark = pytest.mark.proof

COPIES = 20


async def _at_once(channels: Sequence[Channel], body: Json, key: str) -> list[Response | HTTPError]:
    async def post(number: int) -> Response | HTTPError:
        try:
            return await channels[number % len(channels)].post(body, key)
        except HTTPError as error:
            return error

    return await asyncio.gather(*(post(number) for number in range(COPIES)))


def _answers(outcomes: Sequence[Response | HTTPError]) -> list[Response]:
    return [outcome for outcome in outcomes if isinstance(outcome, Response)]


async def _edges(rig: Rig, ports: Sequence[int]) -> list[Process]:
    return [(await rig.start_edge(port))[0] for port in ports]


async def test_copies_of_one_request_are_one_order_also_after_a_crash(rig: Rig) -> None:
    ports = (rig.settings.port, rig.sandbox_port + 1)
    edges = await _edges(rig, ports)
    rig.start_worker()
    body, key = order(number=4), str(uuid4())
    async with rig.channel(f"http://127.0.0.1:{ports[0]}") as one, rig.channel(f"http://127.0.0.1:{ports[1]}") as two:
        first = _answers(await _at_once((one, two), body, key))
        for edge in edges:
            edge.end(SIGKILL)
        edges = await _edges(rig, ports)
        again = _answers(await _at_once((one, two), body, key))
        one.acked.append(Acked(first[0].json()["order_id"], body, key))
        (promised,) = await rig.audit(one)

    statuses = Counter(answer.status_code for answer in (*first, *again))
    replayed = [answer for answer in (*first, *again) if answer.headers.get("idempotent-replayed") == "true"]
    assert statuses == {202: 2 * COPIES}
    assert len({answer.content for answer in (*first, *again)}) == 1
    assert len(replayed) == 2 * COPIES - 1
    assert all(answer in replayed for answer in again)
    assert promised.status == "completed"


async def test_edges_killed_amid_the_copies_leave_one_order_and_block_nothing(rig: Rig) -> None:
    ports = (rig.settings.port, rig.sandbox_port + 1)
    edges = await _edges(rig, ports)
    rig.start_worker()
    async with rig.channel(f"http://127.0.0.1:{ports[0]}") as one, rig.channel(f"http://127.0.0.1:{ports[1]}") as two:
        requests = [(order(number=number), str(uuid4())) for number in range(8)]
        amid = [asyncio.create_task(_at_once((one, two), *request)) for request in requests]
        await asyncio.wait(amid, return_when=asyncio.FIRST_COMPLETED)
        for edge in edges:
            edge.end(SIGKILL)
        before = [_answers(await copies) for copies in amid]
        edges = await _edges(rig, ports)
        after = [_answers(await _at_once((one, two), *request)) for request in requests]
        for (body, key), answers in zip(requests, after, strict=True):
            one.acked.append(Acked(answers[0].json()["order_id"], body, key))
        listed = [await _found(one, body) for body, _ in requests]
        promised = await rig.audit(one)

    for earlier, later, found in zip(before, after, listed, strict=True):
        assert all(answer.status_code == 202 for answer in later)
        acknowledged = {answer.content for answer in (*earlier, *later) if answer.status_code == 202}
        assert len(acknowledged) == 1
        assert len(found) == 1
    assert {order.status for order in promised} == {"completed"}
    print(f"\nanswered before the kill: {sum(map(len, before))} of {COPIES * len(requests)}")


async def _found(channel: Channel, body: Json) -> list[Json]:
    named = {"channel_order_id": body["channel_order_id"]}
    answer = await channel.http.get("/v1/orders", params=named, headers=channel.headers())
    orders: list[Json] = answer.json()["orders"]
    return orders
