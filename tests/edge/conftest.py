"""The gate with an API behind it whose routes misbehave on request."""

import shutil
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import pytest

from gateway.governance.bundle import Bundle, load_bundle
from gateway.settings import ROOT
from tests.edge.notes import notes
from tests.gate import Gate, open_gate


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """What we promise, and the notes of the tests."""
    folder = tmp_path_factory.mktemp("contracts")
    for file in (*(ROOT / "contracts" / "openapi").glob("*.yaml"), Path(__file__).with_name("notes.v1.yaml")):
        shutil.copy(file, folder)
    return load_bundle(folder, ROOT / "policies")


@pytest.fixture
async def gate(database_url: str, tmp_path: Path, bundle: Bundle) -> AsyncIterator[Gate]:
    async with open_gate(database_url, tmp_path, bundle=bundle, router=notes(database_url)) as opened:
        yield opened


@pytest.fixture(autouse=True)
def _listened_to(lines: BytesIO) -> None:
    """What is logged is kept, whether or not a test looks at it."""
