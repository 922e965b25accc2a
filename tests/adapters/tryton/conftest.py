"""A Tryton of the suite's own, who works there, and the shop that its set-up made."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from adapters.tryton import Login, Roles, mapping_from, tryton_back_ends
from gateway.governance.yaml import read_yaml
from tests.peers.clerk import Clerk
from tests.peers.tryton import Tryton, tryton
from tests.peers.wiring import write_mapping


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tryton]:
    with tryton(tmp_path_factory.mktemp("tryton")) as opened:
        yield opened


@pytest.fixture(scope="session")
def clerk(server: Tryton) -> Clerk:
    return Clerk(server)


@pytest.fixture
def login(server: Tryton) -> Login:
    return Login(url=server.url, database=server.database, user=server.login, password=server.password)


@pytest.fixture
async def roles(server: Tryton, login: Login, tmp_path: Path) -> AsyncIterator[Roles]:
    """Tryton as the adapter sees it, by the true mapping."""
    file = read_yaml(write_mapping(server.seed, tmp_path))
    async with tryton_back_ends(login, mapping_from(file.value, file.at)) as connected:
        yield connected
