"""
What policies decide about one request, in the order in which it is asked.

The request path asks a piece at a time, as it learns more; `explain` asks all of them at once. There is no other way to
a decision.
"""

from collections.abc import Iterator
from dataclasses import replace

from gateway.domain.access import Allow, Decision, Deny, Matter
from gateway.domain.operation import Operation
from gateway.domain.principal import Principal
from gateway.governance.access import Access, Facts

REGISTRY = "the registry of partners"  # the place of decisions that no file makes
IMPORT_HISTORY = "orders:import_history"
WAIVE_CODE = "handovers:waive_code"
BESIDES = frozenset({IMPORT_HISTORY, WAIVE_CODE})  # actions that no operation has: asked besides the operation's own

ASKED_ABOUT = frozenset({"place_order"})  # operations whose routes ask about the content
COMMITS = "inventory:commit"
ASKED_TO_COMMIT = frozenset({"reserve_stock", "release_reservation"})  # whose routes ask about firm stock
ASKED_TO_WAIVE = frozenset({"collect_fulfilment"})  # whose routes ask about goods without their code


def standing(status: str | None) -> Decision:
    """May the partner call at all? *status*: as the registry has it; None: nobody of that name."""
    if status == "active":
        return Allow("standing", REGISTRY, about="standing")
    return Deny("standing", REGISTRY, "the client of this token is unknown or suspended", about="standing")


def on_arrival(access: Access, principal: Principal | None, operation: Operation) -> Iterator[Decision]:
    """Before a word of the body is believed. Whoever need not say who it is, is not asked about."""
    if operation.authentication in ("bearer", "signature"):
        assert principal is not None, "the authentication stage has run"
        yield access.decide(Facts.of(principal, operation.action))


def on_content(access: Access, principal: Principal, operation: Operation, matter: Matter) -> Iterator[Decision]:
    """Once the body is known: does it speak for a channel that the caller may speak for, and is it history?"""
    assert operation.id in ASKED_ABOUT, f"explain must know that {operation.id} is asked about"
    if matter.channel is not None:
        spoken_for = Facts.of(principal, operation.action, channel=matter.channel)
        yield replace(access.decide(spoken_for), about="channel")
    if matter.history:
        yield _about_history(access.decide(Facts.of(principal, IMPORT_HISTORY, channel=matter.channel)))


def on_commitment(access: Access, principal: Principal, operation: Operation) -> Iterator[Decision]:
    """Once it is known that stock is promised for good: may the caller move such stock?"""
    assert operation.id in ASKED_TO_COMMIT, f"explain must know that {operation.id} is asked about commitments"
    yield replace(access.decide(Facts.of(principal, COMMITS)), about="commitment")


def on_waiver(access: Access, principal: Principal, operation: Operation) -> Iterator[Decision]:
    """Once it is known that goods shall be handed over without the customer's code: may the caller do that?"""
    assert operation.id in ASKED_TO_WAIVE, f"explain must know that {operation.id} is asked about codes"
    yield replace(access.decide(Facts.of(principal, WAIVE_CODE)), about="waiver")


def _about_history(decision: Decision) -> Decision:
    if isinstance(decision, Allow):
        return replace(decision, about="history")
    return replace(decision, about="history", reason=f"the order is more than 30 days old; {decision.reason}")
