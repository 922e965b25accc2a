"""What a benchmark hands over: rows of a table, and remarks under it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median


@dataclass(frozen=True, slots=True)
class Row:
    what: str
    value: str
    ratio: str = ""
    goal: str = ""
    met: bool | None = None


@dataclass(slots=True)
class Findings:
    rows: list[Row] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def told(self, machine: str) -> str:
        """As Markdown."""
        said = [f"- {remark}" for remark in self.remarks]
        return "\n".join([table(self.rows), "", *said, f"- Machine: {machine}."])


def middle(values: Sequence[float]) -> float:
    return median(values) if values else 0.0


def spread(values: Sequence[float], unit: str) -> str:
    """The median, and between which values it lies."""
    return f"{middle(values):,.0f} {unit} ({min(values):,.0f}–{max(values):,.0f})" if values else "–"


def goal(ratio: float, text: str, *, at_least: float | None = None, at_most: float | None = None) -> tuple[str, bool]:
    met = (at_least is None or ratio >= at_least) and (at_most is None or ratio <= at_most)
    return text, met


def table(rows: Sequence[Row]) -> str:
    head = ["| what | median (lowest–highest) | ratio | goal | |", "|---|---|---|---|---|"]
    verdict = {True: "met", False: "**missed**", None: ""}
    body = [f"| {row.what} | {row.value} | {row.ratio} | {row.goal} | {verdict[row.met]} |" for row in rows]
    return "\n".join([*head, *body])
