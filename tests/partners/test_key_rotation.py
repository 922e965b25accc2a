"""One signing key follows another: announced first, believed as long as its tokens live, or void at once."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from joserfc import jws

from gateway.errors import Unavailable
from gateway.governance.bundle import Bundle
from gateway.partners.key_ring import ACTIVATION, CACHED, DRIFT, LIFETIME
from gateway.partners.keys import REFRESH, SigningKeys, rotate
from gateway.refusals import Conflict
from gateway.store.audit import Act
from tests.gate import Gate, StillClock, open_gate

ORDERS = "/v1/orders"


async def turn(gate: Gate, *, at_once: bool = False, name: str = "aud_1") -> None:
    await rotate(gate.secrets, Act(name, "ana", gate.clock()), at_once=at_once)


async def published(gate: Gate) -> list[str]:
    return [key["kid"] for key in (await gate.http.get("/.well-known/jwks.json")).json()["keys"]]


def kid(headers: dict[str, str]) -> str:
    return str(jws.extract_compact(headers["authorization"].removeprefix("Bearer ").encode()).headers()["kid"])


async def status(gate: Gate, headers: dict[str, str]) -> int:
    return (await gate.http.get(ORDERS, headers=headers)).status_code


async def test_a_new_key_is_published_long_before_it_signs(gate: Gate) -> None:
    partner, (first,) = await gate.partner(), await published(gate)
    await turn(gate)

    gate.clock.pass_by(REFRESH.total_seconds())
    both = await published(gate)
    gate.clock.pass_by(ACTIVATION.total_seconds() - REFRESH.total_seconds() - 1)
    before = await gate.bearer(partner)
    gate.clock.pass_by(REFRESH.total_seconds())
    after = await gate.bearer(partner)

    assert both == [first, kid(after)]
    assert kid(before) == first != kid(after)
    assert [await status(gate, headers) for headers in (before, after)] == [200, 200]


async def test_the_old_key_is_believed_until_its_last_token_has_expired_and_then_disappears(gate: Gate) -> None:
    partner, (first,) = await gate.partner(), await published(gate)
    await turn(gate)
    gate.clock.pass_by(ACTIVATION.total_seconds() - 1)
    last = await gate.bearer(partner)

    gate.clock.pass_by(LIFETIME - 1)
    retiring, good = await published(gate), await status(gate, last)
    gate.clock.pass_by(DRIFT + REFRESH.total_seconds())
    gone, void = await published(gate), await status(gate, last)

    assert (retiring[0], len(retiring), good) == (first, 2, 200)
    assert (len(gone), first in gone, void) == (1, False, 401)


async def test_a_key_in_the_wrong_hands_is_void_within_the_time_of_a_look(gate: Gate) -> None:
    partner = await gate.partner()
    old = await gate.bearer(partner)
    known = await status(gate, old)

    await turn(gate, at_once=True)
    gate.clock.pass_by(REFRESH.total_seconds())
    refused = await gate.http.get(ORDERS, headers=old)

    assert (known, refused.status_code, refused.json()["code"]) == (200, 401, "invalid_token")
    assert await status(gate, await gate.bearer(partner)) == 200
    assert await published(gate) == [kid(await gate.bearer(partner))]


async def test_every_edge_learns_of_a_new_key_without_a_restart(
    gate: Gate, database_url: str, tmp_path: Path, bundle: Bundle
) -> None:
    partner = await gate.partner()
    async with open_gate(database_url, tmp_path, bundle=bundle) as other:
        other.clock.now = gate.clock.now
        await turn(gate, at_once=True)
        other.clock.pass_by(REFRESH.total_seconds())
        headers = await other.bearer(partner)

        gate.clock.pass_by(1)  # sooner than it would look by itself: the key is unknown

        assert await status(gate, headers) == 200


async def test_a_key_on_its_way_is_waited_for(gate: Gate) -> None:
    await turn(gate)

    with pytest.raises(Conflict, match="is on its way and signs from"):
        await turn(gate, name="aud_2")

    await turn(gate, at_once=True, name="aud_3")
    gate.clock.pass_by(REFRESH.total_seconds())
    assert len(await published(gate)) == 1


async def test_caches_and_edges_know_a_key_before_it_signs(gate: Gate) -> None:
    answer = await gate.http.get("/.well-known/jwks.json")

    assert answer.headers["cache-control"] == f"public, max-age={CACHED}"
    assert timedelta(seconds=CACHED + DRIFT) + REFRESH < ACTIVATION


async def test_a_rotation_is_audited_by_thumbprints_alone(gate: Gate) -> None:
    await turn(gate)
    await turn(gate, at_once=True, name="aud_2")

    async with gate.database.connection() as connection:
        rows = await (await connection.execute("select subject, action, resource, facts from audit")).fetchall()
        kept = await (await connection.execute("select value from secret")).fetchall()

    assert [row[:3] for row in rows] == [("ana", "keys:rotate", "secret:token_signing_key")] * 2
    assert [row[3].keys() for row in rows] == [{"new", "signs_from", "gone"}] * 2
    assert len(rows[1][3]["gone"]) == 2
    assert b"signs_from" not in kept[0][0]


class Drawer:
    """Keeps the keys as the database does, counts how often it is asked, and can be shut."""

    def __init__(self) -> None:
        self.asked = 0
        self.shut = False
        self.kept = b""

    async def get_or_create(self, name: str, make: Callable[[], bytes]) -> bytes:
        self.kept = self.kept or make()
        return self.kept

    async def get(self, name: str) -> bytes:
        self.asked += 1
        await asyncio.sleep(0)
        if self.shut:
            raise Unavailable("the database is away")
        return self.kept


@pytest.fixture
def drawer() -> Drawer:
    return Drawer()


async def loaded(drawer: Drawer, clock: StillClock) -> SigningKeys:
    keys = SigningKeys(drawer, clock=clock)  # type: ignore[arg-type]
    await keys.load()
    return keys


async def test_keys_that_nobody_knows_cost_one_look_a_second_however_many(drawer: Drawer) -> None:
    clock = StillClock()
    keys = await loaded(drawer, clock)

    for made_up in range(1000):
        clock.pass_by(0.002)
        await keys.refresh(f"made-up-{made_up}")

    assert drawer.asked in (1, 2)  # two seconds have passed


async def test_whoever_needs_a_look_at_the_same_time_shares_one(drawer: Drawer) -> None:
    clock = StillClock()
    keys = await loaded(drawer, clock)
    clock.pass_by(REFRESH.total_seconds())

    waiting = [asyncio.create_task(keys.refresh()) for _ in range(20)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.gather(*waiting, return_exceptions=True)

    assert drawer.asked == 1


async def test_without_the_database_the_keys_we_have_go_on(drawer: Drawer) -> None:
    clock = StillClock()
    keys = await loaded(drawer, clock)
    before, drawer.shut = keys.public(), True

    for _ in range(10):
        clock.pass_by(REFRESH.total_seconds() / 2)
        await keys.refresh()

    assert keys.public() == before
    assert drawer.asked == 5
