"""Clients that dribble or do not listen, direct and through both proxies: they are shut out, the others served."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from httpx2 import AsyncClient

from tests.proof.rig import Rig
from tests.proxies import HOST, PROXIES, Door, opened
from tests.slow import allow_files, attack, healthy

pytestmark = pytest.mark.proof

ATTACKERS = {"slow head": 100, "slow body": 100, "greedy read": 50}
LIMIT = 90.0  # seconds after which an attacker counts as one that was not got rid of


@asynccontextmanager
async def door(name: str, rig: Rig, folder: Path) -> AsyncIterator[Door]:
    rig.environment["OMNIGATE_TRUSTED_PROXIES"] = HOST
    await rig.start_edge()
    if name == "direct":
        yield Door(name, rig.settings.port)
    else:
        async with opened(PROXIES[name](folder, [rig.settings.port]), folder) as standing:
            yield standing


async def token(rig: Rig) -> str:
    async with AsyncClient(base_url=f"http://{HOST}:{rig.settings.port}") as http:
        basic = (rig.credentials.client_id, rig.credentials.client_secret)
        answer = await http.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=basic)
    return str(answer.json()["access_token"])


@pytest.mark.parametrize("name", ["direct", *PROXIES])
async def test_slow_clients_are_shut_out_and_the_others_are_served(name: str, rig: Rig, tmp_path: Path) -> None:
    allow_files()
    async with door(name, rig, tmp_path) as knocked:
        request = f"GET /v1/orders HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {await token(rig)}\r\n\r\n".encode()
        attacked = asyncio.create_task(attack(knocked, ATTACKERS, within=LIMIT))
        health = await healthy(knocked, request, until=attacked)
        fates = await attacked

    print(name, fates, health.answered, health.failed)
    assert {kind: sum(ends.values()) for kind, ends in fates.ends.items()} == ATTACKERS
    assert [kind for kind, ends in fates.ends.items() if ends["still there"]] == []
    assert health.answered > 0
    assert not health.failed
