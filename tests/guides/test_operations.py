"""The operations guide's ERP of one's own: its files are written, its server started, its commands typed."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from gateway.settings import ROOT
from tests.adapters.ports.ground import in_reach
from tests.proof.processes import free_port, until

GUIDE = ROOT / "docs" / "guides" / "operations.md"
FILE = re.compile(r"^```python\n# (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SUITE = re.compile(r"^```sh\n(export OMNIGATE_ERP=.*?)^```$", re.MULTILINE | re.DOTALL)
WITHIN = 240.0  # seconds; a busy machine starts four processes one after the other


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A folder to be put on the path, with the guide's package in it."""
    for name, content in FILE.findall(GUIDE.read_text()):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    return tmp_path


@pytest.fixture
async def environment(package: Path, tmp_path: Path) -> AsyncIterator[dict[str, str]]:
    """Tiny and a sandbox for the other roles, and a shell's variables that lead to them."""
    port = free_port()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("OMNIGATE_")}
    paths = {"PYTHONPATH": str(package), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    tiny = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tiny.server", str(port), env={**inherited, **paths}, cwd=package
    )
    try:
        await until(lambda: answers(port), what="Tiny answers", within=WITHIN)
        async with in_reach(tmp_path) as url:
            yield {
                **inherited,
                **paths,
                "TINY": str(port),
                "COLUMNS": "200",
                "OMNIGATE_PAYMENTS_URL": f"{url}/psp",
                "OMNIGATE_WMS_URL": f"{url}/wms",
                "PYTEST_ADDOPTS": "-q -p no:cacheprovider -k yours",
            }
    finally:
        tiny.kill()
        await tiny.wait()


async def answers(port: int) -> bool:
    try:
        async with httpx2.AsyncClient(trust_env=False) as http:
            return (await http.get(f"http://127.0.0.1:{port}/articles")).status_code == 200
    except httpx2.HTTPError:
        return False


async def typed(commands: str, environment: dict[str, str]) -> tuple[int | None, str]:
    shell = await asyncio.create_subprocess_exec(
        *("bash", "-e", "-c", commands.replace("8095", environment["TINY"])),
        env=environment,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(WITHIN):
        said, _ = await shell.communicate()
    return shell.returncode, said.decode()


@pytest.mark.proof
async def test_the_guides_adapter_passes_the_suite_and_the_check(environment: dict[str, str]) -> None:
    [commands] = SUITE.findall(GUIDE.read_text())

    code, said = await typed(commands, environment)

    assert code == 0, said
    assert re.search(r"\d\d passed", said)
    assert "every back end answers" in said
    assert "erp: tiny.adapter:TinyErp at http://127.0.0.1:" in said
    assert "50/s, burst 10" in said


async def test_what_is_wrong_with_the_guides_mapping_is_found(environment: dict[str, str], package: Path) -> None:
    [commands] = SUITE.findall(GUIDE.read_text())
    adapter = package / "tiny" / "adapter.py"
    adapter.write_text(adapter.read_text().replace('"A-200"', '"A-300"'))

    code, said = await typed(f"{commands.splitlines()[0]}\nomnigate backends check", environment)

    assert code == 1
    assert said == "tiny/adapter.py: MUG-RED: Tiny has no article A-300; map it to one that /articles lists\n"
