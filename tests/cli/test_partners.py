"""`omnigate partners add`: who places orders speaks for a channel, and nobody else has to."""

import pytest

from gateway.partners.registry import Credentials
from tests.cli.shell import Shell
from tests.gate import Gate


async def test_a_supplier_is_added_without_a_channel_and_may_call(gate: Gate, shell: Shell) -> None:
    added = await shell("partners add lampworks --scope suppliers:read --scope suppliers:write")
    told = dict(line.split()[:2] for line in added.text.splitlines())

    token = await gate.token(Credentials("lampworks", told["client_id"], told["client_secret"]))
    answer = await gate.http.get("/v1/suppliers", headers={"authorization": f"Bearer {token}"})

    assert (answer.status_code, answer.json()["suppliers"]) == (200, [])


@pytest.mark.parametrize("scopes", ["", "--scope orders:write --scope suppliers:read"])
async def test_whoever_places_orders_speaks_for_a_channel(gate: Gate, shell: Shell, scopes: str) -> None:
    refused = await shell(f"partners add webshop {scopes}")
    taken = await shell(f"partners add webshop --channel web-uk {scopes}")

    assert refused.code == 1
    assert "name one, like --channel webshop" in refused.text
    assert taken.code == 0
