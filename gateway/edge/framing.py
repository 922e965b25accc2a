"""Where a request ends must not be a matter of opinion. The parser is strict; this closes the gaps it leaves."""

from gateway.edge.fields import Headers

UPGRADE = "the protocol of a connection is not changed here: leave out 'Upgrade', and do not ask for a tunnel"
TOO_MANY_AHEAD = "wait for answers before sending more requests"

_VERSION = "HTTP/1.1 is spoken, and HTTP/1.0"
_FRAGMENT = "the request target has a fragment: leave out '#' and what follows"
_HOST = "exactly one Host field is needed"
_CODING = "'Transfer-Encoding: chunked' is taken, alone, once and in HTTP/1.1"


def fault(version: str, target: bytes, headers: Headers) -> str | None:
    """What is wrong with a head that could be read in two ways, or None."""
    if version not in ("1.1", "1.0"):
        return _VERSION
    if b"#" in target:
        return _FRAGMENT
    hosts, codings = 0, []
    for name, value in headers:
        if name == b"host":
            hosts += 1
        elif name == b"transfer-encoding":
            codings.append(value.lower())
    if hosts != 1 and (hosts or version == "1.1"):
        return _HOST
    if codings and (codings != [b"chunked"] or version == "1.0"):
        return _CODING
    return None
