"""Reserving: from the call's body to a wish that the trade and the policies let through, and what is read of it."""

import hashlib
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial
from typing import Any

from gateway.context import Answer, Call
from gateway.domain.access import Decision, Deny
from gateway.domain.identifiers import Mint
from gateway.domain.inventory import InventoryPolicy
from gateway.domain.operation import Operation
from gateway.domain.principal import Principal
from gateway.domain.reservations import Allocation, Holder, Kind, Line, Reservation, Wish, breaches
from gateway.errors import GatewayError
from gateway.refusals import Fault, Invalid, Malformed, NotFound, denied
from gateway.resources.answers import JSON, whose
from gateway.resources.inventory.reservation_views import page_of, receipt_of
from gateway.resources.pages import PageTokens
from gateway.resources.preconditions import etag_of
from gateway.store.applications import Application
from gateway.store.pool import Database
from gateway.store.reservation_views import Sought, list_reservations, read_reservation
from gateway.store.reservations import Reservations

Commitment = Callable[[Principal, Operation], Iterable[Decision]]

ABSENT = "there is no such reservation"


def permit(call: Call, kind: Kind, commitment: Commitment) -> None:
    """Raises `Forbidden` unless the caller may move stock that is promised for good, if this is such."""
    if kind == "soft":
        return
    assert call.operation is not None, "the operation stage has run"
    for decision in commitment(call.caller, call.operation):
        call.decisions.append(decision)
        if isinstance(decision, Deny):
            raise denied(decision)


async def reserve(
    call: Call, reservations: Reservations, policy: InventoryPolicy, *, public: str, mint: Mint
) -> Answer:
    outcome = await reservations.reserve(_application(call, _wish(call.body, policy), public=public, mint=mint))
    if isinstance(outcome, GatewayError):
        raise outcome
    return outcome


def _wish(body: Any, policy: InventoryPolicy) -> Wish:
    """The wish in the body. Raises what refuses it, with every fault at once."""
    holder, soft = body["holder"], body["kind"] == "soft"
    seconds = body.get("ttl_seconds", policy.soft_usual * 60 if soft else None)
    lines = (
        Line(
            line["line_id"],
            line["sku"].upper(),
            line["quantity"],
            node_id=line.get("node_id"),
            condition=line.get("condition", "new"),
        )
        for line in body["lines"]
    )
    wish = Wish(
        body["kind"],
        Holder(holder["type"], holder["id"], holder.get("attempt", 1)),
        tuple(lines),
        lasts=timedelta(seconds=seconds) if seconds is not None else None,
        partial=body.get("on_short") == "partial",
    )
    faults = [Fault(*breach) for breach in breaches(wish)]
    if soft and seconds > policy.soft_most * 60:
        faults.append(Fault("#/ttl_seconds", "too_long", f"{policy.soft_most * 60} seconds are allowed"))
    if faults:
        raise Invalid("this cannot be reserved", faults=tuple(faults))
    return wish


def _application(call: Call, wish: Wish, *, public: str, mint: Mint) -> Application:
    assert call.canonical is not None, "the idempotency stage has run"

    def body(reservation: Reservation, allocation: Allocation) -> bytes:
        return receipt_of(reservation, wish, allocation)

    return Application(
        call,
        wish,
        reservation_id=mint("rsv"),
        event_id=mint("evt"),
        audit_id=mint("aud"),
        content_hash=hashlib.sha256(call.canonical).digest(),
        reach=whose(call),
        body=body,
        headers=partial(headers_of, public, version=1),
    )


def headers_of(public: str, reservation_id: str, *, version: int) -> dict[str, str]:
    location = f"{public}/v1/inventory/reservations/{reservation_id}"
    return {"content-type": JSON, "location": location, "etag": etag_of(version)}


async def reservation_of(database: Database, call: Call) -> Reservation:
    reservation_id = call.path_parameters["reservation_id"]
    async with database.connection() as connection:
        found = await read_reservation(connection, reservation_id, partner=whose(call))
    if found is None:
        raise NotFound(ABSENT)
    return found


async def page_of_reservations(database: Database, pages: PageTokens, call: Call) -> bytes:
    type_, id_ = call.query.get("holder_type"), call.query.get("holder_id")
    if (type_ is None) != (id_ is None):
        raise Malformed("holder_type and holder_id come together")
    question = ("list_reservations", call.caller.partner, type_, id_)
    found = partial(list_reservations, database, Sought(whose(call), type_, id_))
    return page_of(*await pages.page(call, question, found, end=lambda row: row.reservation_id))
