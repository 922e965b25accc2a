"""The way to the route: which operation this is has been found out, and nobody needs to find it a second time."""

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.context import call_of

Function = Callable[[Request], Awaitable[Response]]


class Dispatch:
    """Calls the operation's function; for functions that ask FastAPI for more than the request, FastAPI does."""

    def __init__(self, app: ASGIApp, *, functions: Mapping[str, Function]) -> None:
        self.app = app
        self.functions = functions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        operation = call_of(scope).operation if scope["type"] == "http" else None
        function = self.functions.get(operation.id) if operation else None
        if function is None:
            await self.app(scope, receive, send)
            return

        response = await function(Request(scope, receive))
        await response(scope, receive, send)


def functions_of(routers: Iterable[APIRouter]) -> dict[str, Function]:
    """Operation id -> function, of every route that names its operation and takes the request alone."""
    return {
        route.operation_id: route.endpoint
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute) and route.operation_id and _takes_only_request(route)
    }


def _takes_only_request(route: APIRoute) -> bool:
    return not route.dependencies and list(inspect.signature(route.endpoint).parameters) == ["request"]
