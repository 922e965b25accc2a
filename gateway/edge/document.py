"""One voice for everything that goes wrong: an error becomes a problem document (RFC 9457)."""

from typing import Any
from urllib.parse import quote

import orjson
from starlette.types import Scope

from gateway.context import Call
from gateway.errors import GatewayError, Misconfigured
from gateway.refusals import Refused

MEDIA_TYPE = "application/problem+json"

_SECRETIVE = "Something unexpected happened. It is logged under this request id."
_LONGEST = 1024


def known(error: Exception) -> GatewayError:
    """What a caller may learn of *error*: ours as it is, anybody else's as a fault of ours without its text."""
    if isinstance(error, GatewayError) and not isinstance(error, Misconfigured):
        return error
    return GatewayError(_SECRETIVE)


def title(kind: type[GatewayError]) -> str:
    return (kind.__doc__ or "").strip().splitlines()[0]


def address_of(public: str, code: str) -> str:
    return f"{public}/problems/{code}"


def instance_of(path: str) -> str:
    return quote(path)[:_LONGEST]


def problem(error: GatewayError, scope: Scope, call: Call | None, *, public: str) -> bytes:
    members: dict[str, Any] = {
        "type": address_of(public, error.code),
        "title": title(type(error)),
        "status": error.status,
        "detail": _SECRETIVE if error.status == 500 else error.detail,  # what broke inside is for the log
        "instance": instance_of(scope["path"]),
        "code": error.code,
        "retryable": error.retryable,
    }
    if call is not None:
        members |= {"trace_id": call.trace_id, "request_id": call.request_id}
    if effect := _effect(error, call):
        members["effect"] = effect
    if isinstance(error, Refused):
        if error.faults:
            members["errors"] = [
                {"pointer": fault.pointer, "code": fault.code, "detail": fault.detail} for fault in error.faults
            ]
        members = {**error.facts, **members}  # a fact never takes the place of a member
    return orjson.dumps(members, default=str)


def _effect(error: GatewayError, call: Call | None) -> str | None:
    if error.effect is not None:
        return error.effect
    return call.effect if call is not None and call.effect != "none" and error.status >= 500 else None
