"""What a back end makes of one call: an answer and the effects it had, or a refusal; and how it reads what was sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


class Refusal(Exception):
    """The call was understood and changed nothing."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail

    def body(self) -> Json:
        return {"code": self.code, "detail": self.detail}


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackFault:
    """What is to go wrong with the callback of a shipment, or all those of a task."""

    kind: str
    delay: float = 0.0
    copies: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request at one operation, read but not judged. `body` is None when it was no JSON object."""

    system: str
    operation: str
    path: str
    subject: str
    body: Json | None
    query: Mapping[str, str]
    key: str | None
    traceparent: str | None
    request_id: str | None
    deadline: float | None
    received_at: float
    address: str = ""
    callback_fault: CallbackFault | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One line of a back end's books."""

    kind: str
    subject: str
    order_id: str | None
    reference: str | None = None
    amount: int | None = None
    currency: str | None = None
    lines: list[Json] | None = None
    data: Json | None = None
    key: str | None = None  # of the call that asked for it, when it comes to pass later


@dataclass(frozen=True, slots=True)
class Answer:
    """What an operation answers, and what it did."""

    status: int
    body: Json
    effect: Effect | None = None


def text(body: Json, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value or len(value) > 255:
        raise Refusal(400, "malformed", f"'{name}' must be a text of 1 to 255 characters")
    return value


def integer(body: Json, name: str, *, least: int = 0) -> int:
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= 2**53 - 1:
        raise Refusal(400, "malformed", f"'{name}' must be an integer of at least {least}")
    return value


def record(body: Json, name: str) -> Json:
    value = body.get(name)
    if not isinstance(value, dict):
        raise Refusal(400, "malformed", f"'{name}' must be an object")
    return value


def money(body: Json, name: str, *, least: int = 0) -> tuple[int, str]:
    value = record(body, name)
    return integer(value, "amount", least=least), currency(value)


def currency(body: Json) -> str:
    code = body.get("currency")
    if not isinstance(code, str) or len(code) != 3 or not code.isupper():
        raise Refusal(400, "malformed", "'currency' must be a code like GBP")
    return code


def lines(body: Json) -> list[Json]:
    value = body.get("lines")
    if not isinstance(value, list) or not value or not all(isinstance(line, dict) for line in value):
        raise Refusal(400, "malformed", "'lines' must be a list of at least one line")
    for line in value:
        text(line, "line_id")
        text(line, "sku")
        integer(line, "quantity", least=1)
    return value


def demand(of_lines: list[Json]) -> dict[str, int]:
    """Units wanted of each SKU, however many lines name it. SKUs compare without case."""
    wanted: dict[str, int] = {}
    for line in of_lines:
        sku = str(line["sku"]).upper()
        wanted[sku] = wanted.get(sku, 0) + int(line["quantity"])
    return wanted
