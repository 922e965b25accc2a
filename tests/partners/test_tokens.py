"""What we issue we take back, for as long as it lives. What we refuse stands in test_forged_tokens.py."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from gateway.domain.identifiers import mint
from gateway.partners.keys import SigningKeys
from gateway.partners.tokens import LIFETIME, Tokens
from gateway.refusals import InvalidToken

ADDRESS = "https://gateway.example"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class Drawer:
    """Keeps secrets as the database does, for a key that is made once for this file."""

    async def get_or_create(self, name: str, make: Callable[[], bytes]) -> bytes:
        return make()


@pytest.fixture(scope="module")
def keys() -> SigningKeys:
    made = SigningKeys(Drawer())  # type: ignore[arg-type]
    asyncio.run(made.load())
    return made


def test_a_token_is_good_for_its_lifetime_and_no_second_longer(keys: SigningKeys) -> None:
    tokens = Tokens(keys, address=ADDRESS, mint=mint)
    token = tokens.issue("client_1", frozenset({"orders:read", "orders:write"}), now=NOW)

    claims = tokens.read(token, now=NOW + timedelta(seconds=LIFETIME - 1))

    assert claims.scopes == {"orders:read", "orders:write"}
    with pytest.raises(InvalidToken, match="expired"):
        tokens.read(token, now=NOW + timedelta(seconds=LIFETIME))


def test_the_published_keys_hold_nothing_private(keys: SigningKeys) -> None:
    (key,) = keys.public()["keys"]

    assert key.keys() == {"kty", "crv", "x", "y", "kid", "use", "alg"}
