"""A small contract with one of everything, and the same contract with a mistake in it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.governance.contracts import Checked, Contracts, load_contracts
from gateway.refusals import Fault, Invalid

FOLDER = Path(__file__).parent / "contracts"

Ask = Callable[..., Checked]


@pytest.fixture(scope="session")
def contracts() -> Contracts:
    return load_contracts(FOLDER)


@pytest.fixture
def ask(contracts: Contracts) -> Ask:
    """Check a request of one operation; what is not said is absent."""

    def ask(operation: str, body: Any = b"", **said: Any) -> Checked:
        data = body if isinstance(body, bytes) else orjson.dumps(body)
        usual: dict[str, Any] = {
            "path_parameters": {},
            "query": b"",
            "headers": {},
            "content_type": "application/json" if data else None,
        }
        return contracts.check_request(contracts.operations[operation], body=data, **{**usual, **said})

    return ask


@pytest.fixture
def faults(ask: Ask) -> Callable[..., tuple[Fault, ...]]:
    """Every fault of a request that is refused for its faults."""

    def faults(operation: str, body: Any = b"", **said: Any) -> tuple[Fault, ...]:
        with pytest.raises(Invalid) as refused:
            ask(operation, body, **said)
        return refused.value.faults

    return faults


@pytest.fixture
def broken(tmp_path: Path) -> Callable[[str, str], Contracts]:
    """Load the contract with *old* replaced by *new*."""

    def broken(old: str, new: str) -> Contracts:
        text = (FOLDER / "lamps.v1.yaml").read_text(encoding="utf-8")
        assert old in text
        (tmp_path / "lamps.v1.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
        return load_contracts(tmp_path)

    return broken
