"""The adapters that the suites of this folder hold to the ports' promises; a further adapter is a further ground."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.ports import sending
from tests.adapters.ports import on_tryton
from tests.adapters.ports.effects import BACK, EFFECTS, PAYMENTS, TRADE, Trial
from tests.adapters.ports.ground import Ground, on_stripe, over_the_network, soon
from tests.adapters.ports.tills import DEVIATIONS, Till, localstripe_till, rest_till, stripe_till
from tests.peers.clerk import Clerk
from tests.peers.tryton import Tryton, tryton

TRIALS = [
    *(pytest.param((over_the_network, effect), id=f"rest-{effect.__name__}") for effect in EFFECTS),
    *(pytest.param((on_stripe, effect), id=f"stripe-{effect.__name__}") for effect in PAYMENTS),
    *(
        pytest.param((None, effect), id=f"tryton-{effect.__name__}", marks=pytest.mark.proof)
        for effect in (*TRADE, *BACK)
    ),
]
GROUNDS = [
    pytest.param(over_the_network, id="rest"),
    pytest.param(None, id="tryton", marks=pytest.mark.proof),
]
TILLS = [
    pytest.param(rest_till, id="rest"),
    pytest.param(stripe_till, id="stripe"),
    pytest.param(localstripe_till, id="localstripe", marks=pytest.mark.proof),
]


@pytest.fixture(params=GROUNDS)
async def ground(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Ground]:
    opened = request.param(tmp_path) if request.param else _on_tryton(request, tmp_path)
    async with opened as reached:
        yield reached


@pytest.fixture(params=[over_the_network, on_stripe], ids=["rest", "stripe"])
async def any_ground(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Ground]:
    async with request.param(tmp_path) as reached:
        yield reached


@pytest.fixture(params=[over_the_network], ids=["rest"])
async def high_street(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Ground]:
    """Each adapter of the ports of fulfilment: stores, carriers, and what customers are told."""
    async with request.param(tmp_path) as reached:
        yield reached


@pytest.fixture(autouse=True)
def window() -> Iterator[None]:
    with sending(soon(600)):  # a server may have to be set up first
        yield


@pytest.fixture(params=TRIALS)
async def trial(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Trial]:
    """Each effect of each port on each adapter, with what it needs done before."""
    ground, prepare = request.param
    opened = ground(tmp_path) if ground else _on_tryton(request, tmp_path)
    async with opened as reached:
        yield await prepare(reached)


@pytest.fixture(params=TILLS)
async def till(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Till]:
    """Each adapter of `Payments` on each server. What a server is known to do otherwise has to fail."""
    name = request.node.originalname
    if request.param is localstripe_till and name in DEVIATIONS:
        request.applymarker(pytest.mark.xfail(strict=True, reason=f"localstripe: {DEVIATIONS[name]}"))
    async with request.param(tmp_path) as opened:
        yield opened


@pytest.fixture(scope="session")
def tryton_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tryton]:
    with tryton(tmp_path_factory.mktemp("tryton")) as server:
        yield server


@pytest.fixture(scope="session")
def clerk(tryton_server: Tryton) -> Clerk:
    return Clerk(tryton_server)


@asynccontextmanager
async def _on_tryton(request: pytest.FixtureRequest, folder: Path) -> AsyncIterator[on_tryton.TrytonGround]:
    """What it is known to do otherwise has to fail."""
    name = request.node.name
    if name in on_tryton.TOO_SLOW:
        pytest.skip(on_tryton.TOO_SLOW[name])
    if name in on_tryton.DEVIATIONS:
        request.applymarker(pytest.mark.xfail(strict=True, reason=f"Tryton: {on_tryton.DEVIATIONS[name]}"))
    if request.node.originalname in on_tryton.FRESH:
        with tryton(folder) as server:
            async with on_tryton.on_tryton(server, Clerk(server)) as reached:
                yield reached
        return
    server, clerk = request.getfixturevalue("tryton_server"), request.getfixturevalue("clerk")
    async with on_tryton.on_tryton(server, clerk) as reached:
        yield reached
