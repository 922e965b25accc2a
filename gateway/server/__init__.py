"""
The edge on a real network: uvicorn, with a bound on what no stage can count because it never becomes a request.

uvicorn's parser takes headers of any size and waits for them for ever. Here a head (or a trailer, or whatever else is
not body) may hold so many bytes and fields unfinished, a connection may be silent for so long or leave our answers
unread for so long, and so many may be open. A head that could be read in two ways is refused, and a process that is
full refuses before it begins.
"""

from gateway.server.run import Served, allow_open_files, options, serve, terms
from gateway.server.supervisor import supervise

__all__ = ["Served", "allow_open_files", "options", "serve", "supervise", "terms"]
