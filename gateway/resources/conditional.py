"""Conditional requests, as routes see them: the version that a caller knows, and the one that it expects."""

from fastapi import Request, Response

from gateway.context import Answer
from gateway.resources.answers import JSON
from gateway.resources.preconditions import is_known

_MINE_ALONE = {"cache-control": "private, no-cache"}  # may be kept by the caller, and asked about each time


def fresh_or_known(request: Request, answer: Answer) -> Response:
    """304 when the caller knows this version."""
    headers = {**_MINE_ALONE, "etag": answer.headers["etag"]}
    if is_known(headers["etag"], request.headers.getlist("if-none-match")):
        return Response(None, 304, headers)
    return Response(answer.body, 200, headers, JSON)


def if_match(request: Request) -> list[str]:
    """The lines of that header."""
    return request.headers.getlist("if-match")
