"""The internal port: only /metrics, never on the public port, always there, and bounded."""

import asyncio
from io import BytesIO
from pathlib import Path
from time import monotonic

import pytest
from httpx2 import AsyncClient

from gateway.errors import Misconfigured
from gateway.governance.bundle import Bundle
from gateway.metering import metered
from gateway.settings import Settings, read_settings
from gateway.store.pool import Database
from observability.metrics import ProcessMetrics
from observability.metrics_port import open_port
from tests.gate import open_gate
from tests.observability.conftest import Watched
from tests.proof.processes import free_port
from tests.scrape import ports_of, scrape

HOST = "127.0.0.1"


async def said(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        writer.write(request)
        async with asyncio.timeout(20):
            return await reader.read()
    finally:
        writer.close()


async def test_metrics_are_not_on_the_public_port(watched: Watched) -> None:
    assert (await watched.gate.http.get("/metrics")).status_code == 404


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"GET /metrics HTTP/1.1", b"200"),
        (b"GET /metrics?name=x HTTP/1.1", b"200"),
        (b"GET / HTTP/1.1", b"404"),
        (b"GET /metrics/ HTTP/1.1", b"404"),
        (b"GET /healthz HTTP/1.1", b"404"),
        (b"POST /metrics HTTP/1.1", b"405"),
        (b"nonsense", b"404"),
    ],
)
async def test_only_metrics_are_there(watched: Watched, request_line: bytes, status: bytes) -> None:
    answer = await said(watched.port, request_line + b"\r\nhost: x\r\n\r\n")

    assert answer.split(b" ")[1] == status


async def test_who_asks_for_openmetrics_gets_it(watched: Watched) -> None:
    accept = {"accept": "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"}
    async with AsyncClient() as http:
        open_metrics = await http.get(f"http://{HOST}:{watched.port}/metrics", headers=accept)
        plain = await http.get(f"http://{HOST}:{watched.port}/metrics")

    assert open_metrics.headers["content-type"].startswith("application/openmetrics-text")
    assert open_metrics.text.endswith("# EOF\n")
    assert plain.headers["content-type"].startswith("text/plain; version=0.0.4")


async def test_a_head_without_end_is_cut_off(watched: Watched) -> None:
    assert await said(watched.port, b"GET /metrics HTTP/1.1\r\nx: " + b"x" * 20_000) == b""
    assert (await watched.scrape()).has("omnigate_build_info")


async def test_those_who_say_nothing_keep_nobody_out_for_long(lines: BytesIO) -> None:
    async def sample() -> None:
        pass

    metrics = ProcessMetrics("edge", "0")
    near = range(free_port(), 65_536)
    async with open_port(metrics.registry, host=HOST, ports=near, sample=sample, patience=0.3) as port:
        silent = [await asyncio.open_connection(HOST, port) for _ in range(20)]
        async with asyncio.timeout(20):
            await asyncio.gather(*(reader.read() for reader, _ in silent))

        assert (await scrape(port)).has("omnigate_build_info")
    for _, writer in silent:
        writer.close()


async def test_processes_on_one_machine_take_the_first_free_ports(
    database_url: str, tmp_path: Path, bundle: Bundle, lines: BytesIO
) -> None:
    first = free_port()
    async with (
        open_gate(database_url, tmp_path, bundle=bundle, metrics_port=first),
        open_gate(database_url, tmp_path, bundle=bundle, metrics_port=first) as other,
    ):
        await other.http.get("/nowhere")
        one, two = ports_of(lines)
        seen = await scrape(one), await scrape(two)

    assert first <= one < two < first + 64
    assert [each.of("omnigate_http_requests_total", status="404") for each in seen] == [0, 1]


async def test_the_port_is_closed_unless_it_is_asked_for(
    database_url: str, tmp_path: Path, bundle: Bundle, lines: BytesIO
) -> None:
    async with open_gate(database_url, tmp_path, bundle=bundle):
        assert ports_of(lines) == []


async def test_an_address_that_is_not_ours_is_told_at_the_start(database_url: str) -> None:
    settings = Settings(metrics_host="192.0.2.1", metrics_port=free_port())
    database = Database(database_url, connections=2, name="test")

    with pytest.raises(Misconfigured, match="OMNIGATE_METRICS_HOST"):
        async with metered(ProcessMetrics("edge", "0"), settings=settings, database=database, ticks=monotonic):
            pass


async def test_the_public_port_is_left_to_the_public(database_url: str, lines: BytesIO) -> None:
    public = free_port()
    settings = Settings(port=public, metrics_port=public)
    database = Database(database_url, connections=2, name="test")

    async with metered(ProcessMetrics("edge", "0"), settings=settings, database=database, ticks=monotonic):
        assert ports_of(lines)[0] > public


def test_a_port_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMNIGATE_METRICS_PORT", "metrics")

    with pytest.raises(Misconfigured, match="OMNIGATE_METRICS_PORT"):
        read_settings()


async def test_the_event_loop_is_watched(watched: Watched) -> None:
    while not (await watched.scrape()).of("omnigate_event_loop_lag_seconds_count"):
        await asyncio.sleep(0)
