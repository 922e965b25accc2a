"""An edge whose metrics port is open, and the log that says where."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest

from gateway.governance.bundle import Bundle
from tests.gate import Gate, open_gate
from tests.house import house
from tests.proof.processes import free_port
from tests.scrape import Scrape, ports_of, scrape


@dataclass
class Watched:
    """An edge and its metrics port."""

    gate: Gate
    port: int

    async def scrape(self) -> Scrape:
        return await scrape(self.port)


@pytest.fixture(scope="session")
def bundle() -> Bundle:
    return house()


@pytest.fixture
async def watched(database_url: str, tmp_path: Path, bundle: Bundle, lines: BytesIO) -> AsyncIterator[Watched]:
    async with open_gate(database_url, tmp_path, bundle=bundle, metrics_port=free_port()) as gate:
        yield Watched(gate, ports_of(lines)[0])
