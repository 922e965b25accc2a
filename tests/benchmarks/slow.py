"""R17: 1,000 slow heads, 1,000 slow bodies and 500 slow readers at once, direct and through each of the proxies."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import quantiles
from typing import Any

from tests.benchmarks.figures import Findings, Row
from tests.benchmarks.gate import Gate, installation
from tests.benchmarks.processes import asked, folder, python
from tests.proxies import HOST, PROXIES, Door, opened
from tests.slow import Health, allow_files, healthy

ATTACKERS = {"slow head": 1000, "slow body": 1000, "slow read": 500}
WITHIN = 40.0  # seconds after which an attacker counts as still there
CALM = 15.0  # seconds of the baseline


def measure() -> Findings:
    allow_files()
    found = Findings()
    for name in ("direct", *PROXIES):
        with installation(OMNIGATE_TRUSTED_PROXIES=HOST) as gate, folder() as place:
            calm, attacked, fates = asyncio.run(_under_attack(name, gate, place))
        found.rows.append(_row(name, calm, attacked))
        found.remarks.append(f"{name}: {_told(fates)}; failed of the others: {dict(attacked.failed)}")
    return found


async def _under_attack(name: str, gate: Gate, place: Path) -> tuple[Health, Health, dict[str, Any]]:
    request = f"GET /v1/orders HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {gate.token}\r\n\r\n".encode()
    async with _door(name, gate, place) as door:
        calm = await healthy(door, request, until=asyncio.ensure_future(asyncio.sleep(CALM)))
        plan = {"name": name, "port": door.port, "folder": str(place) if door.tls else "", "numbers": ATTACKERS}
        attack = python("tests.benchmarks.attack")
        under_way = asyncio.ensure_future(
            asyncio.to_thread(asked, *attack, told={**plan, "within": WITHIN}, within=WITHIN + 60)
        )
        attacked = await healthy(door, request, until=under_way)
        return calm, attacked, await under_way


@asynccontextmanager
async def _door(name: str, gate: Gate, place: Path) -> AsyncIterator[Door]:
    if name == "direct":
        yield Door(name, gate.port)
        return
    async with opened(PROXIES[name](place, [gate.port]), place) as door:
        yield door


def _row(name: str, calm: Health, attacked: Health) -> Row:
    asked_for = attacked.answered + attacked.failed.total()
    success = attacked.answered / asked_for if asked_for else 0.0
    before, during = _p99(calm), _p99(attacked)
    value = f"{success:.2%} of {asked_for:,}; p99 {before:.1f} ms calm, {during:.1f} ms attacked"
    met = success >= 0.999 and during <= 2 * before
    return Row(f"R17, {name}", value, f"{during / before:.2f}", ">= 99.9 %, p99 <= 2", met)


def _p99(health: Health) -> float:
    return quantiles(health.seconds, n=100)[98] * 1000 if len(health.seconds) > 1 else 0.0


def _told(fates: dict[str, Any]) -> str:
    return "; ".join(
        f"{kind}: {', '.join(f'{end} {count:,}' for end, count in ends.items())} (last {fates['last'][kind]:.0f} s)"
        for kind, ends in fates["ends"].items()
    )
