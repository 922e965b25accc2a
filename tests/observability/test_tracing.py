"""One trace from the caller through a crash to the systems behind us."""

import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from gateway.settings import choose_conventions
from observability import tracing

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SAMPLED, UNSAMPLED = (f"00-{TRACE}-00f067aa0ba902b7-{flag}" for flag in ("01", "00"))


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def provider(spans: InMemorySpanExporter) -> TracerProvider:
    return tracing.start("test", processor=SimpleSpanProcessor(spans))


def app_of(provider: TracerProvider) -> FastAPI:
    app = FastAPI()

    @app.get("/notes/{note_id}")
    async def read(note_id: str) -> dict[str, object]:
        return {"trace": tracing.trace_id(), "parent": tracing.traceparent(), "outbound": tracing.outbound()}

    choose_conventions()
    tracing.instrument(app, provider)
    return app


async def read(provider: TracerProvider, **headers: str) -> dict[str, dict[str, str]]:
    async with AsyncClient(transport=ASGITransport(app_of(provider)), base_url="http://test") as http:
        seen: dict[str, dict[str, str]] = (await http.get("/notes/1?canary=secret", headers=headers)).json()
        return seen


@pytest.mark.parametrize("parent", [SAMPLED, UNSAMPLED])
async def test_the_callers_trace_is_continued_and_its_flag_ignored(
    provider: TracerProvider, spans: InMemorySpanExporter, parent: str
) -> None:
    seen = await read(provider, traceparent=parent)

    (span,) = spans.get_finished_spans()
    assert seen["trace"] == TRACE
    assert seen["outbound"]["traceparent"] == seen["parent"]
    assert f"{span.context.trace_id:032x}" == TRACE
    assert span.name == "GET /notes/{note_id}"


async def test_no_span_holds_a_query(provider: TracerProvider, spans: InMemorySpanExporter) -> None:
    await read(provider)

    (span,) = spans.get_finished_spans()
    assert "canary" not in str(dict(span.attributes or {}))
    assert (span.attributes or {})["http.response.status_code"] == 200


JWT = "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiJjbGllbnRfMSJ9.c2lnbmF0dXJl"


async def test_no_span_holds_a_secret_that_a_caller_put_where_it_does_not_belong(
    provider: TracerProvider, spans: InMemorySpanExporter
) -> None:
    async with AsyncClient(transport=ASGITransport(app_of(provider)), base_url="http://test") as http:
        await http.get(f"/notes/{JWT}", headers={"user-agent": f"shop/1 {JWT}"})
        await http.get(f"/{JWT}")

    told = [span.to_json() for span in spans.get_finished_spans()]
    assert len(told) == 2
    assert JWT not in str(told)
    assert "shop/1" in told[0]


def test_a_failed_span_tells_the_kind_of_error_and_not_its_text(
    provider: TracerProvider, spans: InMemorySpanExporter
) -> None:
    with pytest.raises(ValueError), tracing.span("hold_money", provider=provider):  # noqa: PT011
        raise ValueError("canary of a back end")

    (span,) = spans.get_finished_spans()
    assert (span.attributes or {})["error.type"] == "builtins.ValueError"
    assert not span.status.is_ok
    assert "canary" not in span.to_json()


@pytest.mark.parametrize("name", ["host", "user-agent", "traceparent", "tracestate", "content-length", "x-any"])
async def test_no_byte_of_a_header_breaks_the_instrumentation(provider: TracerProvider, name: str) -> None:
    headers = [(name.encode(), b"\xff\\x"), (b"x-name", "M\u00fcller".encode("latin-1"))]
    async with AsyncClient(transport=ASGITransport(app_of(provider)), base_url="http://test") as http:
        answer = await http.get("/notes/1", headers=headers)

    assert answer.status_code == 200


async def test_baggage_of_the_caller_goes_nowhere(provider: TracerProvider) -> None:
    seen = await read(provider, traceparent=SAMPLED, baggage="canary=secret", tracestate="vendor=1")

    assert seen["outbound"].keys() == {"traceparent", "tracestate"}


async def test_without_an_endpoint_ids_are_made_and_travel_on() -> None:
    silent = tracing.start("test")

    mine, yours = await read(silent), await read(silent, traceparent=SAMPLED)

    assert len(mine["trace"]) == 32
    assert yours["trace"] == TRACE
    assert yours["outbound"]["traceparent"].split("-")[1] == TRACE


def test_a_stored_parent_is_continued_after_a_crash(provider: TracerProvider, spans: InMemorySpanExporter) -> None:
    with tracing.span("hold_money", parent=SAMPLED, provider=provider, run_id="ord_1"):
        inside = tracing.traceparent()

    (span,) = spans.get_finished_spans()
    assert inside is not None
    assert inside.split("-")[1] == TRACE
    assert f"{span.parent.span_id:016x}" == "00f067aa0ba902b7"  # type: ignore[union-attr]
    assert (span.attributes or {})["run_id"] == "ord_1"


@pytest.mark.parametrize("parent", [None, "", "nonsense", "00-" + "0" * 32 + "-00f067aa0ba902b7-01"])
def test_without_a_good_parent_a_new_trace_begins(provider: TracerProvider, parent: str | None) -> None:
    with tracing.span("hold_money", parent=parent, provider=provider):
        assert tracing.trace_id() not in (None, TRACE, "0" * 32)


def test_outside_of_a_trace_there_is_none() -> None:
    assert (tracing.trace_id(), tracing.traceparent(), tracing.outbound()) == (None, None, {})
