"""Stock at the front door."""

import pytest

from tests.gate import Gate
from tests.resources.inventory.desk import Desk
from tests.resources.inventory.stocked import Stocked


@pytest.fixture
async def stocked(gate: Gate) -> Stocked:
    return await Stocked.open(gate)


@pytest.fixture
async def desk(gate: Gate) -> Desk:
    """A partner with every scope."""
    return await Desk.open(gate, "desk")
