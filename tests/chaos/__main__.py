"""
`make chaos`: breaks installations at points of its choice, and has the ledger checker say whether they held.

    python -m tests.chaos [--seed N] [--full] [--only r1 --only r3] [--keep FOLDER] [--record FILE]

Prints its seed first: the same seed makes the same plan. Points run in processes of their own, two at a time. Ends
with a table and a JSON block; 1 where something did not hold, and then the evidence stays in --keep.
"""

import argparse
import asyncio
import json
import secrets
import signal
import sys
from pathlib import Path

from tests.chaos.points import POINTS
from tests.chaos.runner import Order, Verdict, perform, run_all

KEEP = Path(".chaos")


def main() -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever is told to end tidies up first
    asked = _arguments()
    seed = asked.seed if asked.seed is not None else secrets.randbelow(1_000_000)
    order = Order(seed, asked.full, asked.keep)
    if asked.here:
        return asyncio.run(perform(asked.here, order))
    print(f"chaos: seed {seed}, {'full' if asked.full else 'quick'}; again with SEED={seed}", flush=True)
    verdicts = asyncio.run(run_all(asked.only or list(POINTS), order, lanes=asked.lanes))
    _tell(verdicts)
    told = {"seed": seed, "full": asked.full, "points": {each.point: each.told() for each in verdicts}}
    print(json.dumps(told, indent=2))
    if asked.record:
        asked.record.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    return 1 if any(each.wrong for each in verdicts) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=POINTS.__doc__)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--full", action="store_true", help="the counts of docs/reliability.md, most of an hour")
    parser.add_argument("--only", action="append", choices=list(POINTS), help="may be given again")
    parser.add_argument("--lanes", type=int, default=2, help="points at the same time")
    parser.add_argument("--keep", type=Path, default=KEEP, help="where evidence of what did not hold is kept")
    parser.add_argument("--record", type=Path, help="write the JSON block there, too")
    parser.add_argument("--here", choices=list(POINTS), help=argparse.SUPPRESS)
    return parser.parse_args()


def _tell(verdicts: list[Verdict]) -> None:
    for each in sorted(verdicts, key=lambda verdict: verdict.point):
        held = "held" if not each.wrong else "DID NOT HOLD"
        print(f"\n{each.point:4} {POINTS[each.point].title:26} {held:12} {each.seconds:7.0f} s")
        counts = [f"{name} {count}" for name, count in each.counts.items()]
        for at in range(0, len(counts), 5):
            print(f"       {', '.join(counts[at : at + 5])}")
        for sentence in each.wrong:
            print(f"     ! {sentence}")


if __name__ == "__main__":
    sys.exit(main())
