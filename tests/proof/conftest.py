"""What every proof may ask for: an installation over a durable embedded PostgreSQL."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.store.embedded import acquire
from tests.proof.rig import Rig, open_rig


@pytest.fixture
async def rig(home: Path) -> AsyncIterator[Rig]:
    with acquire(home) as server:
        async with open_rig(server.url, home) as opened:
            yield opened
