"""
localstripe: somebody else's idea of Stripe, as a process of its own, reached over HTTP on the loopback only.

It writes nothing to disk.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.peers.environment import environment, free_port, serving

# Its own command listens on every interface and keeps its store in a file that anybody may have written.
SERVE = """
import sys
from aiohttp import web
import localstripe.resources
localstripe.resources.Store.dump_to_disk = lambda store: None
from localstripe.server import app
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
"""


@contextmanager
def localstripe() -> Iterator[str]:
    """Its address. Where it cannot be had the test is skipped, loudly; in CI it fails."""
    programs, port = environment("localstripe"), free_port()
    url = f"http://127.0.0.1:{port}"
    with serving([programs / "python", "-c", SERVE, str(port)], url):
        yield url
