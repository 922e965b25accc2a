"""The partners' guide, typed into a shell: every command runs, and every refusal is the one that is promised."""

import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.errors import BackEndError, GatewayError, Misconfigured, catalogue
from gateway.refusals import Conflict, Refused
from gateway.settings import ROOT
from tests.guides.commands import Shell, amiss, blocks
from tests.proof.rig import Rig, open_rig
from tests.tools import tool

pytestmark = pytest.mark.proof

PAGE = ROOT / "docs" / "guides" / "partner.md"
REFUSALS = [block for page in (PAGE, PAGE.with_name("supplier.md")) for block in blocks(page) if block.code]
BRANCHES = (GatewayError, Refused, Conflict, BackEndError, Misconfigured)  # never told to a partner as they are


@pytest.fixture
async def rig(database_url: str, home: Path) -> AsyncIterator[Rig]:
    async with open_rig(database_url, home, plan="standard") as opened:
        _make_narrow(opened)
        yield opened


def _make_narrow(rig: Rig) -> None:
    """
    Four requests side by side already are too many lists, five too many of a partner, and a thousand one after the
    other are beyond the plan: on a machine of any speed.
    """
    policies = rig.home / "policies"
    shutil.copytree(ROOT / "policies", policies)
    admission = (policies / "admission.yaml").read_text()
    narrow = admission.replace("    share: 25\n", "    share: 10\n").replace("  standard: 12\n", "  standard: 4\n")
    assert narrow.count("share: 10\n") == narrow.count("standard: 4\n") == 1
    (policies / "admission.yaml").write_text(narrow)
    quotas = (policies / "quotas.yaml").read_text()
    assert quotas.count("burst: {quota: 100, window: 1}") == 1
    (policies / "quotas.yaml").write_text(quotas.replace("{quota: 100, window: 1}", "{quota: 400, window: 60}"))
    rig.environment["OMNIGATE_POLICIES"] = str(policies)


async def test_every_command_does_what_the_guide_says(rig: Rig, tmp_path: Path) -> None:
    tool("curl")
    _, address = await rig.start_edge()
    rig.start_worker()
    known = {"CLIENT_ID": rig.credentials.client_id, "CLIENT_SECRET": rig.credentials.client_secret}
    shell = await Shell.open(tmp_path, known)

    told = [(block, await shell.type(_at(address, block.commands))) for block in blocks(PAGE)]

    await shell.close()
    assert [wrong for wrong in (amiss(block, printed) for block, printed in told) if wrong] == []


def test_every_refusal_that_a_partner_can_meet_has_its_command_or_its_reason() -> None:
    text = PAGE.read_text()
    beyond_command = re.findall(r"`(\w+)`", text.partition("### What no command brings about")[2].partition("\n## ")[0])
    known = {kind.code for kind in catalogue() if kind not in BRANCHES and not issubclass(kind, BackEndError)}

    shown = {block.code for block in REFUSALS} | set(beyond_command)

    assert known - shown == set()


def _at(address: str, commands: str) -> str:
    return commands.replace("http://127.0.0.1:8080", address)
