"""How uvicorn is run: with our protocol, without what it does on its own."""

import resource
from functools import partial
from typing import Any

import structlog
import uvicorn
from starlette.types import ASGIApp

from gateway.edge.addresses import Networks
from gateway.edge.door import Door
from gateway.server.crowd import MOST_BEYOND, MOST_CONNECTIONS, MOST_FROM_ONE, Crowd
from gateway.server.protocol import HEAD_PATIENCE, TAKE_PATIENCE, BoundedProtocol, Terms
from gateway.server.voice import Count, Voice, uncounted

FILES = 256  # open files beside connections: the database, logs, libraries
DRAIN = 8  # seconds for requests under way when told to stop

log = structlog.get_logger("omnigate.access")


def options(
    *,
    public: str,
    door: Door,
    patience: float = HEAD_PATIENCE,
    taking: float = TAKE_PATIENCE,
    connections: int = MOST_CONNECTIONS,
    from_one: int = MOST_FROM_ONE,
    trusted: Networks = (),
    not_taken: Count = uncounted,
    **where: Any,
) -> dict[str, Any]:
    """How the edge runs uvicorn; *where* it listens is the caller's to say."""
    crowd = Crowd(most=connections, most_from_one=from_one, trusted=trusted)
    terms = Terms(Voice(public, not_taken), door, crowd, patience=patience, taking=taking)
    return {
        "http": partial(BoundedProtocol, terms=terms),
        "limit_concurrency": None,  # the crowd and the door say so in our own voice
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "date_header": True,
        "proxy_headers": False,  # a stage of ours believes one word of the proxies that we trust
        "ws": "none",
        "timeout_graceful_shutdown": DRAIN,
        **where,
    }


def allow_open_files(wanted: int) -> None:
    """Ask the system for as many as we may need: what it refuses is accepted, and then cut off without a word."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed < wanted:
        log.warning("too_few_open_files", allowed=allowed, wanted=wanted)


def serve(app: ASGIApp, **how: Any) -> None:
    """Serve until told to stop, then finish what is under way. *how*: see `options`."""
    allow_open_files(MOST_CONNECTIONS + MOST_BEYOND + FILES)
    uvicorn.run(app, **options(**how))
