"""Who is let in, and how fast somebody is out again."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from gateway.edge.remembered import Remembered
from tests.gate import Gate

NOTE = "/v1/notes/hello"


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (None, "unauthenticated"),
        ("", "unauthenticated"),
        ("Bearer", "unauthenticated"),
        ("Bearer ", "unauthenticated"),
        ("Basic dXNlcjpwYXNz", "unauthenticated"),
        ("DPoP abc.def.ghi", "unauthenticated"),
        ("Bearer abc.def.ghi", "invalid_token"),
        ("Bearer  two.blanks.here", "invalid_token"),
        ("Bearer abc.def.ghi, Bearer abc.def.ghi", "invalid_token"),
    ],
)
async def test_whoever_has_no_good_token_is_challenged(gate: Gate, authorization: str | None, code: str) -> None:
    headers = {} if authorization is None else {"authorization": authorization}

    answer = await gate.http.get(NOTE, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert answer.headers["www-authenticate"].startswith('Bearer realm="omnigate"')
    assert ('error="invalid_token"' in answer.headers["www-authenticate"]) == (code == "invalid_token")


async def test_a_good_token_sent_twice_is_refused(gate: Gate) -> None:
    token = (await gate.bearer())["authorization"].encode()

    answer = await gate.http.get(NOTE, headers=[(b"authorization", token)] * 2)

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


async def test_the_scheme_is_not_case_sensitive(gate: Gate) -> None:
    token = (await gate.bearer())["authorization"].replace("Bearer", "bEARER")

    assert (await gate.http.get(NOTE, headers={"authorization": token})).status_code == 200


async def test_a_token_is_refused_from_its_last_second_on_also_when_it_is_known(gate: Gate) -> None:
    headers = await gate.bearer()
    before = await gate.http.get(NOTE, headers=headers)

    gate.clock.pass_by(900)
    after = await gate.http.get(NOTE, headers=headers)

    assert (before.status_code, after.status_code, after.json()["code"]) == (200, 401, "invalid_token")


async def test_a_suspended_partner_is_out_within_five_seconds(gate: Gate) -> None:
    headers = await gate.bearer(await gate.partner("web"))
    others = await gate.bearer(await gate.partner("pos"))
    assert (await gate.http.get(NOTE, headers=headers)).status_code == 200

    await gate.registry.suspend("web", operator="tess")
    gate.clock.pass_by(5)

    assert (await gate.http.get(NOTE, headers=headers)).status_code == 401
    assert (await gate.http.get(NOTE, headers=others)).status_code == 200


async def test_a_scope_that_was_taken_away_is_gone_from_old_tokens(gate: Gate) -> None:
    headers = await gate.bearer()
    await gate.http.get(NOTE, headers=headers)

    async with gate.database.connection() as connection:
        await connection.execute("update partner set scopes = '{orders:write}'")
    gate.clock.pass_by(5)

    answer = await gate.http.get(NOTE, headers=headers)
    assert (answer.status_code, answer.json()["scope"]) == (403, "orders:read")
    assert 'scope="orders:read"' in answer.headers["www-authenticate"]


async def test_too_little_scope_names_rule_and_scope(gate: Gate) -> None:
    headers = await gate.bearer(scope="orders:write")

    answer = await gate.http.get(NOTE, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")
    assert answer.json()["rule"] in answer.json()["detail"]


NOW = datetime(2026, 11, 23, tzinfo=UTC)


async def test_an_answer_is_asked_for_once_however_many_wait() -> None:
    asked = 0
    ready = asyncio.Event()

    async def ask(key: str) -> str:
        nonlocal asked
        asked += 1
        await ready.wait()
        return key.upper()

    remembered = Remembered(ask, seconds=5)
    waiting = [asyncio.create_task(remembered.get("a", now=NOW)) for _ in range(20)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    ready.set()
    answers = await asyncio.gather(*waiting, return_exceptions=True)

    assert answers[1:] == ["A"] * 19
    assert isinstance(answers[0], asyncio.CancelledError)
    assert asked == 1


@pytest.mark.parametrize(("seconds", "asked"), [(0, 1), (4.9, 1), (5, 2), (-1, 2)])
async def test_an_answer_is_asked_for_again_when_it_is_old_or_the_clock_went_back(seconds: float, asked: int) -> None:
    calls: list[str] = []

    async def ask(key: str) -> None:
        calls.append(key)

    remembered = Remembered(ask, seconds=5)
    await remembered.get("a", now=NOW)
    await remembered.get("a", now=NOW + timedelta(seconds=seconds))

    assert len(calls) == asked


async def test_a_failure_is_not_remembered() -> None:
    answers = iter([RuntimeError("away"), "here"])

    async def ask(key: str) -> str:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    remembered = Remembered(ask, seconds=5)
    with pytest.raises(RuntimeError):
        await remembered.get("a", now=NOW)

    assert await remembered.get("a", now=NOW) == "here"
