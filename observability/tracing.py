"""One trace from the partner's call through worker and back ends, also across a crash: rows keep traceparents."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from opentelemetry import context, propagate, trace
from opentelemetry.context import Context
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.propagators.textmap import CarrierT, Getter, default_getter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased, Sampler, TraceIdRatioBased
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, StatusCode, TraceFlags, TraceState
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from observability.legible import Legible
from observability.redaction import redact_text
from observability.tracecontext import Parent, parent_of


class _TraceContext(TraceContextTextMapPropagator):
    """Reads as `tracecontext` does: OpenTelemetry's own takes the first of two, and logs what it cannot read."""

    def extract(
        self, carrier: CarrierT, context: Context | None = None, getter: Getter[CarrierT] = default_getter
    ) -> Context:
        around = Context() if context is None else context
        parent = parent_of(getter.get(carrier, "traceparent") or (), getter.get(carrier, "tracestate") or ())
        if parent is None:
            return around
        return trace.set_span_in_context(NonRecordingSpan(_remote(parent)), around)


def _remote(parent: Parent) -> SpanContext:
    return SpanContext(
        int(parent.trace_id, 16),
        int(parent.span_id, 16),
        is_remote=True,
        trace_flags=TraceFlags(parent.flags),
        trace_state=TraceState(parent.state),
    )


_W3C = _TraceContext()
_IDS = RandomIdGenerator()
_NAME = "omnigate"


def start(
    service: str, *, endpoint: str | None = None, ratio: float = 1.0, processor: SpanProcessor | None = None
) -> TracerProvider:
    """The provider of this process; the first one made is everybody's. Without an endpoint nothing is recorded, but
    ids are made and travel on."""
    if endpoint and processor is None:
        processor = BatchSpanProcessor(_exporter(endpoint))
    provider = TracerProvider(
        sampler=_sampler(ratio) if processor else ALWAYS_OFF,
        resource=Resource.create({"service.name": service}),
        shutdown_on_exit=processor is not None,
    )
    if processor:
        provider.add_span_processor(processor)
    propagate.set_global_textmap(_W3C)  # no baggage: what a caller adds must not reach the systems behind us
    if not isinstance(trace.get_tracer_provider(), TracerProvider):
        trace.set_tracer_provider(provider)
    return provider


def _exporter(endpoint: str) -> SpanExporter:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - five megabytes for who has none
        OTLPSpanExporter,
    )

    return OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces")


def _sampler(ratio: float) -> Sampler:
    ours = TraceIdRatioBased(ratio)
    return ParentBased(ours, remote_parent_sampled=ours, remote_parent_not_sampled=ours)  # the caller's flag is ignored


def records(provider: TracerProvider) -> bool:
    return provider.sampler is not ALWAYS_OFF


def instrument(app: Any, provider: TracerProvider) -> None:
    """A server span around every request, refused ones too. The environment names the attributes (gateway.settings)."""
    FastAPIInstrumentor.instrument_app(
        app, tracer_provider=provider, exclude_spans=["receive", "send"], server_request_hook=_forget_secrets
    )
    build = app.build_middleware_stack
    app.build_middleware_stack = lambda: Legible(build())


def _forget_secrets(span: Span, scope: Mapping[str, Any]) -> None:
    """What the caller wrote, as far as the instrumentation has copied it: no query, and nothing that looks secret."""
    if not span.is_recording():
        return
    if scope.get("query_string"):
        span.set_attribute("url.query", "")
    span.set_attribute("url.path", redact_text(scope["path"]))
    agents = [value for name, value in scope["headers"] if name == b"user-agent"]
    if agents:
        span.set_attribute("user_agent.original", redact_text(agents[0].decode("latin-1")))


@contextmanager
def joined(headers: Iterable[tuple[bytes, bytes]]) -> Iterator[None]:
    """Around a request: part of the caller's trace or of a new one. The instrumentation has seen to that if spans are
    recorded; if not, ids are all that is needed, and cost a twentieth."""
    if trace.get_current_span().get_span_context().is_valid:
        yield
        return
    parent = parent_of(_lines(headers, b"traceparent"), _lines(headers, b"tracestate"))
    number = int(parent.trace_id, 16) if parent else _IDS.generate_trace_id()
    state = TraceState(parent.state) if parent else None
    here = NonRecordingSpan(SpanContext(number, _IDS.generate_span_id(), is_remote=False, trace_state=state))
    token = context.attach(trace.set_span_in_context(here))
    try:
        yield
    finally:
        context.detach(token)


def _lines(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in headers if key == name]


def trace_id() -> str | None:
    """Of the current span, as 32 hexadecimal digits."""
    here = trace.get_current_span().get_span_context()
    return f"{here.trace_id:032x}" if here.is_valid else None


def traceparent() -> str | None:
    """Of the current span: what a stored run continues."""
    here = trace.get_current_span().get_span_context()
    return f"00-{here.trace_id:032x}-{here.span_id:016x}-{here.trace_flags:02x}" if here.is_valid else None


def outbound() -> dict[str, str]:
    """The headers that carry the current trace to another system."""
    headers: dict[str, str] = {}
    _W3C.inject(headers)
    return headers


@contextmanager
def span(
    name: str,
    *,
    parent: str | None = None,
    kind: SpanKind = SpanKind.INTERNAL,
    provider: TracerProvider | None = None,
    **facts: str,
) -> Iterator[Span]:
    """A span that continues the stored *parent*, else the current one. Facts are ids and names, never payloads."""
    before = _W3C.extract({"traceparent": parent}) if parent else None
    tracer = trace.get_tracer(_NAME, tracer_provider=provider)
    with tracer.start_as_current_span(
        name, before, kind, attributes=facts, record_exception=False, set_status_on_exception=False
    ) as current:
        try:
            yield current
        except Exception as error:  # its kind alone: its text may quote what a back end or a caller said
            current.set_attribute("error.type", f"{type(error).__module__}.{type(error).__qualname__}")
            current.set_status(StatusCode.ERROR)
            raise


def trace_id_of(parent: str | None) -> str:
    """The trace id inside a stored traceparent; all zeros when there is none."""
    return parent.split("-")[1] if parent else "0" * 32
