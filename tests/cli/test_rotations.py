"""`omnigate keys`, `callbacks` and `partners`: what an operator types when something has to be replaced."""

import re

import pytest

from tests.cli.shell import Shell
from tests.gate import Gate
from tests.resources.warehouse import SECRET

OPERATORLESS = Shell({"OMNIGATE_HOME": "/nowhere", "OMNIGATE_OPERATOR_ID": ""})


async def test_a_signing_key_is_listed_and_rotated(gate: Gate, shell: Shell) -> None:
    first = await shell("keys list")
    turned = await shell("keys rotate")
    again = await shell("keys rotate")

    assert re.findall("next|signing|retiring", first.text) == ["signing"]
    assert re.findall("next|signing|retiring", turned.text) == ["signing", "next"]
    assert (again.code, "is on its way" in again.text) == (1, True)


async def test_a_signing_key_is_voided(gate: Gate, shell: Shell) -> None:
    said = await shell("keys rotate --now")

    gate.clock.pass_by(5)
    (key,) = (await gate.http.get("/.well-known/jwks.json")).json()["keys"]
    assert key["kid"] in said.text
    assert "refused within five seconds" in said.text


async def test_a_partners_secret_is_rotated_with_an_overlap_that_is_listed(gate: Gate, shell: Shell) -> None:
    old = await gate.partner()
    said = await shell("partners rotate-secret web --overlap 90m")
    listed = await shell("partners list")

    assert "one from before works for 1:30:00 more" in said.text
    assert re.search(r"until \d{4}-", listed.text)
    assert (await gate.ask_token(old)).status_code == 200


@pytest.mark.parametrize("option", ["--now", "--overlap 0", "--overlap 7d --now"])
async def test_a_partners_secret_is_voided(gate: Gate, shell: Shell, option: str) -> None:
    old = await gate.partner()

    said = await shell(f"partners rotate-secret web {option}")

    assert "an older one is void" in said.text
    assert (await gate.ask_token(old)).status_code == 401
    assert "until" not in (await shell("partners list")).text


@pytest.mark.parametrize(
    ("overlap", "why"),
    [("soon", "is no length of time; write 90m"), ("31d", "longer than 30 days"), ("-1h", "no length")],
)
def test_an_overlap_must_be_a_length_of_time(overlap: str, why: str) -> None:
    said = OPERATORLESS.run(f"partners rotate-secret web --overlap={overlap}")

    assert (said.code, why in said.text) == (1, True)


async def test_a_partner_is_changed(gate: Gate, shell: Shell) -> None:
    await gate.partner()

    said = await shell("partners change web --add-channel web-ie --drop-scope operations --plan trial")
    nothing = await shell("partners change web")
    wrong = await shell("partners change web --plan gold")

    assert said.text.startswith("web: channels web-ie, web-uk; scopes events:read, inventory:commit, ")
    assert said.text.endswith("plan trial\n")
    assert (nothing.code, wrong.code) == (1, 1)


async def test_a_warehouses_secret_is_entered_shown_and_rotated(gate: Gate, shell: Shell) -> None:
    entered = await shell("callbacks enter wms", given=f"{SECRET}\n")
    rotated = await shell("callbacks rotate-secret wms --overlap 1h")
    shown = await shell("callbacks show wms")
    listed = await shell("callbacks list")

    new = rotated.text.splitlines()[-1]
    assert (entered.code, SECRET in entered.text) == (0, False)
    assert shown.text.splitlines() == [new, SECRET]
    assert re.search(r"wms.*until \d{4}-", listed.text)
    assert SECRET not in listed.text


@pytest.mark.parametrize(
    "line", ["keys rotate", "callbacks show wms", "callbacks rotate-secret wms", "partners suspend web"]
)
def test_nothing_changes_in_nobodys_name(line: str) -> None:
    said = OPERATORLESS.run(line)

    assert (said.code, "OMNIGATE_OPERATOR_ID" in said.text) == (1, True)
