"""A caller's trace is continued when its header can be read in one way only."""

import pytest

from observability import tracing
from observability.tracecontext import continued

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GOOD = f"00-{TRACE}-{SPAN}-01"


@pytest.mark.parametrize(
    "header", [GOOD, f" {GOOD}\t", f"00-{TRACE}-{SPAN}-00", f"01-{TRACE}-{SPAN}-01-what-comes-later"]
)
def test_a_well_formed_parent_is_continued(header: str) -> None:
    assert continued([(b"accept", b"*/*"), (b"traceparent", header.encode())]) == int(TRACE, 16)


@pytest.mark.parametrize(
    "headers",
    [
        (),
        ("",),
        ("00-xyz-1-01",),
        (GOOD, GOOD),
        (GOOD.upper(),),
        (f"ff-{TRACE}-{SPAN}-01",),
        (f"{GOOD}-more",),
        (f"00-{'0' * 32}-{SPAN}-01",),
        (f"00-{TRACE}-{'0' * 16}-01",),
        (f"00-{TRACE}-{SPAN}",),
    ],
)
def test_of_anything_else_nothing_is_believed(headers: tuple[str, ...]) -> None:
    assert continued([(b"traceparent", header.encode()) for header in headers]) is None


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
