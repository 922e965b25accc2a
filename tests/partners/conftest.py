"""The gate as partners find it."""

from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import pytest

from gateway.governance.bundle import Bundle
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
def _listened_to(lines: BytesIO) -> None:
    """What is logged is kept, whether or not a test looks at it."""
