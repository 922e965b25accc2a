"""What a process tells at its metrics port, read as Prometheus reads it."""

from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO

import orjson
from httpx2 import AsyncClient
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}


@dataclass(frozen=True)
class Scrape:
    text: str
    families: tuple[Metric, ...]

    @property
    def samples(self) -> Iterable[Sample]:
        return (sample for family in self.families for sample in family.samples)

    @property
    def names(self) -> set[str]:
        """Every name that a query may speak of, whether there is a sample of it yet or not."""
        return {family.name + suffix for family in self.families for suffix in SUFFIXES.get(family.type, ("",))}

    def of(self, name: str, **labels: str) -> float:
        """The sum over every series that has these labels; nought if there is none."""
        wanted = labels.items()
        return sum(sample.value for sample in self.samples if sample.name == name and wanted <= sample.labels.items())

    def has(self, name: str) -> bool:
        return any(sample.name == name for sample in self.samples)


async def scrape(port: int) -> Scrape:
    async with AsyncClient() as http:
        answer = await http.get(f"http://127.0.0.1:{port}/metrics")
    assert answer.status_code == 200, answer.text
    return read(answer.text)


def read(text: str) -> Scrape:
    return Scrape(text, tuple(text_string_to_metric_families(text)))


def announced(log: bytes) -> list[int]:
    """The metrics ports that a log says were opened, in their order."""
    lines = (orjson.loads(line) for line in log.splitlines() if line.startswith(b"{"))
    return [line["port"] for line in lines if line["event"] == "metrics port open"]


def ports_of(stream: BytesIO) -> list[int]:
    return announced(stream.getvalue())
