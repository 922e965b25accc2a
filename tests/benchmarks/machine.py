"""The machine of a run, and what a durable write costs on it."""

import os
import platform
import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter


def described(postgresql: str) -> str:
    """One sentence to stand beside every figure."""
    processor = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    facts = (
        processor[1] if processor else platform.machine(),
        f"{os.cpu_count()} cores",
        f"Python {platform.python_version()}",
        f"PostgreSQL {postgresql.split(maxsplit=1)[0]}, `fsync` on",
        f"{platform.system()} {platform.release()}",
        f"a durable write of 8 KiB takes {_durable_write() * 1000:.2f} ms",
        f"{datetime.now(UTC):%Y-%m-%d}",
    )
    return ", ".join(facts)


def _durable_write() -> float:
    """Median of fdatasync after 8 KiB, where the data folders of the run lie."""
    taken = []
    with tempfile.TemporaryFile() as file:
        for _ in range(100):
            os.pwrite(file.fileno(), b"x" * 8192, 0)
            begun = perf_counter()
            os.fdatasync(file.fileno())
            taken.append(perf_counter() - begun)
    return median(taken)
