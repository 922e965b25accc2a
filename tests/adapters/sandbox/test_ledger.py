"""Asking the ledgers: pages, filters, and one owner at a time."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from adapters.sandbox import LedgerError


async def test_effects_are_read_in_pages_from_where_one_stopped(sandbox: Any) -> None:
    for number in range(5):
        await sandbox.authorise(key=f"k{number}")

    first = await sandbox.get("/ledger/psp/effects", limit="3")
    rest = await sandbox.get("/ledger/psp/effects", after=str(first["next"]))

    assert [effect["key"] for effect in first["effects"] + rest["effects"]] == ["k0", "k1", "k2", "k3", "k4"]
    assert rest["next"] is None


async def test_attempts_are_noted_with_who_asked_for_what(sandbox: Any) -> None:
    held = (await sandbox.authorise(key="k", x_request_id="req-1")).json()["id"]
    await sandbox.authorise(key="k")
    await sandbox.post(f"/psp/authorisations/{held}/void", {}, key="v", sandbox_fault="error_before")

    attempts = await sandbox.attempts("psp")

    told = [(each["operation"], each["key"], each["status"], each["applied"], each["replayed"]) for each in attempts]
    assert told == [
        ("authorise", "k", 201, True, False),
        ("authorise", "k", 201, False, True),
        ("void", "v", 500, False, False),
    ]
    assert attempts[0]["request_id"] == "req-1"
    assert [each["order_id"] for each in attempts] == ["ord_1"] * 3


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/ledger/crm/effects", 404),
        ("/ledger/psp/effects?limit=1001", 400),
        ("/ledger/psp/effects?colour=red", 400),
        ("/ledger/psp", 404),
        ("/psp/authorisations", 405),
    ],
)
async def test_a_question_that_is_none_is_answered_in_the_same_shape(sandbox: Any, path: str, status: int) -> None:
    answer = await sandbox.http.get(path)

    assert answer.status_code == status
    assert answer.json().keys() == {"code", "detail"}


async def test_effects_cannot_be_rewritten(open_sandbox: Any, tmp_path: Path) -> None:
    async with open_sandbox() as sandbox:
        await sandbox.authorise()

    ledger = sqlite3.connect(tmp_path / "ledger.sqlite")

    for statement in ("UPDATE effects SET amount = 1", "DELETE FROM effects"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            ledger.execute(statement)
    ledger.close()


async def test_a_ledger_has_one_owner_at_a_time(open_sandbox: Any) -> None:
    async with open_sandbox():
        with pytest.raises(LedgerError, match="another sandbox"):
            async with open_sandbox():
                pass


async def test_what_is_no_ledger_is_said_so(open_sandbox: Any, tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear auditor, " * 100)

    with pytest.raises(LedgerError, match=r"letter\.txt cannot be used"):
        async with open_sandbox(ledger=file):
            pass


async def test_an_idle_sandbox_is_well(sandbox: Any) -> None:
    assert await sandbox.get("/healthz") == {"status": "ok"}
