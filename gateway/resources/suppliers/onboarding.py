"""From the first talk with a supplier to the last order: made, linked to a partner, certified, approved, let go."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

import orjson

from gateway.approval_refusals import SelfApprovalForbidden
from gateway.context import Answer, Call
from gateway.domain.identifiers import Mint
from gateway.domain.money import is_currency
from gateway.domain.suppliers import SupplierStatus, Trigger, has_check_digit, may_move
from gateway.refusals import Conflict, Fault, Invalid
from gateway.resources.answers import JSON, content_hash, hand_of, key_taken
from gateway.resources.once import Done, once
from gateway.resources.suppliers.schemas import SupplierReceipt
from gateway.resources.suppliers.views import refuse_unless_expected, seen_supplier, told_supplier
from gateway.store import suppliers
from gateway.store.accept import order_locked
from gateway.store.pool import Connection, Database
from gateway.store.sources import has_partner
from gateway.store.suppliers import Supplier

Change = Callable[[Connection, Supplier], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Onboarding:
    database: Database
    public: str
    mint: Mint

    async def create(self, call: Call) -> Answer:
        return await once(self.database, call, partial(self._create, call), mint=self.mint)

    async def _create(self, call: Call, connection: Connection) -> Done:
        body = call.body
        _refuse_impossible(call)
        known = await suppliers.known_code(connection, body["code"])
        if known is not None:
            supplier_id, said, document = known
            if said != content_hash(call):
                detail = "the supplier of this code exists and says something else"
                raise key_taken(call, document, detail, first="made it")
            return self._made(call, supplier_id, replayed=True)
        if "partner_id" in body:
            await _refuse_partner(connection, body["partner_id"])
        supplier_id = self.mint("sup")
        await suppliers.make_supplier(connection, supplier_id, body, content_hash(call), hand_of(call, self.mint))
        return self._made(call, supplier_id)

    def _made(self, call: Call, supplier_id: str, *, replayed: bool = False) -> Done:
        receipt: SupplierReceipt = {"supplier_id": supplier_id, "code": call.body["code"], "status": "prospect"}
        location = f"{self.public}/v1/suppliers/{supplier_id}"
        headers = {"content-type": JSON, "location": location, "etag": '"1"'}
        return Done(supplier_id, Answer(201, headers, orjson.dumps(receipt), replayed=replayed))

    async def link(self, call: Call, *, if_match: Sequence[str]) -> Answer:
        return await self._change(call, if_match, partial(self._link, call))

    async def _link(self, call: Call, connection: Connection, found: Supplier) -> None:
        partner_id = call.body["partner_id"]
        if found.partner_id == partner_id:
            return
        if found.partner_id is not None:
            raise Conflict("another partner acts for this supplier already", effect="none")
        await _refuse_partner(connection, partner_id)
        await suppliers.link(connection, found.supplier_id, partner_id, hand_of(call, self.mint))

    async def set_capabilities(self, call: Call, *, if_match: Sequence[str]) -> Answer:
        return await self._change(call, if_match, partial(self._set_capabilities, call))

    async def _set_capabilities(self, call: Call, connection: Connection, found: Supplier) -> None:
        if found.status is SupplierStatus.OFFBOARDED:
            raise Conflict("the supplier is offboarded", effect="none")
        can = call.body["capabilities"]
        await suppliers.set_capabilities(connection, found.supplier_id, can, hand_of(call, self.mint))

    async def move(self, call: Call, *, if_match: Sequence[str]) -> Answer:
        after = SupplierStatus(call.body["status"])
        return await self._change(call, if_match, partial(self._move, call, after, "move"))

    async def approve(self, call: Call, *, if_match: Sequence[str]) -> Answer:
        return await self._change(call, if_match, partial(self._move, call, SupplierStatus.ACTIVE, "approve"))

    async def _move(
        self, call: Call, after: SupplierStatus, trigger: Trigger, connection: Connection, found: Supplier
    ) -> None:
        if found.status is after:
            return
        if not may_move(found.status, after, trigger):
            raise Conflict(f"a supplier that is {found.status} does not become {after} so", effect="none")
        if trigger == "approve":
            _refuse_approval(call, found)
        await suppliers.move_supplier(connection, found.supplier_id, after, hand_of(call, self.mint))

    async def _change(self, call: Call, if_match: Sequence[str], change: Change) -> Answer:
        async def do(connection: Connection) -> Done:
            await seen_supplier(connection, call)  # before any lock: how long it takes tells nothing of another's
            with order_locked():
                await suppliers.lock_supplier(connection, call.path_parameters["supplier_id"])
            found = await seen_supplier(connection, call)
            refuse_unless_expected(found.version, if_match, called="supplier")
            await change(connection, found)
            facts = {name: call.body[name] for name in ("reason", "status") if name in call.body}
            return Done(found.supplier_id, told_supplier(await seen_supplier(connection, call)), facts)

        return await once(self.database, call, do, mint=self.mint)


def _refuse_approval(call: Call, found: Supplier) -> None:
    """Whoever made it, or says that it is certified, does not let it in; nor does anybody before a partner acts for
    it."""
    if call.caller.account in (found.made_by, found.moved_by):
        detail = "whoever made a supplier, or says that it is certified, does not approve of it"
        raise SelfApprovalForbidden(detail, effect="none")
    if found.partner_id is None:
        raise Conflict("no partner acts for this supplier; link it to one first", effect="none")


def _refuse_impossible(call: Call) -> None:
    faults, body = [], call.body
    if not is_currency(body["currency"]):
        faults.append(Fault("#/currency", "unknown_currency", "is not a currency of ISO 4217"))
    if "gln" in body and not has_check_digit(body["gln"]):
        faults.append(Fault("#/gln", "wrong_check_digit", "its last digit does not fit the others"))
    if faults:
        raise Invalid("the supplier cannot be what it says", faults=tuple(faults))


async def _refuse_partner(connection: Connection, partner_id: str) -> None:
    if not await has_partner(connection, partner_id):
        fault = Fault("#/partner_id", "unknown_partner", "there is no such partner; add it first")
        raise Invalid("the supplier cannot be what it says", faults=(fault,))
    if not await suppliers.partner_is_free(connection, partner_id):
        raise Conflict("this partner acts for another supplier", effect="none")
