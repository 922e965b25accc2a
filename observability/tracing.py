"""One trace from the partner's call through worker and back ends, also across a crash: rows keep traceparents."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from opentelemetry import propagate, trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.propagators.textmap import CarrierT, Getter, default_getter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased, Sampler, TraceIdRatioBased
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, StatusCode, TraceFlags, TraceState
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from observability.legible import Legible
from observability.redaction import redact_text
from observability.tracecontext import parent_of


class _TraceContext(TraceContextTextMapPropagator):
    """Reads as `tracecontext` does: OpenTelemetry's own takes the first of two, and logs what it cannot read."""

    def extract(
        self, carrier: CarrierT, context: Context | None = None, getter: Getter[CarrierT] = default_getter
    ) -> Context:
        around = Context() if context is None else context
        parent = parent_of(getter.get(carrier, "traceparent") or (), getter.get(carrier, "tracestate") or ())
        if parent is None:
            return around
        remote = SpanContext(
            int(parent.trace_id, 16),
            int(parent.span_id, 16),
            is_remote=True,
            trace_flags=TraceFlags(parent.flags),
            trace_state=TraceState(parent.state),
        )
        return trace.set_span_in_context(NonRecordingSpan(remote), around)


_W3C = _TraceContext()
_NAME = "omnigate"


def start(
    service: str, *, endpoint: str | None = None, ratio: float = 1.0, processor: SpanProcessor | None = None
) -> TracerProvider:
    """The provider of this process; the first one made is everybody's. Without an endpoint nothing is recorded, but
    ids are made and travel on."""
    if endpoint and processor is None:
        processor = BatchSpanProcessor(OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces"))
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


def _sampler(ratio: float) -> Sampler:
    ours = TraceIdRatioBased(ratio)
    return ParentBased(ours, remote_parent_sampled=ours, remote_parent_not_sampled=ours)  # the caller's flag is ignored


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


def trace_id() -> str | None:
    """Of the current span, as 32 hexadecimal digits."""
    context = trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else None


def traceparent() -> str | None:
    """Of the current span: what a stored run continues."""
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


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
    context = _W3C.extract({"traceparent": parent}) if parent else None
    tracer = trace.get_tracer(_NAME, tracer_provider=provider)
    with tracer.start_as_current_span(
        name, context, kind, attributes=facts, record_exception=False, set_status_on_exception=False
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
