"""The adapters that the suites of this folder hold to the ports' promises; a further adapter is a further ground."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from gateway.ports import sending
from tests.adapters.ports.effects import EFFECTS, PAYMENTS, Trial
from tests.adapters.ports.ground import Ground, on_stripe, over_the_network, soon
from tests.adapters.ports.tills import DEVIATIONS, Till, localstripe_till, rest_till, stripe_till

TRIALS = [
    *(pytest.param((over_the_network, effect), id=f"rest-{effect.__name__}") for effect in EFFECTS),
    *(pytest.param((on_stripe, effect), id=f"stripe-{effect.__name__}") for effect in PAYMENTS),
]
TILLS = [
    pytest.param(rest_till, id="rest"),
    pytest.param(stripe_till, id="stripe"),
    pytest.param(localstripe_till, id="localstripe", marks=pytest.mark.proof),
]


@pytest.fixture(params=[over_the_network], ids=["rest"])
async def ground(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Ground]:
    async with request.param(tmp_path) as reached:
        yield reached


@pytest.fixture(params=[over_the_network, on_stripe], ids=["rest", "stripe"])
async def any_ground(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Ground]:
    async with request.param(tmp_path) as reached:
        yield reached


@pytest.fixture(autouse=True)
def window() -> Iterator[None]:
    with sending(soon(60)):
        yield


@pytest.fixture(params=TRIALS)
async def trial(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Trial]:
    """Each effect of each port on each adapter, with what it needs done before."""
    ground, prepare = request.param
    async with ground(tmp_path) as reached:
        yield await prepare(reached)


@pytest.fixture(params=TILLS)
async def till(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Till]:
    """Each adapter of `Payments` on each server. What a server is known to do otherwise has to fail."""
    name = request.node.originalname
    if request.param is localstripe_till and name in DEVIATIONS:
        request.applymarker(pytest.mark.xfail(strict=True, reason=f"localstripe: {DEVIATIONS[name]}"))
    async with request.param(tmp_path) as opened:
        yield opened
