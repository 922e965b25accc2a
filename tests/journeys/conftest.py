"""A shop for every journey: the front door, a worker and the sandbox in one process, over real PostgreSQL."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.governance.bundle import Bundle
from tests.house import house
from tests.journeys.opening import open_shop
from tests.journeys.shop import Shop


@pytest.fixture(scope="session")
def promises() -> Bundle:
    """The contracts and policies that are really in force."""
    return house()


@pytest.fixture
async def shop(database_url: str, tmp_path: Path, promises: Bundle) -> AsyncIterator[Shop]:
    async with open_shop(database_url, tmp_path, promises) as opened:
        yield opened
