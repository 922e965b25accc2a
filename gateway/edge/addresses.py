"""Whose request it is: the peer's address, or the one that a proxy which we trust names; nobody else is believed."""

import ipaddress
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.edge.fields import combined

Networks = Sequence[IPv4Network | IPv6Network]


class ClientAddress:
    """Puts the client's address in the proxy's place, for proxies that we trust.

    The one word believed is the last address of `X-Forwarded-For`: that one the proxy itself has seen. No scheme and
    no host is taken from anybody.
    """

    def __init__(self, app: ASGIApp, *, trusted: Networks) -> None:
        self.app = app
        self.trusted = trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self.trusted and scope.get("client"):
            peer = scope["client"][0]
            if belongs(peer, self.trusted) and (client := _last(combined(scope["headers"], b"x-forwarded-for"))):
                scope["client"] = (str(client), 0)
        await self.app(scope, receive, send)


def belongs(address: str, networks: Networks) -> bool:
    read = _read(address)
    return read is not None and any(read in network for network in networks)


def network(address: str) -> str:
    """What is counted as one: one host has one IPv4 address, but a whole /64 of IPv6."""
    if ":" not in address:
        return address
    read = _read(address)
    if not isinstance(read, IPv6Address):
        return str(read or address)
    return str(IPv6Network((int(read) >> 64 << 64, 64)))


def _last(forwarded: str | None) -> IPv4Address | IPv6Address | None:
    return _read(forwarded.rpartition(",")[2].strip(" \t")) if forwarded else None


def _read(address: str) -> IPv4Address | IPv6Address | None:
    """The address, without its zone; one of IPv4 in IPv6's clothes as what it is."""
    try:
        read = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return read.ipv4_mapped or read if isinstance(read, IPv6Address) else read
