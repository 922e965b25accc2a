"""What came back and what it was found to be, by whoever counts; and returns of which nothing shall come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import orjson

from gateway.context import Answer, Call
from gateway.domain.identifiers import Mint
from gateway.domain.inventory import InventoryPolicy
from gateway.domain.returns import ReturnState
from gateway.refusals import Conflict, Fault, Invalid, NaturalKeyConflict
from gateway.resources.answers import JSON, content_hash, hand_of
from gateway.resources.once import Done, once
from gateway.resources.returns.schemas import InspectionTold, ReceiptTold
from gateway.resources.returns.views import seen, told
from gateway.store import return_counts
from gateway.store.accept import order_locked
from gateway.store.pool import Connection, Database
from gateway.store.return_counts import Counted, Document, Looked
from gateway.store.returns import StoredReturn, move_return
from gateway.store.signals import Signal, signal
from gateway.store.sources import nodes_known
from gateway.store.views import Hearing

_AHEAD = "is ahead of our clock"


@dataclass(frozen=True, slots=True)
class Counting:
    database: Database
    inventory: InventoryPolicy
    mint: Mint

    async def receive(self, call: Call) -> Answer:
        return await once(self.database, call, partial(self._receive, call), mint=self.mint)

    async def _receive(self, call: Call, connection: Connection) -> Done:
        found = await self._locked(connection, call)
        about, body = found.told, call.body
        lines = _known_lines(found, body["lines"])
        document = await _document(connection, call, body["receipt_id"], body.get("received_at"))
        known = await return_counts.known_receipt(connection, document.node_id, document.number)
        if known is not None:
            return _receipt(call, _same(call, known))
        if about.state is ReturnState.AUTHORISED:
            counted = [_counted(each) for each in body["lines"]]
            await return_counts.receive(connection, about, counted, document, hand_of(call, self.mint))
            return _receipt(call, about.return_id)
        came = [{"sku": lines[each["line_id"]], "quantity": int(each["received"])} for each in body["lines"]]
        evidence = {"return_id": about.return_id, "order_id": about.order_id, "status": about.status, "lines": came}
        aside = Document(document.node_id, document.number, document.content_hash, {"lines": came}, document.at)
        await return_counts.put_aside(connection, aside, hand_of(call, self.mint), evidence=evidence)
        return _receipt(call, None)

    async def unannounced(self, call: Call) -> Answer:
        return await once(self.database, call, partial(self._unannounced, call), mint=self.mint)

    async def _unannounced(self, call: Call, connection: Connection) -> Done:
        document = await _document(connection, call, call.body["receipt_id"], call.body.get("received_at"))
        known = await return_counts.known_receipt(connection, document.node_id, document.number)
        if known is not None:
            return _receipt(call, _same(call, known))
        evidence = {name: call.body[name] for name in ("node_id", "lines", "label") if name in call.body}
        await return_counts.put_aside(connection, document, hand_of(call, self.mint), evidence=evidence)
        return _receipt(call, None)

    async def inspect(self, call: Call) -> Answer:
        return await once(self.database, call, partial(self._inspect, call), mint=self.mint)

    async def _inspect(self, call: Call, connection: Connection) -> Done:
        found = await self._locked(connection, call)
        about, body = found.told, call.body
        _known_lines(found, body["lines"])
        document = await _document(connection, call, body["inspection_id"], body.get("inspected_at"))
        known = await return_counts.known_inspection(connection, document.node_id, document.number)
        if known is not None:
            _same(call, known)
        else:
            if about.state is not ReturnState.AUTHORISED:
                raise Conflict(f"the return is {about.status}", effect="none")
            looked = [
                Looked(each["line_id"], int(each["quantity"]), each["outcome"] == "accepted", each["disposition"])
                for each in body["lines"]
            ]
            hearing = Hearing(call.now, self.mint, self.inventory)
            await return_counts.inspect(
                connection, about, looked, document, hearing=hearing, hand=hand_of(call, self.mint)
            )
        view: InspectionTold = {
            "inspection_id": document.number,
            "node_id": document.node_id,
            "return_id": about.return_id,
        }
        return Done(about.return_id, Answer(201, {"content-type": JSON}, orjson.dumps(view)), {})

    async def cancel(self, call: Call) -> Answer:
        return await once(self.database, call, partial(self._cancel, call), mint=self.mint)

    async def _cancel(self, call: Call, connection: Connection) -> Done:
        found = await self._locked(connection, call)
        if found.told.state is not ReturnState.CANCELLED:
            if "cancel" not in found.told.allowed_actions:
                raise Conflict(f"the return is {found.told.status}", effect="none")
            hand, return_id = hand_of(call, self.mint), found.told.return_id
            await move_return(connection, return_id, ReturnState.CANCELLED, hand)
            fact = Signal(hand.mint("sig"), return_id, "cancel", f"{call.caller.kind}:{hand.who}", {})
            await signal(connection, fact, now=hand.now, trace_id=hand.trace_id)
            found = await seen(connection, call)
        return Done(found.told.return_id, told(found), {})

    async def _locked(self, connection: Connection, call: Call) -> StoredReturn:
        """Asked before any lock: how long an answer takes must not tell of another partner's return."""
        found = await seen(connection, call)
        with order_locked():
            await return_counts.lock(connection, found.told)
        return await seen(connection, call)


async def _document(connection: Connection, call: Call, number: str, moment: str | None) -> Document:
    """Raises `Invalid` for a node that there is not, or a moment that has not been."""
    body, faults = call.body, []
    at = call.now if moment is None else datetime.fromisoformat(moment).astimezone(UTC)
    if at > call.now:
        name = "received_at" if "received_at" in body else "inspected_at"
        faults.append(Fault(f"#/{name}", "clock_skew", _AHEAD))
    if not await nodes_known(connection, {body["node_id"]}):
        faults.append(Fault("#/node_id", "unknown_node", "there is no such node"))
    if faults:
        raise Invalid("this cannot be what it says", faults=tuple(faults))
    return Document(body["node_id"], number, content_hash(call), body, at)


def _known_lines(found: StoredReturn, asked: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The SKU of each line. Raises `Invalid` for one that the return does not have."""
    lines = {line.line_id: line.sku for line in found.told.lines}
    faults = [
        Fault(f"#/lines/{index}/line_id", "unknown_line", "the return has no such line")
        for index, each in enumerate(asked)
        if each["line_id"] not in lines
    ]
    if faults:
        raise Invalid("the return has no such lines", faults=tuple(faults))
    return lines


def _counted(line: Mapping[str, Any]) -> Counted:
    """3.0 is an integer to JSON Schema, hence the conversion."""
    return Counted(line["line_id"], int(line["received"]), int(line.get("missing", 0)))


def _same(call: Call, known: tuple[bytes, str | None]) -> str | None:
    """Which return it is of. Raises `NaturalKeyConflict` when what was told then was something else."""
    said, return_id = known
    about = call.path_parameters.get("return_id")
    if said != content_hash(call) or (about and return_id and about != return_id):
        raise NaturalKeyConflict("this node has told something else under this number", effect="none")
    return return_id


def _receipt(call: Call, return_id: str | None) -> Done:
    body = call.body
    view: ReceiptTold = {
        "receipt_id": body["receipt_id"],
        "node_id": body["node_id"],
        "matched": return_id is not None,
    }
    if return_id is not None:
        view["return_id"] = return_id
    about = return_id or f"{body['node_id']}:{body['receipt_id']}"
    return Done(about, Answer(201, {"content-type": JSON}, orjson.dumps(view)), {})
