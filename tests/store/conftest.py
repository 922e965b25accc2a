"""Stock of one SKU, told by two sources."""

from collections.abc import AsyncIterator

import pytest

from gateway.store.pool import Database
from tests.store.stocktaking import Stocktaking


@pytest.fixture
async def lamps(database_url: str) -> AsyncIterator[Stocktaking]:
    database = Database(database_url, connections=4, name="test", patience=30.0)
    await database.open()
    taking = Stocktaking(database)
    await taking.open()
    yield taking
    await database.close()
