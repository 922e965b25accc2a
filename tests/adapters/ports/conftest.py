"""The adapters that the suites of this folder hold to the ports' promises; a further adapter is a further ground."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from gateway.ports import sending
from tests.adapters.ports.effects import EFFECTS, Trial
from tests.adapters.ports.ground import Ground, over_the_network, soon


@pytest.fixture(params=[over_the_network], ids=["rest"])
async def ground(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Ground]:
    async with request.param(tmp_path) as reached:
        yield reached


@pytest.fixture(autouse=True)
def window() -> Iterator[None]:
    with sending(soon(60)):
        yield


@pytest.fixture(params=EFFECTS, ids=lambda prepare: prepare.__name__)
async def trial(request: pytest.FixtureRequest, ground: Ground) -> Trial:
    """Each effect of each port, with what it needs done before."""
    prepared: Trial = await request.param(ground)
    return prepared
