"""Who plays a role is the settings' to say; what they leave open stops the process."""

import pytest

from adapters.rest.payments import RestPayments
from adapters.stripe.payments import StripePayments
from gateway.back_ends import back_ends
from gateway.errors import Misconfigured
from gateway.settings import Settings


@pytest.mark.parametrize(
    ("given", "expected"),
    [({}, RestPayments), ({"payments": "stripe", "stripe_key": "sk_test_of_no_value"}, StripePayments)],
)
async def test_the_settings_name_who_provides_payments(given: dict[str, str], expected: type) -> None:
    async with back_ends(Settings.model_validate(given)) as connected:
        assert isinstance(connected.payments, expected)


async def test_stripe_without_its_key_is_said_so() -> None:
    with pytest.raises(Misconfigured, match="OMNIGATE_STRIPE_KEY is missing"):
        async with back_ends(Settings.model_validate({"payments": "stripe"})):
            pass


def test_a_key_is_not_shown() -> None:
    assert "sk_live" not in repr(Settings.model_validate({"stripe_key": "sk_live_0123456789"}))
