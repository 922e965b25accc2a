"""Where one point of chaos is run: its folder, dice and size, and what came of it."""

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.checker import Evidence, check, write
from tests.chaos.gather import Gathering

MOST_SHOWN = 20
PATIENT = 900.0  # seconds until rest, on a machine of any speed; what it took is told


@dataclass(slots=True)
class Room:
    """One run of one point. The same seed makes the same plan."""

    point: str
    seed: int
    size: Mapping[str, int]
    home: Path
    keep: Path
    counts: dict[str, Any] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    started: float = field(default_factory=time.time)

    def dice(self, about: str) -> random.Random:
        return random.Random(f"{self.point}/{self.seed}/{about}")

    def hold(self, true: bool, sentence: str) -> None:
        """What must be so, beside what the checker asks."""
        if not true:
            self.wrong.append(sentence)

    async def judge(self, gathering: Gathering, *, last_fault: float, parked: frozenset[str] = frozenset()) -> Evidence:
        """Brings the run to rest and has it judged. Only the orders of *parked* may wait for an operator."""
        evidence = await gathering.evidence(last_fault=last_fault, within=PATIENT)
        found = [str(violation) for violation in check(evidence)]
        found += [
            f"needlessly parked: {order.order_id} {order.parked}"
            for order in evidence.orders
            if order.parked is not None and order.order_id not in parked
        ]
        self.counts |= {**_counted(evidence), "workflows": await gathering.workflows()}
        if found:
            self.keep.mkdir(parents=True, exist_ok=True)
            path = self.keep / f"{self.point}-{self.seed}-{len(self.wrong)}.jsonl"
            write(evidence, path)
            self.wrong += [*found[:MOST_SHOWN], f"{len(found)} violations in all; the evidence is {path}"]
        return evidence


def _counted(evidence: Evidence) -> dict[str, Any]:
    around = evidence.circumstances
    return {
        "orders": len(evidence.orders),
        "requests": len(evidence.exchanges),
        "effects": len(evidence.effects),
        "attempts": len(evidence.attempts),
        "rest after, s": round(max(0.0, around.rested - around.last_fault), 1),
    }
