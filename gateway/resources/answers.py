"""What the resources' answers have in common, and from the call to what it may see."""

import hashlib
from typing import Any

import orjson

from gateway.context import Answer, Call
from gateway.domain.access import Allow
from gateway.domain.documents import differing
from gateway.domain.identifiers import Mint
from gateway.refusals import Fault, NaturalKeyConflict
from gateway.resources.preconditions import etag_of
from gateway.store.hands import Hand

JSON = "application/json"
_MOST_FAULTS = 100


def whose(call: Call) -> str | None:
    """The partner whose resources the policy lets the caller see; None: everybody's."""
    decision = next((d for d in reversed(call.decisions) if isinstance(d, Allow)), None)
    return None if decision is not None and decision.reach == "all" else call.caller.partner or ""


def at_version(version: int, view: object) -> Answer:
    """How something stands, and the version of it that a change has to name."""
    return Answer(200, {"content-type": JSON, "etag": etag_of(version)}, orjson.dumps(view))


def content_hash(call: Call) -> bytes:
    """SHA-256 of the canonical body: what a natural key stands for."""
    assert call.canonical is not None, "the idempotency stage has run"
    return hashlib.sha256(call.canonical).digest()


def key_taken(call: Call, known: Any, detail: str, *, first: str) -> NaturalKeyConflict:
    """The refusal of a natural key under which something else is *known*: *detail*, and where the body differs, as in
    "not what *first*"; known is None where that is not the caller's to know."""
    pointers = [] if known is None else list(differing(known, call.body))[:_MOST_FAULTS]
    faults = tuple(Fault(pointer, "differs", f"not what {first}") for pointer in pointers)
    return NaturalKeyConflict(detail, faults=faults, effect="none")


def hand_of(call: Call, mint: Mint) -> Hand:
    return Hand(call.caller.account or call.caller.subject, call.now, call.trace_id, mint)
