"""W3C Trace Context, case by case after the working group's own suite, through the edge's span to a back end's door."""

from dataclasses import dataclass
from io import BytesIO

import httpx2
import orjson
import pytest
from fastapi import FastAPI, Request
from httpx2 import ASGITransport, AsyncClient

from adapters.outbound import Call, Outbound
from gateway.ports import Promise, RetryClass
from gateway.settings import choose_conventions
from observability import tracing
from observability.tracecontext import parent_of

TRACE, SPAN = "12345678901234567890123456789012", "1234567890123456"
GOOD = f"00-{TRACE}-{SPAN}-01"
PROMISE = Promise(RetryClass.NATURAL, attempt=30.0)
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789_-*/"
ANY = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) not in ",=")
BARS = [f"bar{number:02}={number:02}" for number in range(1, 34)]

Headers = list[tuple[str, str]]


def parents(*values: str) -> Headers:
    return [("traceparent", value) for value in values]


def states(*values: str) -> Headers:
    return [*parents(GOOD), *(("tracestate", value) for value in values)]


CONTINUED: dict[str, Headers] = {
    "plain": parents(GOOD),
    "not sampled": parents(GOOD[:-2] + "00"),
    "unknown flags": parents(GOOD[:-2] + "ff"),
    "name in capitals": [("TRACEPARENT", GOOD)],
    "name in both cases": [("TraceParent", GOOD)],
    "later version": parents("cc" + GOOD[2:]),
    "later version that says more": parents("cc" + GOOD[2:] + "-what-the-future-will-be-like"),
    "last version": parents("fe" + GOOD[2:]),
    "blank before": parents(" " + GOOD),
    "tab before": parents("\t" + GOOD),
    "blank behind": parents(GOOD + " "),
    "tab behind": parents(GOOD + "\t"),
    "white space around": parents("\t " + GOOD + " \t"),
}

BEGUN_ANEW: dict[str, Headers] = {
    "nothing": [],
    "empty": parents(""),
    "two of them": parents(GOOD, f"00-{TRACE[:-1]}1-{SPAN}-01"),
    "the same twice": parents(GOOD, GOOD),
    "two in one line": parents(f"{GOOD}, {GOOD}"),
    "another name": [("trace-parent", GOOD), ("trace.parent", GOOD)],
    "version 00 with a dot behind": parents(GOOD + "."),
    "version 00 that says more": parents(GOOD + "-what-the-future-will-be-like"),
    "version 00 with a dash behind": parents(GOOD + "-"),
    "version cc with a dot behind": parents("cc" + GOOD[2:] + ".what-the-future-will-be-like"),
    "version ff": parents("ff" + GOOD[2:]),
    "version .0": parents(".0" + GOOD[2:]),
    "version 0.": parents("0." + GOOD[2:]),
    "version 000": parents("0" + GOOD),
    "version 0000": parents("00" + GOOD),
    "version 0": parents(GOOD[1:]),
    "version in capitals": parents("CC" + GOOD[2:]),
    "trace of zeros": parents(f"00-{'0' * 32}-{SPAN}-01"),
    "trace with a dot first": parents(f"00-.{TRACE[1:]}-{SPAN}-01"),
    "trace with a dot last": parents(f"00-{TRACE[:-1]}.-{SPAN}-01"),
    "trace too long": parents(f"00-{TRACE}3-{SPAN}-01"),
    "trace too short": parents(f"00-{TRACE[:-1]}-{SPAN}-01"),
    "trace in capitals": parents(f"00-{'ABCDEF' + TRACE[6:]}-{SPAN}-01"),
    "span of zeros": parents(f"00-{TRACE}-{'0' * 16}-01"),
    "span with a dot first": parents(f"00-{TRACE}-.{SPAN[1:]}-01"),
    "span with a dot last": parents(f"00-{TRACE}-{SPAN[:-1]}.-01"),
    "span too long": parents(f"00-{TRACE}-{SPAN}7-01"),
    "span too short": parents(f"00-{TRACE}-{SPAN[:-1]}-01"),
    "span in capitals": parents(f"00-{TRACE}-ABCDEF{SPAN[6:]}-01"),
    "flags .0": parents(GOOD[:-2] + ".0"),
    "flags 0.": parents(GOOD[:-2] + "0."),
    "flags 001": parents(GOOD[:-2] + "001"),
    "flags 1": parents(GOOD[:-2] + "1"),
    "flags in capitals": parents(GOOD[:-2] + "FF"),
    "digits of another script": parents(GOOD.replace("3", "\u0663")),
    "white space inside": parents(GOOD.replace("-", " -", 1)),
    "endless": parents("cc" + GOOD[2:] + "-" + "x" * 600),
    "state without parent": [("tracestate", "foo=1")],
}

KEPT: dict[str, tuple[Headers, str]] = {
    "both": (states("foo=1,bar=2"), "foo=1,bar=2"),
    "name in capitals": ([*parents(GOOD), ("TRACESTATE", "foo=1")], "foo=1"),
    "empty": (states(""), ""),
    "empty line behind": (states("foo=1", ""), "foo=1"),
    "empty line before": (states("", "foo=1"), "foo=1"),
    "several lines": (states("foo=1,bar=2", "rojo=1,congo=2", "baz=3"), "foo=1,bar=2,rojo=1,congo=2,baz=3"),
    "empty members": (states("foo=1,,bar=2,"), "foo=1,bar=2"),
    "every letter": (states(f"{LETTERS}={ANY}"), f"{LETTERS}={ANY}"),
    "every letter and a vendor": (states(f"{LETTERS}@a-z0-9_-*/={ANY}"), f"{LETTERS}@a-z0-9_-*/={ANY}"),
    "tenant that begins with a digit": (states("0foo@v=1"), "0foo@v=1"),
    "blanks and tabs": (states("foo=1 \t , \t bar=2, \t baz=3"), "foo=1,bar=2,baz=3"),
    "tabs and blanks": (states("foo=1\t \t,\t \tbar=2,\t \tbaz=3"), "foo=1,bar=2,baz=3"),
    "white space around": (states("\t foo=1 \t"), "foo=1"),
    "32 members": (states(*BARS[:32]), ",".join(BARS[:32])),
    "key of 256": (states("foo=1", "z" * 256 + "=1"), "foo=1," + "z" * 256 + "=1"),
    "tenant of 241, vendor of 14": (states("t" * 241 + "@" + "v" * 14 + "=1"), "t" * 241 + "@" + "v" * 14 + "=1"),
    "value of 256": (states("foo=" + "v" * 256), "foo=" + "v" * 256),
}

DROPPED: dict[str, Headers] = {
    "another name": [*parents(GOOD), ("trace-state", "foo=1"), ("trace.state", "foo=1")],
    "key twice": states("foo=1,foo=1"),
    "key twice, other value": states("foo=1,foo=2"),
    "key in two lines": states("foo=1", "foo=1"),
    "33 members": states(*BARS[:33]),
    "key of 257": states("foo=1", "z" * 257 + "=1"),
    "tenant of 242": states("foo=1", "t" * 242 + "@v=1"),
    "vendor of 15": states("foo=1", "t@" + "v" * 15 + "=1"),
    "value of 257": states("foo=1", "bar=" + "v" * 257),
    "blank in key": states("foo =1"),
    "capitals in key": states("FOO=1"),
    "dot in key": states("foo.bar=1"),
    "key that begins with a digit": states("0foo=1"),
    "no vendor": states("foo@=1,bar=2"),
    "no tenant": states("@foo=1,bar=2"),
    "two signs at once": states("foo@@bar=1,bar=2"),
    "two vendors": states("foo@bar@baz=1,bar=2"),
    "no key": states("=1,bar=2"),
    "no value": states("foo=,bar=3"),
    "no sign": states("foo,bar=3"),
    "sign in value": states("foo=bar=baz"),
    "not ascii": states("foo=\u00e4"),
    "endless": states(*(f"k{number}={'v' * 255}" for number in range(32))),
}


@dataclass(frozen=True, slots=True)
class Carried:
    """What the back end was sent, by three calls of one request."""

    parents: list[str]
    state: str

    @property
    def trace(self) -> str:
        (trace,) = {parent.split("-")[1] for parent in self.parents}
        return trace


@pytest.fixture(scope="module")
def edge() -> FastAPI:
    """Every request makes three calls to a back end, which tells what it was sent."""
    app, back_end = FastAPI(), FastAPI()

    @back_end.get("/told")
    async def told(request: Request) -> list[list[str]]:
        return [list(pair) for pair in request.headers.items()]

    @app.get("/")
    async def ask() -> list[list[list[str]]]:
        async with Outbound("erp", url="http://erp.test", transport=ASGITransport(back_end)) as outbound:
            return [await called(outbound) for _ in range(3)]

    async def called(outbound: Outbound) -> list[list[str]]:
        with tracing.span("erp told"):
            answer = await outbound.send(Call(method="GET", path="/told", promise=PROMISE))
        headers: list[list[str]] = orjson.loads(answer.content)
        return headers

    choose_conventions()
    tracing.instrument(app, tracing.start("test"))
    return app


async def carried(edge: FastAPI, headers: Headers) -> Carried:
    raw = [(name.encode(), value.encode()) for name, value in headers]
    async with AsyncClient(transport=ASGITransport(edge), base_url="http://test") as http:
        answer = await http.send(httpx2.Request("GET", "http://test/", headers=raw))
    calls: list[list[list[str]]] = answer.json()
    found = [value for call in calls for name, value in call if name == "traceparent"]
    (state,) = {",".join(value for name, value in call if name == "tracestate") for call in calls}
    assert len(set(found)) == len(calls) == 3
    assert all(parent_of([value]) for value in found)
    return Carried(found, state)


@pytest.mark.parametrize("case", CONTINUED)
async def test_a_good_parent_is_continued(edge: FastAPI, case: str) -> None:
    seen = await carried(edge, CONTINUED[case])

    assert seen.trace == TRACE
    assert SPAN not in {parent.split("-")[2] for parent in seen.parents}


@pytest.mark.parametrize("case", BEGUN_ANEW)
async def test_whatever_else_begins_a_new_trace_without_a_state(edge: FastAPI, case: str) -> None:
    seen = await carried(edge, [*BEGUN_ANEW[case], ("tracestate", "old=1")])

    assert seen.trace not in (TRACE, TRACE[:-1] + "1", "0" * 32)
    assert seen.state == ""


@pytest.mark.parametrize("case", KEPT)
async def test_a_good_state_travels_on_in_its_order(edge: FastAPI, case: str) -> None:
    headers, expected = KEPT[case]

    seen = await carried(edge, headers)

    assert (seen.trace, seen.state) == (TRACE, expected)


@pytest.mark.parametrize("case", DROPPED)
async def test_a_bad_state_is_dropped_whole_and_the_trace_goes_on(edge: FastAPI, case: str) -> None:
    seen = await carried(edge, DROPPED[case])

    assert (seen.trace, seen.state) == (TRACE, "")


@pytest.mark.parametrize("flags", ["00", "01", "02", "ff"])
async def test_whether_the_caller_records_is_not_our_affair(edge: FastAPI, flags: str) -> None:
    seen = await carried(edge, parents(GOOD[:-2] + flags))

    assert {int(parent[-2:], 16) & 1 for parent in seen.parents} == {0}  # here nothing is exported


async def test_nothing_that_cannot_be_read_is_written_into_the_log(edge: FastAPI, lines: BytesIO) -> None:
    for headers in (*BEGUN_ANEW.values(), *DROPPED.values(), states("canary canary")):
        await carried(edge, headers)

    assert lines.getvalue() == b""
