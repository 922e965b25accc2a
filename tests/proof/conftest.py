"""What every proof may ask for: an installation over a durable embedded PostgreSQL."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from gateway.store.embedded import acquire
from tests.peers.tryton import Tryton, tryton
from tests.proof.rig import Rig, open_rig


@pytest.fixture
async def rig(home: Path) -> AsyncIterator[Rig]:
    with acquire(home) as server:
        async with open_rig(server.url, home) as opened:
            yield opened


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tryton]:
    """A Tryton for every proof on one."""
    with tryton(tmp_path_factory.mktemp("tryton")) as opened:
        yield opened
