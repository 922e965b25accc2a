"""How uvicorn is run: with our protocol, without what it does on its own."""

import resource
from dataclasses import dataclass
from typing import Any

import structlog
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.edge.addresses import Networks
from gateway.edge.door import Door
from gateway.server.crowd import MOST_BEYOND, MOST_CONNECTIONS, MOST_FROM_ONE, YOUTH, Crowd
from gateway.server.protocol import HEAD_PATIENCE, TAKE_PATIENCE, BoundedProtocol, Terms
from gateway.server.voice import Count, Voice, uncounted

FILES = 256  # open files beside connections: the database, logs, libraries
DRAIN = 8  # seconds for requests under way when told to stop

log = structlog.get_logger("omnigate.access")


@dataclass(frozen=True, slots=True)
class Served:
    """An app, and the terms on which this process serves it: the protocol finds them here."""

    app: ASGIApp
    terms: Terms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


def terms(
    *,
    public: str,
    door: Door,
    patience: float = HEAD_PATIENCE,
    taking: float = TAKE_PATIENCE,
    connections: int = MOST_CONNECTIONS,
    beyond: int = MOST_BEYOND,
    from_one: int = MOST_FROM_ONE,
    youth: float = YOUTH,
    trusted: Networks = (),
    not_taken: Count = uncounted,
) -> Terms:
    crowd = Crowd(most=connections, beyond=beyond, most_from_one=from_one, youth=youth, trusted=trusted)
    return Terms(Voice(public, not_taken), door, crowd, patience=patience, taking=taking)


def options(**where: Any) -> dict[str, Any]:
    """How uvicorn runs what is `Served`; *where* it listens is the caller's to say."""
    return {
        "http": BoundedProtocol,
        "limit_concurrency": None,  # crowd and door say so, in our own voice
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "date_header": True,
        "proxy_headers": False,  # a stage of ours believes one word of the proxies that we trust
        "ws": "none",
        "timeout_graceful_shutdown": DRAIN,
        **where,
    }


def allow_open_files(wanted: int = MOST_CONNECTIONS + MOST_BEYOND + FILES) -> None:
    """Ask the system for as many as we may need: what it refuses is accepted, and then cut off without a word."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed < wanted:
        log.warning("too_few_open_files", allowed=allowed, wanted=wanted)


def serve(served: Served, *, host: str, port: int) -> None:
    """Serve until told to stop, then finish what is under way."""
    allow_open_files()
    uvicorn.run(served, **options(host=host, port=port))
