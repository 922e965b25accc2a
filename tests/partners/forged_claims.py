"""Forged claims: whose it is, whom it is for, and when it counts; each value a step away from the right one."""

import json
from collections.abc import Iterator

from tests.partners.forger import ABSENT, Forger, shown

Forgeries = Iterator[tuple[str, str]]


def claims(f: Forger, canary: str) -> Forgeries:
    odd = (ABSENT, None, "", 0, -1, 1.5, True, [], [""], {}, {"a": 1}, "x" * 257)
    for name in ("iss", "aud", "sub", "client_id", "jti"):
        for value in odd:
            yield f"{name} {shown(value)}", f.with_claims(**{name: value})
    for value in (ABSENT, None, 0, True, [], ["orders:read"], {}):
        yield f"scope {shown(value)}", f.with_claims(scope=value)
    for name in ("iss", "aud"):
        for value in _addresses(f.address, canary):
            yield f"{name} {shown(value)}", f.with_claims(**{name: value})
    for value in ([f.address], [f.address, f.address]):
        yield f"iss {shown(value)}", f.with_claims(iss=value)
    for value in (
        [f.address, 1],
        [f.address, None],
        [f.address, [f.address]],
        [[f.address]],
        {f.address: 1},
        ["x", "y"],
    ):
        yield f"aud {shown(value)}", f.with_claims(aud=value)
    for other in ("client_2", f.client_id.upper(), f.client_id + " ", f.client_id + "\0", "*", "%"):
        yield f"sub {shown(other)}", f.with_claims(sub=other)
        yield f"client_id {shown(other)}", f.with_claims(client_id=other)
        yield f"sub and client_id {shown(other)}", f.with_claims(sub=other, client_id=other)
        yield f"azp {shown(other)}", f.with_claims(azp=other)
    for roles in (None, "", "admin", ["admin"], [], {}, [1], [""], ["x" * 257], 1, True):
        yield f"roles {shown(roles)}", f.with_claims(roles=roles)
        yield f"roles {shown(roles)} and sub", f.with_claims(roles=roles, sub="ada")
    for bound in ({"jkt": "A" * 43}, {"x5t#S256": "A" * 43}, {}, None):
        yield f"cnf {shown(bound)}", f.with_claims(cnf=bound)


def _addresses(ours: str, canary: str) -> Iterator[str]:
    yield from (
        canary,
        ours + "/",
        ours + "//",
        ours + ".",
        ours + " ",
        " " + ours,
        ours + "\0",
        ours + "#",
        ours + "?",
    )
    yield from (
        ours.upper(),
        ours.title(),
        ours.replace("https", "http"),
        ours + ":443",
        ours + "/v1",
        ours + ".evil.test",
    )
    yield from (
        ours.replace("://", "://x@"),
        ours.replace("e", "е"),
        ours.replace("gateway", "gatewaÿ"),
        ours[:-1],
        "*",
    )


def times(f: Forger) -> Forgeries:
    now = f.second
    odd = (
        ABSENT,
        None,
        "",
        "0",
        True,
        False,
        [],
        {},
        -1,
        -now,
        2**53,
        2**63,
        2**64,
        10**400,
        str(now + 60),
        f"{now + 60}",
    )
    for name in ("iat", "exp"):
        for value in odd:
            yield f"{name} {shown(value)}", f.with_claims(**{name: value})
    for value in odd[1:]:
        yield f"nbf {shown(value)}", f.with_claims(nbf=value)
    for delta in (0, -1, -30, -31, -900, -(10**6)):
        yield f"exp {delta:+}", f.with_claims(exp=now + delta)
    for value in (now + 60.5, now + 60.0, 1e300):
        yield f"exp {value}", f.with_claims(exp=value)
    for delta in (31, 60, 900, 10**6):
        yield f"iat {delta:+}", f.with_claims(iat=now + delta, exp=now + delta + 900)
        yield f"nbf {delta:+}", f.with_claims(nbf=now + delta)
    for delta in (901, 3600, 10**9):
        yield f"lives for {delta} s", f.with_claims(exp=now + delta)
    for text in ("1e3000", "0x7fffffff", f"+{now + 60}", f"0{now + 60}", f"{now + 60}.", f"{now + 60}e0"):
        spelt = json.dumps(f.claims).replace(f'"exp": {now + 900}', f'"exp": {text}')
        yield f"exp written {text}", f.written(json.dumps(f.header), spelt)
