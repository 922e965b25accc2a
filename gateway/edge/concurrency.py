"""How many requests of one partner and of one operation are worked on at once."""

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.context import Call, call_of
from gateway.edge.fields import Headers, single
from gateway.edge.places import PLACE, Place, Places


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
        assert call.operation is not None, "the operation stage has run"
        place: Place = scope.get(PLACE) or self.places.enter(call.operation.id)
        try:
            self._count_partner(place, call, scope["headers"])
            call.resting = place.resting
            await self.app(scope, receive, send)
        finally:
            place.leave()

    def _count_partner(self, place: Place, call: Call, headers: Headers) -> None:
        who = call.principal
        if who is None or who.partner is None or place.partner == who.partner:
            return
        limit = self.places.admission.of_partner(who.plan)
        if credential := single(headers, b"authorization"):
            self.places.remember(credential.encode("latin-1"), who.partner, limit)
        place.belong_to(who.partner, limit)
