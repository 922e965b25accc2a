"""`python -m tests.chaos.checker FILE`: what is wrong in a run's evidence."""

import argparse
import sys
from pathlib import Path

from tests.chaos.checker import INVARIANTS, check, read
from tests.chaos.checker.files import Unreadable


def main() -> int:
    arguments = argparse.ArgumentParser(prog="python -m tests.chaos.checker", description=__doc__)
    arguments.add_argument("file", type=Path)
    try:
        evidence = read(arguments.parse_args().file)
    except (OSError, Unreadable) as error:
        print(f"checker: {error}", file=sys.stderr)
        return 2
    violations = check(evidence)
    for violation in violations:
        print(violation)
    counted = f"{len(evidence.orders)} orders, {len(evidence.effects)} effects, {len(evidence.exchanges)} requests"
    print(f"{counted}: {len(violations)} violations of {', '.join(INVARIANTS)}")
    return 1 if violations else 0


sys.exit(main())
