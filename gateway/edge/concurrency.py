"""How many requests of one partner and of one operation are worked on at once."""

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.context import Call, call_of
from gateway.edge.fields import Headers, single
from gateway.edge.places import PLACE, Place, Places, Who
from gateway.errors import Overloaded


class Concurrency:
    """Counts the request for its partner, now that it is known. Takes the place itself where no server of ours has."""

    def __init__(self, app: ASGIApp, *, places: Places) -> None:
        self.app = app
        self.places = places

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        call = call_of(scope)
        place: Place = scope.get(PLACE) or self._place(call)
        try:
            self._count_partner(place, call, scope["headers"])
            call.resting = place.resting
            await self.app(scope, receive, send)
        finally:
            place.leave()

    def _place(self, call: Call) -> Place:
        assert call.operation is not None, "the operation stage has run"
        if (full := self.places.room(call.operation.id)) is not None:
            raise Overloaded(full)
        return Place(self.places, call.operation.id)

    def _count_partner(self, place: Place, call: Call, headers: Headers) -> None:
        partner = call.principal.account if call.principal else None
        if partner is None or place.partner == partner:
            return
        who = Who(partner, self.places.admission.of_partner(call.caller.plan))
        if credential := single(headers, b"authorization"):
            self.places.remember(credential.encode("latin-1"), who)
        place.belong_to(who)
