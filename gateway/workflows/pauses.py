"""How long those pause who look again and again beside the runs."""

from gateway.workflows.tools import Tools

EVERY = 1.0  # seconds between looks while there is nothing new
LONGEST = 30.0  # seconds, while somebody is in trouble


def pause_after(failed: int, tools: Tools) -> float:
    """Seconds, after so many looks in a row that failed; not in step with the other workers."""
    return min(LONGEST, EVERY * 2.0 ** min(failed, 10)) * (0.5 + tools.dice() / 2)
