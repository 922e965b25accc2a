"""The pretend payment provider's holds: taken in parts, given back in what is left, and over after their time."""

import sqlite3
from pathlib import Path
from typing import Any

import httpx2
import pytest

DAY = 24 * 60 * 60.0


async def take(sandbox: Any, held: str, amount: int, *, key: str) -> httpx2.Response:
    money = {"amount": {"amount": amount, "currency": "GBP"}}
    answer: httpx2.Response = await sandbox.post(f"/psp/authorisations/{held}/captures", money, key=key)
    return answer


async def balances(sandbox: Any) -> tuple[int, int]:
    """What is held, and what was taken."""
    psp = (await sandbox.get("/ledger/summary"))["psp"]
    return psp["held"]["GBP"], psp["captured"]["GBP"]


async def status(sandbox: Any) -> str:
    [found] = (await sandbox.get("/psp/effects", key="hold"))["effects"]
    return str(found["status"])


async def test_money_is_taken_in_parts_each_with_an_id_and_a_key(sandbox: Any) -> None:
    held = (await sandbox.authorise()).json()["id"]

    first, second = await take(sandbox, held, 1000, key="one"), await take(sandbox, held, 1500, key="two")

    [by_one], [by_two] = [(await sandbox.get("/psp/effects", key=key))["effects"] for key in ("one", "two")]
    assert (by_one["id"], by_one["amount"]["amount"]) == (first.json()["id"], 1000)
    assert (by_two["id"], by_two["amount"]["amount"]) == (second.json()["id"], 1500)
    assert (await balances(sandbox), await status(sandbox)) == ((500, 2500), "partially_captured")


async def test_what_is_left_is_named_when_it_is_too_little(sandbox: Any) -> None:
    held = (await sandbox.authorise()).json()["id"]
    await take(sandbox, held, 1000, key="one")

    refused = await take(sandbox, held, 2001, key="two")
    last = await take(sandbox, held, 2000, key="three")
    none = await take(sandbox, held, 1, key="four")

    assert (refused.status_code, refused.json()["code"]) == (422, "amount_too_large")
    assert "only 2000 GBP" in refused.json()["detail"]
    assert (last.status_code, none.status_code, none.json()["code"]) == (201, 409, "already_captured")
    assert (await balances(sandbox), await status(sandbox)) == ((0, 3000), "captured")


async def test_a_void_gives_back_the_rest_and_ends_it(sandbox: Any) -> None:
    held = (await sandbox.authorise()).json()["id"]
    await take(sandbox, held, 1000, key="one")

    await sandbox.post(f"/psp/authorisations/{held}/void", {}, key="void")
    again = await sandbox.post(f"/psp/authorisations/{held}/void", {}, key="void again")
    refused = await take(sandbox, held, 1, key="two")

    [back] = (await sandbox.get("/ledger/psp/effects", kind="void"))["effects"]
    assert (back["amount"], back["key"]) == ({"amount": 2000, "currency": "GBP"}, "void")
    assert (again.status_code, refused.status_code, refused.json()["code"]) == (200, 409, "voided")
    assert (await balances(sandbox), await status(sandbox)) == ((0, 1000), "voided")


async def test_nothing_is_held_and_taken_once(sandbox: Any) -> None:
    held = (await sandbox.authorise(amount=0)).json()["id"]

    first, second = await take(sandbox, held, 0, key="one"), await take(sandbox, held, 0, key="two")

    assert (first.status_code, second.status_code, second.json()["code"]) == (201, 409, "already_captured")


async def test_money_is_held_for_a_week_and_may_be_given_back_after_it(open_sandbox: Any) -> None:
    now = [1_800_000_000.0]
    async with open_sandbox(clock=lambda: now[0]) as sandbox:
        held = (await sandbox.authorise()).json()
        now[0] += 7 * DAY - 1
        in_time = await take(sandbox, held["id"], 1000, key="one")
        within_the_week = await balances(sandbox)

        now[0] += 1
        too_late = await take(sandbox, held["id"], 1000, key="two")
        left = await balances(sandbox)
        voided = await sandbox.post(f"/psp/authorisations/{held['id']}/void", {})

        assert held["expires_at"] == "2027-01-22T08:00:00.000000Z"
        assert (in_time.status_code, within_the_week) == (201, (2000, 1000))
        assert (too_late.status_code, too_late.json()["code"], left) == (409, "expired", (0, 1000))
        assert "until 2027-01-22T08:00:00" in too_late.json()["detail"]
        assert voided.json()["status"] == "voided"


async def test_how_long_money_is_held_is_set_for_what_comes_and_kept(open_sandbox: Any) -> None:
    now = [1_800_000_000.0]
    async with open_sandbox(clock=lambda: now[0]) as sandbox:
        before = (await sandbox.authorise(key="hold")).json()["id"]
        answer = await sandbox.post("/psp/_hold_for", {"seconds": 60})

    async with open_sandbox(clock=lambda: now[0]) as sandbox:
        after = (await sandbox.authorise(key="another")).json()["id"]
        now[0] += 60

        assert answer.json() == {"seconds": 60}
        assert (await take(sandbox, after, 1, key="one")).json()["code"] == "expired"
        assert (await take(sandbox, before, 1, key="two")).status_code == 201


@pytest.mark.parametrize(("seconds", "status"), [(30 * DAY + 1, 400), (2_592_001, 422), (-1, 400), (None, 400)])
async def test_a_time_that_no_money_is_held_for_is_refused(sandbox: Any, seconds: object, status: int) -> None:
    answer = await sandbox.post("/psp/_hold_for", {"seconds": seconds})

    assert (answer.status_code, answer.json()["code"]) == (status, "malformed")


async def test_a_ledger_from_when_nobody_said_how_long_goes_on(open_sandbox: Any, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "ledger.sqlite") as old:
        old.executescript("""
            CREATE TABLE authorisations (
                id TEXT PRIMARY KEY, reference TEXT NOT NULL, order_id TEXT NOT NULL, amount INTEGER NOT NULL,
                currency TEXT NOT NULL, status TEXT NOT NULL, captured INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
            INSERT INTO authorisations VALUES ('aut_1', 'ord_1', 'ord_1', 3000, 'GBP', 'authorised', 0);
            INSERT INTO authorisations VALUES ('aut_2', 'ord_2', 'ord_2', 3000, 'GBP', 'captured', 1000);
        """)
    old.close()

    async with open_sandbox() as sandbox:
        still_held = await take(sandbox, "aut_1", 1000, key="one")
        released = await take(sandbox, "aut_2", 1000, key="two")

        assert (still_held.status_code, released.json()["code"]) == (201, "already_captured")
        assert await balances(sandbox) == (2000, 2000)
