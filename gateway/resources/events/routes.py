"""Events v1: one operation, a thin way from the call to the feed."""

from fastapi import APIRouter, Request, Response

from gateway.context import call_of
from gateway.resources.answers import JSON
from gateway.resources.events import operations
from gateway.resources.events.feed import EventFeed
from gateway.resources.preferences import wait_preferred


def events(feed: EventFeed, *, public: str) -> APIRouter:
    router = APIRouter(prefix="/v1/events", tags=["events"])

    @router.get("", **operations.LIST_EVENTS)
    async def list_events(request: Request) -> Response:
        wait = wait_preferred(request.headers.getlist("prefer"))
        page, waited = await feed.page(call_of(request.scope), wait, source=public)
        applied = {"preference-applied": wait.applied} if wait is not None and waited else {}
        return Response(page, 200, applied, JSON)

    return router
