"""What the server says before there is a request: whole answers as bytes, in the voice of the stages."""

from collections.abc import Callable

import structlog
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from gateway.context import Call
from gateway.domain.identifiers import mint
from gateway.domain.time import system_clock
from gateway.edge.document import MEDIA_TYPE, problem
from gateway.edge.door import Written
from gateway.edge.fields import Headers, raw
from gateway.errors import GatewayError

log = structlog.get_logger("omnigate.access")

Count = Callable[[str], None]  # told the code of every request that was refused here


def uncounted(code: str) -> None:
    """For a server that nobody watches."""


class Voice:
    """Refusals of what never became a request."""

    def __init__(self, public: str, not_taken: Count = uncounted) -> None:
        self._public = public
        self._not_taken = not_taken

    def refusal(self, error: GatewayError, *, first: Headers) -> bytes:
        """The last answer of a connection. *first*: the headers that every answer has."""
        call = Call(mint("req"), system_clock())
        self._not_taken(error.code)
        log.info("request_not_taken", status=error.status, code=error.code, request_id=call.request_id)
        body = problem(error, {"path": "/"}, call, public=self._public)
        headers = {
            "content-type": MEDIA_TYPE,
            "content-length": str(len(body)),
            "cache-control": "no-store",
            "connection": "close",
            "x-request-id": call.request_id,
            **error.headers(),
        }
        return STATUS_LINE[error.status] + _lines([*first, *raw(headers)]) + b"\r\n" + body

    def turning_away(self, refusal: Written, path: str, *, first: Headers, stays: bool, has_body: bool) -> bytes:
        """A refusal that was written down before. *stays*: the connection may ask again."""
        last = b"\r\n" if stays else b"connection: close\r\n\r\n"
        lines, body = refusal.filled_in(path)
        return b"".join((STATUS_LINE[refusal.status], _lines(first), lines, last, body if has_body else b""))


def _lines(headers: Headers) -> bytes:
    return b"".join([b"%b: %b\r\n" % field for field in headers])
