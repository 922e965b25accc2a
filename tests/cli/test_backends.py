"""`omnigate backends`: what an operator sees of who answers, and what has to be mended."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.adapters.ports.ground import in_reach, refusing_port
from tests.cli.shell import Shell

FURTHER = ("STORE", "CARRIER", "NOTIFICATIONS", "SUPPLIER")


@pytest.fixture
async def reached(tmp_path: Path) -> AsyncIterator[Shell]:
    """A shell whose back ends are a sandbox."""
    async with in_reach(tmp_path) as url:
        yield Shell(urls(url))


def urls(url: str) -> dict[str, str]:
    paths = {"PAYMENTS": "psp", "ERP": "erp", "WMS": "wms"} | {name: name.lower() for name in FURTHER}
    return {f"OMNIGATE_{name}_URL": f"{url}/{path}" for name, path in paths.items()} | {"COLUMNS": "200"}


async def test_back_ends_that_are_well_leave_nothing_to_mend(reached: Shell) -> None:
    said = await reached("backends check")

    assert said.code == 0, said.text


async def test_a_back_end_that_is_away_is_named_with_its_setting() -> None:
    said = await Shell(urls(refusing_port()))("backends check")

    assert said.code == 1
    assert all(f"mend OMNIGATE_{name}_URL" in said.text for name in ("PAYMENTS", "ERP", "WMS", *FURTHER))


async def test_what_has_no_address_is_not_asked(reached: Shell) -> None:
    fewer = {name: value for name, value in reached.environment.items() if not name.startswith("OMNIGATE_STORE")}
    said = await Shell(fewer)("backends show")

    assert said.code == 0
    assert "carrier: rest at" in said.text
    assert "store: rest at" not in said.text


async def test_an_address_that_leads_elsewhere_is_named(reached: Shell) -> None:
    elsewhere = Shell({**reached.environment, "OMNIGATE_ERP_URL": reached.environment["OMNIGATE_WMS_URL"]})

    said = await elsewhere("backends check")

    assert (said.code, said.text.count("\n")) == (1, 1)
    assert said.text.startswith("erp (rest at ")


async def test_every_promise_is_shown_and_no_secret(reached: Shell) -> None:
    secret = "http://ada:hush@127.0.0.1:1/erp?token=hush"
    said = await Shell({**reached.environment, "OMNIGATE_ERP_URL": secret})("backends show")

    assert said.code == 0
    assert "erp: rest at http://127.0.0.1:1/erp" in said.text
    assert "hush" not in said.text
    for word in (
        "authorise",
        "R2",
        "idempotency-key 86400 s",
        "book",
        "R3",
        "reference",
        "refund",
        "capture, in parts",
        "breaker opens after",
    ):
        assert word in said.text


@pytest.mark.parametrize(
    ("named", "wrong"),
    [
        ("nobody.has:this", "No module named 'nobody'"),
        ("json:this", "no function 'this'"),
        ("tests.cli.odd_adapter:contradicting", "erp.book: R2 honours a key, and no header carries it"),
        ("sap", "is no adapter: write rest"),
    ],
)
async def test_an_adapter_of_ones_own_that_cannot_be_used_is_said_so(reached: Shell, named: str, wrong: str) -> None:
    said = await Shell({**reached.environment, "OMNIGATE_ERP": named})("backends check")

    assert said.code == 1
    assert wrong in said.text


async def test_what_an_adapter_finds_about_itself_is_told(reached: Shell) -> None:
    said = await Shell({**reached.environment, "OMNIGATE_ERP": "tests.cli.odd_adapter:complaining"})("backends check")

    assert (said.code, said.text) == (1, "mapping.yaml:3: SKU LAMP-7 is unknown there; name an article that exists\n")
