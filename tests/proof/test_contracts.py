"""
schemathesis against the running edge: every phase, every check, 100 examples an operation, or fewer where what is sent
has to be made ready first, all contracts; that of orders under three seeds, the others under one of them.

At least 30 % of what is sent to each operation must be accepted, or the run says little about it.
"""

import asyncio
import json
import os
import re
import shutil
import sys
from asyncio.subprocess import PIPE, STDOUT
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from httpx2 import AsyncClient

from tests.proof.processes import ROOT
from tests.proof.rig import Rig

pytestmark = pytest.mark.proof

ACCEPTED = 0.30
MOST = 20_000  # more than the requests of a run
LONGEST = 900.0
CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
COMMON = (
    *("--checks", "all", "--continue-on-failure", "--generation-database", "none", "--request-timeout", "30"),
    *("--generation-allow-x00", "false", "--no-color"),  # we refuse NUL everywhere, which no schema of ours can say
)
# Everything; then valid requests alone, since the coverage phase makes far more invalid ones than valid. Most are
# mended until they are accepted: few do.
EXAMPLES = ("--max-examples", "100")
VALID = ("--phases", "fuzzing", "--mode", "positive", "--max-examples")
VALID_EXAMPLES = {"orders.v1": "150"}
FEW = "30"
# Contracts of which some of the operations are for partners and some for operators, as two runs.
PARTS = {
    "orders.v1": ("orders.v1", ("--exclude-path-regex", "/holds")),
    "orders.v1, holds": ("orders.v1", ("--include-path-regex", "/holds")),
}
OF_OPERATORS = ("operations.v1", "approvals.v1", "orders.v1, holds", "suppliers.v1")
# What waits for somebody to decide about it.
WAITING: Mapping[str, LiteralString] = {
    "operations.v1": """
        select open_exception('xcp_' || lpad(n::text, 26, '0'), 'inventory/divergence', 'shrink', 'LAMP-' || n, '{}',
                              '{resolve}', now())
          from generate_series(0, %s) n""",
    "approvals.v1": """
        with made as (
            insert into approval (approval_id, kind, subject, content, content_hash, amount, currency, asked_by,
                                  escalate_to, state, step, created_at)
            select 'apr_' || lpad(n::text, 26, '0'), 'refund', 'rfd_' || n, '{}', repeat('a', 64), 80000, 'GBP', 'web',
                   'platform', 'pending', 0, now() from generate_series(0, %s) n
            returning approval_id
        )
        insert into approval_step (approval_id, number, role, minutes, due_at)
        select approval_id, 0, 'admin', 240, now() + interval '1 day' from made""",
    "inventory.v1": """
        insert into stock_snapshot (snapshot_id, source_id, reference, scope, nodes, as_of, rows, state, reason,
                                    created_at, updated_at)
        select 'snp_' || lpad(n::text, 26, '0'), 'wms', 'aside ' || n, 'partial', '{main}', now(), 0, 'quarantined',
               '{"code": "too_few_rows"}', now(), now()
          from generate_series(0, %s) n""",
}
TODAY = 20_261_125
SEEDS = (1, TODAY, 4_294_967_291)


@pytest.fixture
async def edge(rig: Rig) -> str:
    """One that does not throttle: quotas are a policy, and other tests see them refuse."""
    policies = rig.home / "policies"
    shutil.copytree(ROOT / "policies", policies)
    quotas = (policies / "quotas.yaml").read_text()
    generous = re.sub(r"^(addresses|token_route):.*$", r"\1: {quota: 1000000, window: 60}", quotas, flags=re.MULTILINE)
    narrow, wide = "burst: {quota: 50, window: 1}", "burst: {quota: 10000, window: 1}"  # of operators, as of `internal`
    assert generous.count(narrow) == 1
    (policies / "quotas.yaml").write_text(generous.replace(narrow, wide))
    rig.environment["OMNIGATE_POLICIES"] = str(policies)
    _, address = await rig.start_edge()
    rig.start_worker()
    (await rig.sandbox.post("/wms/_hold", json={"hold": True})).raise_for_status()  # so that orders can be cancelled
    return address


def runs() -> Iterator[Any]:
    """Each contract under each seed; `make proof` has the time for all three of one contract alone. Long ones first."""
    others = ("suppliers.v1", "inventory.v1", "returns.v1", "operations.v1", "approvals.v1", "events.v1")
    for contract in ("orders.v1", *others, "orders.v1, holds", "callbacks.v1", "platform.v1"):
        for seed in SEEDS:
            always = contract == "orders.v1" or seed == TODAY
            yield pytest.param(contract, seed, marks=[] if always else [pytest.mark.full])


@pytest.mark.parametrize(("contract", "seed"), list(runs()))
async def test_schemathesis_finds_no_failure(contract: str, seed: int, rig: Rig, edge: str) -> None:
    if contract in WAITING:
        async with await psycopg.AsyncConnection.connect(rig.environment["DATABASE_URL"]) as connection:
            await connection.execute(WAITING[contract], (MOST,))
    counts = rig.home / "counts.json"
    name, part = PARTS.get(contract, (contract, ()))
    command = (f"contracts/openapi/{name}.yaml", "--url", edge, "--seed", str(seed), *COMMON, *part)
    failed = []
    for how in (EXAMPLES, (*VALID, VALID_EXAMPLES.get(contract, FEW))):
        tokens = await _tokens(rig, edge)  # each run's own: it may take as long as they are good
        options = (*command, *_credentials(contract, rig, tokens), *how)
        failed.append(await _run(*options, environment=_environment(rig, edge, tokens, counts)))

    accepted = _accepted(counts)
    _tell(f"{contract}, seed {seed}", counts, accepted)
    assert failed == ["", ""]
    assert {operation: share for operation, share in accepted.items() if share < ACCEPTED} == {}


async def _tokens(rig: Rig, edge: str) -> tuple[str, str]:
    """A partner's and an operator's."""
    async with rig.channel(edge) as channel:
        return channel.token, await _operator(rig, edge)


def _credentials(contract: str, rig: Rig, tokens: tuple[str, str]) -> list[str]:
    if contract == "platform.v1":
        return ["--auth", f"{rig.credentials.client_id}:{rig.credentials.client_secret}"]
    if contract == "callbacks.v1":
        return []
    return ["--header", f"Authorization: Bearer {tokens[contract in OF_OPERATORS]}"]


async def _operator(rig: Rig, edge: str) -> str:
    """An operator's token."""
    auth = (rig.environment["OMNIGATE_OPERATOR_ID"], rig.environment["OMNIGATE_OPERATOR_SECRET"])
    async with AsyncClient(base_url=edge) as http:
        answer = await http.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=auth)
    token: str = answer.json()["access_token"]
    return token


async def _run(*options: str, environment: Mapping[str, str]) -> str:
    """What it has found, or nothing."""
    program = str(Path(sys.executable).with_name("st"))
    running = await asyncio.create_subprocess_exec(
        *(program, "--config-file", str(CONFIGURATION), "run", *options),
        cwd=ROOT,
        env=environment,
        stdout=PIPE,
        stderr=STDOUT,
    )
    printed, _ = await asyncio.wait_for(running.communicate(), LONGEST)
    told = printed.decode(errors="replace")
    print("\n", *(phase.strip() for phase in re.findall(r"\S+ \(in [\d.]+s\)", told)))
    if running.returncode == 0:
        return ""
    print(told[-40_000:])
    return told.splitlines()[-1]


def _environment(rig: Rig, edge: str, tokens: tuple[str, str], counts: Path) -> Mapping[str, str]:
    return {
        **os.environ,
        "SCHEMATHESIS_HOOKS": "tests.proof.contract_hooks",
        "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
        "PROOF_ADDRESS": edge,
        "PROOF_DATABASE": rig.environment["DATABASE_URL"],
        "PROOF_TOKEN": tokens[0],
        "PROOF_OPERATOR": tokens[1],
        "PROOF_CALLBACK_SECRET": rig.environment["SANDBOX_CALLBACK_SECRET"],
        "PROOF_STRIPE_SECRET": rig.environment["SANDBOX_STRIPE_SECRET"],
        "PROOF_COUNTS": str(counts),
    }


def _accepted(counts: Path) -> Mapping[str, float]:
    sent, accepted = Counter[str](), Counter[str]()
    for operation, _phase, _mode, status, count in json.loads(counts.read_text()):
        sent[operation] += count
        accepted[operation] += count if 200 <= status < 300 else 0
    return {operation: accepted[operation] / sent[operation] for operation in sent}


def _tell(run: str, counts: Path, accepted: Mapping[str, float]) -> None:
    print(f"\n{run}")
    by_kind = json.loads(counts.read_text())
    for operation, share in accepted.items():
        told = Counter[tuple[str, str]]()
        for name, _phase, mode, status, count in by_kind:
            told[mode, f"{status // 100}xx"] += count if name == operation else 0
        kinds = ", ".join(f"{mode} {status} {count}" for (mode, status), count in sorted(told.items()) if count)
        print(f"  {operation}: {share:.0%} accepted ({kinds})")
