"""Back ends of the REST dialect that say what a test has them say."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import orjson
from starlette.requests import Request
from starlette.responses import Response

from adapters.rest import rest_back_ends
from gateway.ports import BackEnds, sending
from tests.adapters.ports.ground import soon

Said = tuple[int, bytes]


def said(body: object, status: int = 200) -> Said:
    return status, orjson.dumps(body)


def no(status: int, code: str) -> Said:
    return said({"code": code, "detail": "because"}, status)


@asynccontextmanager
async def told(*answers: Said) -> AsyncIterator[BackEnds]:
    """Back ends that say this, one answer after the other, the last one again and again."""
    left = list(answers)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await Request(scope, receive).body()
        status, body = left.pop(0) if len(left) > 1 else left[0]
        await Response(body, status)(scope, receive, send)

    transport, url = httpx2.ASGITransport(app), "http://back.end"
    roles = ("payments", "erp", "wms", "store", "carrier", "notifications", "supplier")
    urls: dict[str, Any] = {f"{role}_url": url for role in roles}
    async with rest_back_ends(**urls, stock_changes=True, transport=transport) as back_ends:
        with sending(soon()):
            yield back_ends
