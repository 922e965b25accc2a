"""Whose request it is: the peer's, unless a proxy that we trust names somebody else."""

from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import pytest
from httpx2 import ASGITransport, AsyncClient

from gateway.edge.addresses import belongs, network
from gateway.errors import Misconfigured
from gateway.governance.bundle import Bundle
from gateway.settings import Settings, read_settings
from tests.gate import FORM, PUBLIC, Gate, open_gate

PROXY, STRANGER = "10.0.0.7", "203.0.113.9"


@pytest.fixture
async def gate(database_url: str, tmp_path: Path, bundle: Bundle, lines: BytesIO) -> AsyncIterator[Gate]:
    trusted = Settings(trusted_proxies="10.0.0.0/24").trusted_proxies  # type: ignore[arg-type]
    async with open_gate(database_url, tmp_path, bundle=bundle, trusted=trusted) as opened:
        yield opened


async def spent(gate: Gate, *, peer: str, forwarded: str | None) -> None:
    """Everything that an address may get wrong."""
    for _ in range(gate.bundle.quotas.addresses.quota):
        await ask(gate, peer=peer, forwarded=forwarded)


async def ask(gate: Gate, *, peer: str, forwarded: str | None, path: str = "/nowhere") -> int:
    transport = ASGITransport(gate.app, client=(peer, 50_000))
    headers = {} if forwarded is None else {"x-forwarded-for": forwarded}
    async with AsyncClient(transport=transport, base_url=PUBLIC) as http:
        return (await http.get(path, headers=headers)).status_code


ORDER = "/v1/orders/ord_1"  # asks for a token; the guard stands before


@pytest.mark.parametrize(
    ("spends", "asks", "status"),
    [
        ((PROXY, "198.51.100.1"), (PROXY, "198.51.100.1"), 429),
        ((PROXY, "198.51.100.1"), (PROXY, "198.51.100.2"), 401),
        ((PROXY, "198.51.100.1"), (PROXY, "198.51.100.9, 198.51.100.1"), 429),
        ((PROXY, "198.51.100.1"), (PROXY, "198.51.100.1, 198.51.100.9"), 401),
        ((PROXY, "198.51.100.1"), ("198.51.100.1", None), 429),
        ((PROXY, "2001:db8::1"), (PROXY, "2001:db8::2"), 429),
        ((PROXY, "2001:db8::1"), (PROXY, "2001:db8:0:1::1"), 401),
        ((PROXY, "::ffff:198.51.100.1"), (PROXY, "198.51.100.1"), 429),
        (("::ffff:10.0.0.7", "198.51.100.1"), (PROXY, "198.51.100.1"), 429),
        ((PROXY, "no address"), (PROXY, None), 429),
        ((PROXY, ""), (PROXY, "198.51.100.1"), 401),
        ((STRANGER, "198.51.100.1"), (STRANGER, "198.51.100.2"), 429),
        ((STRANGER, "198.51.100.1"), (PROXY, "198.51.100.1"), 401),
        ((STRANGER, "198.51.100.1"), (STRANGER, None), 429),
    ],
)
async def test_the_guard_counts_the_client_whom_a_trusted_proxy_names(
    gate: Gate, spends: tuple[str, str], asks: tuple[str, str | None], status: int
) -> None:
    await spent(gate, peer=spends[0], forwarded=spends[1])

    assert await ask(gate, peer=asks[0], forwarded=asks[1], path=ORDER) == status


async def test_the_token_route_counts_each_client_behind_the_proxy(gate: Gate) -> None:
    transport = ASGITransport(gate.app, client=(PROXY, 50_000))
    async with AsyncClient(transport=transport, base_url=PUBLIC) as http:

        async def token(client: str) -> int:
            headers = {**FORM, "x-forwarded-for": client}
            answer = await http.post("/oauth/token", content="grant_type=client_credentials", headers=headers)
            return answer.status_code

        mine = [await token("198.51.100.1") for _ in range(gate.bundle.quotas.token_route.quota + 1)]
        yours = await token("198.51.100.2")

    assert mine[-1] == 429
    assert yours != 429


@pytest.mark.parametrize("name", ["forwarded", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip"])
async def test_no_other_word_is_believed_of_anybody(gate: Gate, name: str) -> None:
    transport = ASGITransport(gate.app, client=(PROXY, 50_000))
    async with AsyncClient(transport=transport, base_url=PUBLIC) as http:
        for number in range(gate.bundle.quotas.addresses.quota):
            await http.get("/nowhere", headers={name: f"198.51.100.{number % 250}"})
        answer = await http.get(ORDER)

    assert answer.status_code == 429


@pytest.mark.parametrize("name", ["x-forwarded-host", "x-forwarded-proto", "x-forwarded-prefix", "forwarded"])
async def test_neither_host_nor_scheme_is_taken_from_a_proxy(gate: Gate, name: str) -> None:
    transport = ASGITransport(gate.app, client=(PROXY, 50_000))
    async with AsyncClient(transport=transport, base_url=PUBLIC) as http:
        plain = (await http.get("/.well-known/oauth-authorization-server")).content
        told = (await http.get("/.well-known/oauth-authorization-server", headers={name: "host=evil.example"})).content

    assert told == plain


@pytest.mark.parametrize(
    ("value", "mend"),
    [
        ("proxy.internal", "'proxy.internal' is no address: write 10.0.0.5 or 10.1.0.0/24"),
        ("10.0.0.5/24", "write 10.0.0.5 or 10.0.0.0/24"),
        ("0.0.0.0/0", "is everybody: name the proxies"),
        ("10.0.0.1, ::/0", "is everybody: name the proxies"),
        ("*", "'*' is no address"),
        ("10.0.0.1 10.0.0.2", "several with commas"),
    ],
)
def test_a_value_that_makes_no_sense_says_what_would(monkeypatch: pytest.MonkeyPatch, value: str, mend: str) -> None:
    monkeypatch.setenv("OMNIGATE_TRUSTED_PROXIES", value)

    with pytest.raises(Misconfigured) as wrong:
        read_settings()

    assert "OMNIGATE_TRUSTED_PROXIES" in str(wrong.value)
    assert mend in str(wrong.value)


def test_addresses_and_networks_are_named_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMNIGATE_TRUSTED_PROXIES", "10.0.0.5, 10.1.0.0/24,2001:db8::/64")

    trusted = read_settings().trusted_proxies

    inside = ("10.0.0.5", "10.1.0.200", "2001:db8::7", "::ffff:10.0.0.5")
    outside = ("10.0.0.6", "2001:db8:0:1::7", "testclient")
    assert [belongs(address, trusted) for address in inside] == [True] * 4
    assert [belongs(address, trusted) for address in outside] == [False] * 3


def test_one_host_is_counted_as_one() -> None:
    assert network("2001:db8::1%eth0") == network("2001:db8::2") != network("2001:db8:0:1::1")
    assert network("::ffff:192.0.2.1") == network("192.0.2.1") != network("192.0.2.2")
