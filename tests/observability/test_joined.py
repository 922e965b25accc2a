"""A request is part of a trace, whether or not anybody records it."""

from observability import tracing

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GOOD = f"00-{TRACE}-{SPAN}-01"


def test_a_request_is_part_of_the_callers_trace_and_of_no_span_of_its() -> None:
    with tracing.joined([(b"traceparent", GOOD.encode())]):
        inside, sent = tracing.traceparent(), tracing.outbound()

    assert inside is not None
    assert inside.split("-")[1] == TRACE
    assert inside.split("-")[2] != SPAN
    assert sent == {"traceparent": inside}
    assert tracing.traceparent() is None


def test_each_request_without_a_parent_begins_a_trace() -> None:
    seen = []
    for _ in range(2):
        with tracing.joined([]):
            seen.append(tracing.trace_id())

    assert None not in seen
    assert len(set(seen)) == 2
