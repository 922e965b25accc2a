"""Requests about goods that come back: those whose shape is right, mended until they can be so."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from schemathesis import Case

Json = dict[str, Any]
Make = Callable[[int | None], tuple[str, str]]

NODE = "main"
_UNIQUE = {"channel_return_id": 30, "receipt_id": 30, "inspection_id": 30}
_MOMENTS = ("received_at", "inspected_at")


def mend_return(case: Case, make: Make) -> None:
    """In place. *make*: an order whose goods have left, and a return of two of its pieces, of which so many came; one
    that was made before, of which nothing came, will do for what changes nothing."""
    changes = case.method == "POST" and not case.path.endswith("/eligibility")
    order_id, return_id = make((2 if case.path.endswith("/inspections") else 0) if changes else None)
    body = case.body
    if "return_id" in case.path_parameters:
        case.path_parameters["return_id"] = return_id
    case.headers.pop("If-None-Match", None)
    if case.method != "POST" or not isinstance(body, dict):
        return
    for moment in _MOMENTS:
        body.pop(moment, None)  # not ahead of our clock, which no schema can say
    for name, most in _UNIQUE.items():
        if name in body:
            body[name] = body[name][:most] + uuid4().hex
    if "order_id" in body:
        body["order_id"] = order_id
    if "node_id" in body:
        body["node_id"] = NODE
    if "lines" in body:
        body["lines"] = [_line(case.path, body["lines"][0])]


def _line(path: str, line: Json) -> Json:
    """One line of one piece."""
    few = {name: 1 for name in ("quantity", "received") if name in line} | ({"missing": 0} if "missing" in line else {})
    return {**line, **few} | ({} if path.endswith("/unannounced-receipts") else {"line_id": "1"})
