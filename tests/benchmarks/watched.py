"""
A command of ours that tells on SIGUSR1 how many tasks it has: `python -m tests.benchmarks.watched FILE serve`. What can
be seen from outside (memory, descriptors) is read from /proc.
"""

import asyncio
import gc
import signal
import sys
from pathlib import Path

from gateway.cli import main


def _tell(number: int, frame: object) -> None:
    tasks = sum(isinstance(each, asyncio.Task) and not each.done() for each in gc.get_objects())
    beside = told.with_suffix(".new")
    beside.write_text(str(tasks))
    beside.rename(told)


if __name__ == "__main__":
    told = Path(sys.argv.pop(1))
    signal.signal(signal.SIGUSR1, _tell)
    main()
