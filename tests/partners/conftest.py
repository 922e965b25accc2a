"""The gate as partners find it."""

from collections.abc import AsyncIterator, Iterator
from io import BytesIO
from pathlib import Path

import pytest
import structlog

from gateway.governance.bundle import Bundle
from observability import logs
from tests.gate import Gate, open_gate
from tests.house import house


@pytest.fixture(scope="session")
def bundle() -> Bundle:
    return house()


@pytest.fixture
async def gate(database_url: str, tmp_path: Path, bundle: Bundle) -> AsyncIterator[Gate]:
    async with open_gate(database_url, tmp_path, bundle=bundle) as opened:
        yield opened


@pytest.fixture(autouse=True)
def lines() -> Iterator[BytesIO]:
    """Everything that is logged during the test, as it would be written."""
    stream = BytesIO()
    logs.configure(stream=stream)
    yield stream
    structlog.reset_defaults()
