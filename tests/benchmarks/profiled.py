"""
A command of ours with a look at it every two milliseconds of processor time: `python -m tests.benchmarks.profiled FILE
serve`. On SIGTERM, FILE says where the time went: by line that was running, and by function that was under way.

Looking from a timer costs the same for every line; cProfile would weigh small functions far too heavily.
"""

import os
import signal
import sys
from collections import Counter
from pathlib import Path
from types import FrameType

from gateway.cli import main
from gateway.settings import ROOT

EVERY = 0.002
_STARTING = ("load_bundle", "_find_and_load")  # what happens once is not what a request costs


class Samples:
    def __init__(self) -> None:
        self.seen = 0
        self.running: Counter[str] = Counter()
        self.under_way: Counter[str] = Counter()

    def take(self, number: int, frame: FrameType | None) -> None:
        stack = []
        running = _line(frame) if frame else ""
        while frame:
            stack.append(_function(frame))
            frame = frame.f_back
        if any(entry.endswith(_STARTING) for entry in stack):
            return
        self.seen += 1
        self.running[running] += 1
        self.under_way.update(set(stack))

    def told(self, most: int = 60) -> str:
        parts = []
        for title, counter in (("running", self.running), ("under way", self.under_way)):
            lines = [f"{count / max(1, self.seen):7.1%}  {name}" for name, count in counter.most_common(most)]
            parts.append("\n".join([f"{title}, of {self.seen} samples:", *lines]))
        return "\n\n".join(parts) + "\n"


def _line(frame: FrameType) -> str:
    return f"{_place(frame)}:{frame.f_lineno} {frame.f_code.co_qualname}"


def _function(frame: FrameType) -> str:
    return f"{_place(frame)} {frame.f_code.co_qualname}"


def _place(frame: FrameType) -> str:
    return frame.f_code.co_filename.removeprefix(f"{ROOT}/").rpartition("site-packages/")[2]


def _leave(number: int, frame: FrameType | None) -> None:
    _write()
    os._exit(0)


def _write() -> None:
    signal.setitimer(signal.ITIMER_PROF, 0)
    target.write_text(samples.told())


if __name__ == "__main__":
    target, samples = Path(sys.argv.pop(1)), Samples()
    signal.signal(signal.SIGTERM, _leave)  # uvicorn raises it again once it has drained
    signal.signal(signal.SIGPROF, samples.take)
    signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)
    try:
        main()
    finally:
        _write()
