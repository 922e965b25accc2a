"""`omnigate callbacks` for a system that signs in a manner of its own, and makes its secrets itself."""

import pytest

from tests.cli.shell import Shell
from tests.gate import Gate

FIRST, SECOND = "whsec_the_first_one_0123", "whsec_the_second_one_4567"


async def test_stripes_secret_is_entered_beside_the_one_before(gate: Gate, shell: Shell) -> None:
    first = await shell("callbacks enter stripe", given=f"{FIRST}\n")
    second = await shell("callbacks enter stripe --overlap 1h", given=f"{SECOND}\n")
    shown = await shell("callbacks show stripe")

    assert (first.code, second.code, FIRST in first.text) == (0, 0, False)
    assert shown.text.splitlines() == [SECOND, FIRST]


async def test_a_secret_that_somebody_else_has_is_void(gate: Gate, shell: Shell) -> None:
    await shell("callbacks enter stripe", given=f"{FIRST}\n")
    await shell("callbacks enter stripe --now", given=f"{SECOND}\n")

    assert (await shell("callbacks show stripe")).text.splitlines() == [SECOND]


@pytest.mark.parametrize("secret", ["", "whsec_short", "sk_live_0123456789abcdef", f"{FIRST} {SECOND}"])
async def test_what_can_be_no_secret_is_not_kept(gate: Gate, shell: Shell, secret: str) -> None:
    said = await shell("callbacks enter stripe", given=f"{secret}\n")

    assert (said.code, "a callback secret of 'stripe' is whsec_" in said.text) == (1, True)
    assert (await shell("callbacks show stripe")).code == 1


async def test_a_secret_that_stripe_would_not_know_is_not_made(gate: Gate, shell: Shell) -> None:
    said = await shell("callbacks rotate-secret stripe")

    assert (said.code, "then omnigate callbacks enter stripe" in said.text) == (1, True)
