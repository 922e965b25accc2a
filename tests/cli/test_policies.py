"""`omnigate policies check` and `explain`, as the platform team types them."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from gateway.settings import ROOT
from tests.cli.shell import Shell
from tests.gate import Gate

OFFLINE = Shell({"OMNIGATE_HOME": "/nowhere"})
SMALL = f"--contracts {ROOT / 'tests' / 'governance' / 'contracts'}"  # one of everything, read in no time
ROOM = ROOT / "tests" / "governance" / "policies" / "admission.yaml"  # for whatever those contracts have
READER = "- {name: readers-read, actions: [orders:read], principals: [partner], needs: [orders:read]}"


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    """The policies of the house, to be spoilt."""
    copied = shutil.copytree(ROOT / "policies", tmp_path / "policies")
    shutil.copy(ROOM, copied)
    return Path(copied)


def spoilt(policies: Path, old: str, new: str, *, of: str = "access.yaml") -> int:
    """The line in which *old* stood."""
    file = policies / of
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def test_the_policies_of_the_house_are_sound() -> None:
    said = OFFLINE.run("policies check")

    assert (said.code, said.text[:7]) == (0, "sound: ")
    assert "no database is running" in said.text


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("orders:write]\n    principals", "orders:wriet]\n    principals", "asks about 'orders:wriet'; did you mean"),
        ("needs: [operations]", "needs: [operation]", "be given the scope 'operation'; did you mean 'operations'?"),
        ("reach: all", "reech: all", "unknown key 'reech'; did you mean 'reach'?"),
        ("    channels: own", "    channels: mine", "'channels' must be one of 'own', 'all', not 'mine'"),
    ],
)
def test_a_mistake_is_named_with_file_line_and_mend(policies: Path, old: str, new: str, finding: str) -> None:
    line = spoilt(policies, old, new)

    said = OFFLINE.run(f"policies check --policies {policies} {SMALL}")

    assert said.code == 1
    assert f"policies/access.yaml:{line}: " in said.text
    assert finding in said.text


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("{role: approver,", "{role: aprover,", "nobody can be given the role 'aprover'; did you mean 'approver'?"),
        ("{role: approver,", "{role: viewer,", "the role 'viewer' decides no approval: policies/access.yaml:"),
        ("escalate_to: admin", "escalate_to: boss", "nobody can be given the role 'boss'"),
        ("{role: approver,", "{rôle: approver,", "unknown key 'rôle'"),
    ],
)
def test_a_step_that_nobody_could_decide_is_named(policies: Path, old: str, new: str, finding: str) -> None:
    line = spoilt(policies, old, new, of="approvals.yaml")

    said = OFFLINE.run(f"policies check --policies {policies} {SMALL}")

    assert said.code == 1
    assert f"policies/approvals.yaml:{line}: " in said.text
    assert finding in said.text


def test_an_operation_that_no_rule_covers_is_named_in_its_contract(policies: Path) -> None:
    (policies / "access.yaml").write_text("rules:\n" + READER, encoding="utf-8")

    said = OFFLINE.run(f"policies check --policies {policies}")

    contract = (ROOT / "contracts" / "openapi" / "orders.v1.yaml").read_text(encoding="utf-8").splitlines()
    place, _, rest = next(line for line in said.text.splitlines() if "'place_order'" in line).partition(": ")
    assert said.code == 1
    assert "operationId: place_order" in "\n".join(contract[int(place.split(":")[1]) - 1 :][:3])
    assert "write a rule with 'actions: [orders:write]' and 'principals: [partner]'" in rest
    assert "let" in rest
    assert "'receive_callback'" in said.text


def test_contracts_are_checked_too(tmp_path: Path) -> None:
    (tmp_path / "orders.v1.yaml").write_text("openapi: 3.0.0\n", encoding="utf-8")

    said = OFFLINE.run(f"policies check --contracts {tmp_path}")

    assert (said.code, "orders.v1.yaml:1: a contract begins with 'openapi: 3.1.x'" in said.text) == (1, True)


def test_what_a_start_takes_is_looked_through_for_more(policies: Path) -> None:
    contracts = shutil.copytree(ROOT / "tests" / "governance" / "contracts", policies / "contracts")
    parameter = "        - {name: page_size, in: query, schema: {type: integer, minimum: 0, default: 50}}\n"
    spoilt(contracts, parameter, parameter * 2, of="lamps.v1.yaml")

    said = OFFLINE.run(f"policies check --policies {policies} --contracts {contracts}")

    assert said.code == 1
    assert "lamps.v1.yaml:2: this is not OpenAPI 3.1: Duplicate parameter 'page_size'" in said.text


async def test_a_partner_whose_plan_is_gone_is_found_in_a_database_that_runs(gate: Gate, shell: Shell) -> None:
    await gate.partner("web")
    sound = await shell("policies check")
    await gate.partner("pos", plan="standart")

    wrong = await shell("policies check")

    assert (sound.code, "1 partners have a plan" in sound.text) == (0, True)
    assert wrong.code == 1
    assert "partner 'pos': policies/quotas.yaml has no plan 'standart'; did you mean 'standard'?" in wrong.text
    assert "omnigate partners change pos --plan standard" in wrong.text


async def test_a_registered_partner_is_explained_with_its_own_facts(gate: Gate, shell: Shell) -> None:
    await gate.partner("web", scopes=frozenset({"orders:read"}), plan="trial")

    said = await shell("policies explain --partner web --operation place_order --channel web-uk")

    assert said.code == 0
    assert "policies/quotas.yaml:" in said.text
    assert said.text.splitlines()[-1].startswith("denied: 403 insufficient_scope: the rule 'partners-place-their-")


async def test_a_suspended_partner_is_refused_before_anything_else(gate: Gate, shell: Shell) -> None:
    await gate.partner("web")
    await gate.registry.suspend("web", operator="tess")

    told = json.loads((await shell("policies explain --partner web --operation get_order --json")).text)

    assert [each["about"] for each in told["decisions"]] == ["standing"]
    assert (told["allowed"], told["status"], told["code"]) == (False, 401, "invalid_token")


def offline(line: str) -> dict[str, Any]:
    said = OFFLINE.run(f"policies explain --offline --json {line}")
    assert said.code == 0, said.text
    document: dict[str, Any] = json.loads(said.text)
    return document


PLACES = "standing admission admission"  # of its class, of the partner


@pytest.mark.parametrize(
    ("line", "status", "asked"),
    [
        ("--operation place_order --channel uk", 202, f"{PLACES} quota quota access channel history"),
        ("--operation place_order --channel uk --owns de", 403, f"{PLACES} quota quota access channel"),
        ("--operation place_order --plan internal", 202, f"{PLACES} quota access history"),
        ("--operation place_order --scope orders:write", 202, f"{PLACES} quota quota access history"),
        (
            "--operation place_order --scope orders:write --history --plan internal",
            403,
            f"{PLACES} quota access history",
        ),
        ("--operation list_orders --channel uk", 200, f"{PLACES} quota quota access"),
        ("--operation show_page", 200, "admission"),
    ],
)
def test_a_partner_can_be_described_instead(policies: Path, line: str, status: int, asked: str) -> None:
    told = offline(f"--partner web {line} {SMALL} --policies {policies}")

    assert (told["status"], " ".join(each["about"] for each in told["decisions"])) == (status, asked)


def test_what_is_asked_of_some_orders_only_does_not_decide_about_the_others(policies: Path) -> None:
    asked = f"--partner web --operation place_order --scope orders:write --policies {policies}"

    told = offline(f"{asked} {SMALL}")

    history = told["decisions"][-1]
    assert told["allowed"]
    assert (history["outcome"], history["binding"], history["code"]) == ("deny", False, "insufficient_scope")


def test_a_back_end_is_explained_by_its_name() -> None:
    told = offline("--system wms --operation receive_callback")

    assert (told["caller"]["kind"], told["status"]) == ("system", 202)
    assert [each["rule"] for each in told["decisions"]] == ["class orders", "back-ends-report"]


@pytest.mark.parametrize(
    ("line", "status", "rule"),
    [
        ("--operation act_on_exception --role support", 200, "operators-mend-exceptions"),
        ("--operation act_on_exception --role viewer", 403, "operators-mend-exceptions"),
        ("--operation get_exception --role viewer", 200, "operators-read-exceptions"),
        ("--operation place_order", 403, "default"),
    ],
)
def test_an_operator_is_explained_by_its_roles(line: str, status: int, rule: str) -> None:
    told = offline(f"--operator olga {line}")

    assert (told["caller"]["kind"], told["status"], told["decisions"][-1]["rule"]) == ("operator", status, rule)


async def test_a_registered_operator_is_explained_with_its_own_roles(gate: Gate, shell: Shell) -> None:
    await gate.operator("olga", "viewer")

    said = await shell("policies explain --operator olga --operation act_on_exceptions")

    assert said.text.startswith("the operator olga (viewer) calls act_on_exceptions: ")
    assert "denied: 403 forbidden" in said.text


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        (
            "--partner web --operation place_ordr",
            "no contract has an operation 'place_ordr'; did you mean 'place_order'?",
        ),
        (
            "--operation place_order",
            "who calls? Give --partner NAME, --operator NAME, or --system NAME for a back end's callback",
        ),
        ("--partner web --operation receive_callback", "'receive_callback' is called by a system: give --system"),
        ("--system wms --operation place_order", "'place_order' is called by a partner: give --partner"),
    ],
)
def test_what_cannot_be_explained_is_refused_with_the_mend(line: str, refusal: str) -> None:
    said = OFFLINE.run(f"policies explain --offline {line}")

    assert (said.code, said.text) == (1, f"omnigate: {refusal}")


async def test_nobody_can_be_explained_who_is_not_registered(gate: Gate, shell: Shell) -> None:
    await gate.partner("webshop")

    said = await shell("policies explain --partner webshp --operation place_order")

    assert (said.code, said.text) == (1, "omnigate: there is no partner 'webshp'; did you mean 'webshop'?")
