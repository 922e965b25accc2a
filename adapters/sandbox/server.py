"""Serving the sandbox over a real network, where a connection can be cut."""

import socket
import struct

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

KEEP_ALIVE = 75  # longer than any client keeps an idle connection, so that the server never closes under its feet
DRAIN = 2  # what is delayed is done by then; what hangs is cut off
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER of zero seconds: close() sends RST, not FIN


class CuttableProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with `sandbox.reset` among the extensions of each request."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {"sandbox.reset": self._reset}  # type: ignore[dict-item]

    def _reset(self) -> None:
        connection = self.transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self.transport.abort()


def serve(app: Starlette, *, host: str, port: int) -> None:
    """Serve until SIGTERM, then finish what is under way."""
    uvicorn.run(
        app,
        host=host,
        port=port,
        http=CuttableProtocol,
        ws="none",
        lifespan="on",
        access_log=False,
        log_level="warning",
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=DRAIN,
    )
