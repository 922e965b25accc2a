"""What the resources' answers have in common, and from the call to what it may see."""

import hashlib

from gateway.context import Call
from gateway.domain.access import Allow
from gateway.domain.identifiers import Mint
from gateway.store.hands import Hand

JSON = "application/json"


def whose(call: Call) -> str | None:
    """The partner whose resources the policy lets the caller see; None: everybody's."""
    decision = next((d for d in reversed(call.decisions) if isinstance(d, Allow)), None)
    return None if decision is not None and decision.reach == "all" else call.caller.partner or ""


def content_hash(call: Call) -> bytes:
    """SHA-256 of the canonical body: what a natural key stands for."""
    assert call.canonical is not None, "the idempotency stage has run"
    return hashlib.sha256(call.canonical).digest()


def hand_of(call: Call, mint: Mint) -> Hand:
    return Hand(call.caller.account or call.caller.subject, call.now, call.trace_id, mint)
