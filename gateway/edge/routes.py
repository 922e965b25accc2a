"""What the edge itself answers: the catalogue of problems, and whether the process lives and can work."""

from typing import Any

import orjson
from fastapi import APIRouter, Request, Response

from gateway.edge.accept import prefers
from gateway.edge.pages import entries, page_of, page_of_all
from gateway.refusals import NotFound
from gateway.store.pool import Database


def edge_routes(database: Database, *, public: str) -> APIRouter:
    router = APIRouter(tags=["platform"])
    known = entries(public)

    @router.get("/problems")
    async def list_problems(request: Request) -> Response:
        """Every problem this API can answer with."""
        return _answer(request, {"problems": list(known.values())}, page_of_all(known))

    @router.get("/problems/{code}")
    async def show_problem(request: Request, code: str) -> Response:
        """What a problem means and what to do about it."""
        entry = known.get(code)
        if entry is None:
            raise NotFound("there is no problem of that code")
        return _answer(request, entry, page_of(entry))

    @router.get("/healthz")
    async def report_liveness() -> Response:
        """The process is alive."""
        return _json({"status": "alive"}, caching="no-store")

    @router.get("/readyz")
    async def report_readiness() -> Response:
        """The process can do its work: the database answers."""
        await database.answers()
        return _json({"status": "ready"}, caching="no-store")

    return router


def _answer(request: Request, entry: dict[str, Any], page: str) -> Response:
    accept = ", ".join(request.headers.getlist("accept")) or "*/*"
    if not prefers(accept, "text/html", to="application/json"):
        return _json(entry, caching="public, max-age=3600")
    policy = {"content-security-policy": "default-src 'none'", "cache-control": "public, max-age=3600"}
    return Response(page, media_type="text/html", headers={**policy, "vary": "accept"})


def _json(value: object, *, caching: str) -> Response:
    return Response(
        orjson.dumps(value), media_type="application/json", headers={"cache-control": caching, "vary": "accept"}
    )
