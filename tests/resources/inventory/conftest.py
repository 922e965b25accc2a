"""Stock at the front door."""

import pytest

from tests.gate import Gate
from tests.resources.inventory.stocked import Stocked


@pytest.fixture
async def stocked(gate: Gate) -> Stocked:
    return await Stocked.open(gate)
